"""What people fill in on the settings screens. The services check it."""

from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)

from hostedpages.accounts import time_zones
from hostedpages.accounts.forms import NEW_PASSWORD_HELP, StaffForm

ROLES = {
    "owner": ("Owner", "Everything, and other owners."),
    "admin": ("Admin", "Everything but owners."),
    "standard": ("Standard", "Pages, plans, leads and deliveries; no settings."),
    "salesperson": ("Salesperson", "Sees leads and results."),
}


class AccountForm(StaffForm):
    name = StringField("Name", render_kw={"required": True, "maxlength": 120})
    time_zone = SelectField(
        "Time zone",
        description="For the times in lists and mails, and for the steps of plans.",
        choices=time_zones.choices,
        validate_choice=False,
    )
    new_lead_emails = TextAreaField(
        "Addresses told of each new lead",
        description="One a line, at most 10. Users are chosen under Users.",
        render_kw={"rows": 3, "spellcheck": "false"},
    )
    company_address = TextAreaField(
        "Postal address",
        description="Many countries want it below each mail that advertises something.",
        render_kw={"rows": 3, "maxlength": 300, "autocomplete": "street-address"},
    )
    company_phone = StringField(
        "Phone", render_kw={"maxlength": 40, "autocomplete": "tel", "inputmode": "tel"}
    )
    company_email = EmailField(
        "Company email",
        description="Gets the answers to plan mails that do not leave from an address of yours.",
        render_kw={"maxlength": 254, "autocomplete": "email"},
    )


class OwnNameForm(StaffForm):
    name = StringField(
        "Name", render_kw={"required": True, "maxlength": 120, "autocomplete": "name"}
    )


class PasswordForm(StaffForm):
    current = PasswordField("Current password", render_kw={"autocomplete": "current-password"})
    password = PasswordField(
        "New password",
        description=NEW_PASSWORD_HELP,
        render_kw={"autocomplete": "new-password", "required": True},
    )


class InviteUserForm(StaffForm):
    email = EmailField("Email", render_kw={"required": True, "maxlength": 254, "autofocus": True})
    name = StringField("Name", render_kw={"maxlength": 120})
    role = RadioField("Role", choices=list(ROLES), default="standard", validate_choice=False)


class UserForm(StaffForm):
    role = RadioField("Role", choices=list(ROLES), validate_choice=False)
    gets_new_leads = BooleanField(
        "Mail about each new lead", description="For pages that do not name other people."
    )


class SourceForm(StaffForm):
    name = StringField(
        "Name",
        description="For example “Website”, “Home show 2026” or “Google Ads”.",
        render_kw={"required": True, "maxlength": 120},
    )
    action_plan = SelectField(
        "Action plan",
        description="Starts for each lead of this source, unless the page says otherwise.",
        validate_choice=False,
    )
