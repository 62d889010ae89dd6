"""The known contact as whom the preview can be looked at.

Must never be stored, and never be a real person's row: the preview shows how a page treats
personal data without showing any.
"""

from hostedpages.models import Contact
from hostedpages.render.known_contact import NOBODY, KnownContact, Treatment, treat
from hostedpages.schema.form_schema import FormSchema

LEVELS = ("hide", "mask", "show")


def treatment_as(schema: FormSchema, level: str) -> Treatment:
    """How the page would treat the sample contact at a PII level; nobody for any other text."""
    if level not in LEVELS:
        return NOBODY
    document = schema.dump()
    options = document.get("options", {}) | {"pii_visibility": level}
    return treat(FormSchema.load(document | {"options": options}), KnownContact(_sample(), ""))


def _sample() -> Contact:
    return Contact(
        first_name="Jordan",
        last_name="Rivera",
        full_name="Jordan Rivera",
        company_name="Rivera Roofing",
        job_title="Owner",
        email="jordan.rivera@example.com",
        cell_phone="+12125550123",
        home_phone="+12125550124",
        address="12 Elm Street",
        city="Albany",
        state="NY",
        zip="12207",
        country="US",
        whiteboard="",
        sms_ok=True,
        deal_size="12500",
        age="41",
        gender="",
        birth_date="1985-04-12",
    )
