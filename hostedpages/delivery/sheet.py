"""One page version as a notification reads it: its fields, and which of them are personal.

Worked out once for each version. Must never look at an answer.
"""

from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.schema.elements import Field
from hostedpages.schema.form_schema import FormSchema


class Sheet:
    """The schema with its fields in order, each beside its `pii.mask` kind ('' for none)."""

    def __init__(self, schema: FormSchema) -> None:
        self.schema = schema
        self.fields = [(field, personal_kind(field)) for field in schema.fields]


def personal_kind(field: Field) -> str:
    """The `pii.mask` kind of a field that holds personal data, else an empty string.

    Bound fields ask the catalogue. An unbound field whose type can only be bound to personal data
    (an email address, a phone number) counts as well.
    """
    if field.binds_to:
        bound = CONTACT_FIELDS.get(field.binds_to)
        return bound.mask if bound and bound.pii else ""
    could = [CONTACT_FIELDS[key] for key in field.type.can_bind_to if key in CONTACT_FIELDS]
    return could[0].mask if could and all(each.pii for each in could) else ""
