"""The catalogue of contact fields that a form field may bind to; the PII flag lives here.

Must never be copied elsewhere: who asks whether a value is personal asks this table.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContactField:
    """One contact field; `type` is the field type proposed for it, `mask` a kind of `pii.mask`."""

    key: str
    label: str
    type: str
    pii: bool = False
    mask: str = ""


_ALL = (
    ContactField("first_name", "First name", "text", pii=True, mask="name"),
    ContactField("last_name", "Last name", "text", pii=True, mask="name"),
    ContactField("full_name", "Full name", "text", pii=True, mask="name"),
    ContactField("company_name", "Company", "text"),
    ContactField("job_title", "Job title", "text"),
    ContactField("email", "Email", "email", pii=True, mask="email"),
    ContactField("cell_phone", "Cell phone", "phone", pii=True, mask="phone"),
    ContactField("home_phone", "Home phone", "phone", pii=True, mask="phone"),
    ContactField("address", "Street address", "text", pii=True, mask="text"),
    ContactField("city", "City", "text"),
    ContactField("state", "State or province", "state"),
    ContactField("zip", "ZIP or postal code", "postal_code", pii=True, mask="text"),
    ContactField("country", "Country", "country"),
    ContactField("whiteboard", "Whiteboard (adds to it)", "textarea"),
    ContactField("sms_ok", "May be texted", "consent"),
    ContactField("deal_size", "Deal size", "currency"),
    ContactField("age", "Age", "number", pii=True, mask="text"),
    ContactField("gender", "Gender", "select", pii=True, mask="text"),
    ContactField("birth_date", "Date of birth", "date", pii=True, mask="text"),
    ContactField("utm_source", "Campaign source (utm_source)", "hidden"),
    ContactField("utm_medium", "Campaign medium (utm_medium)", "hidden"),
    ContactField("utm_campaign", "Campaign name (utm_campaign)", "hidden"),
    ContactField("utm_term", "Campaign term (utm_term)", "hidden"),
    ContactField("utm_content", "Campaign content (utm_content)", "hidden"),
)

CONTACT_FIELDS: dict[str, ContactField] = {each.key: each for each in _ALL}
NAME_FIELDS = frozenset({"first_name", "last_name", "full_name"})
REACH_FIELDS = frozenset({"email", "cell_phone", "home_phone"})


def is_pii(contact_field: str | None) -> bool:
    """Whether what is bound to this contact field is personal data; unbound fields are not."""
    found = CONTACT_FIELDS.get(contact_field or "")
    return found is not None and found.pii
