"""What people fill in to enter: sign in, links, invitation, welcome.

Must never hold a rule of its own: the services check, and their refusal is shown at the field.
"""

from wtforms import EmailField, Form, PasswordField, SelectField, StringField

from hostedpages.accounts import time_zones
from hostedpages.accounts.passwords import MIN_LENGTH
from hostedpages.errors import DomainError

NEW_PASSWORD_HELP = f"At least {MIN_LENGTH} characters. A few words in a row are fine."


class StaffForm(Form):
    """A form whose errors come from the services."""

    def show(self, error: DomainError, *, default: str) -> None:
        """Put the words of a refusal at the field that it names, or at the field `default`."""
        name = error.field if error.field in self._fields else default
        field = self._fields[name]
        field.errors = [*field.errors, error.message]
        field.render_kw = {**(field.render_kw or {}), "autofocus": True}


class SignInForm(StaffForm):
    email = EmailField(
        "Email", render_kw={"autocomplete": "username", "required": True, "maxlength": 254}
    )
    password = PasswordField(
        "Password", render_kw={"autocomplete": "current-password", "required": True}
    )


class EmailForm(StaffForm):
    email = EmailField(
        "Email",
        render_kw={
            "autocomplete": "username",
            "required": True,
            "maxlength": 254,
            "autofocus": True,
        },
    )


class NewPasswordForm(StaffForm):
    password = PasswordField(
        "New password",
        description=NEW_PASSWORD_HELP,
        render_kw={"autocomplete": "new-password", "required": True, "autofocus": True},
    )


class InviteForm(StaffForm):
    name = StringField(
        "Your name", render_kw={"autocomplete": "name", "required": True, "maxlength": 120}
    )
    password = PasswordField(
        "Password",
        description=NEW_PASSWORD_HELP,
        render_kw={"autocomplete": "new-password", "required": True},
    )


class WelcomeForm(StaffForm):
    name = StringField(
        "Your name", render_kw={"autocomplete": "name", "required": True, "maxlength": 120}
    )
    account_name = StringField(
        "Your business",
        description="Visitors and mails show this name.",
        render_kw={"autocomplete": "organization", "required": True, "maxlength": 120},
    )
    time_zone = SelectField(
        "Time zone",
        description="For the times in lists and mails, and for the steps of plans.",
        choices=time_zones.choices,
        validate_choice=False,
    )
    password = PasswordField(
        "Password",
        description=f"{NEW_PASSWORD_HELP} Leave it empty to sign in by links only.",
        render_kw={"autocomplete": "new-password"},
    )
