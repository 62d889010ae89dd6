"""What people fill in to set up a sender. `wanted` reads and judges it."""

from collections.abc import Mapping

from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
)

from hostedpages.accounts.forms import StaffForm

SECURITIES = {
    "starttls": "STARTTLS",
    "ssl": "SSL/TLS",
    "none": "None",
}
SCOPES = {
    "general_only": (
        "General only",
        "Notifications of new leads. Mail of action plans leaves another way.",
    ),
    "all_emails": (
        "All emails",
        "Mail of action plans too, unless there is a marketing sender.",
    ),
}
IF_FAILING = {
    "hold": ("Wait for it", "Mail is held and goes out by itself as soon as the server works."),
    "platform": (
        "Use the Hosted Pages server",
        "Mail leaves at once, from the address of Hosted Pages. Each delivery says so.",
    ),
}
IF_FAILING_WITHOUT_SERVER = IF_FAILING | {
    "platform": (
        "Use the Hosted Pages server",
        "Hosted Pages has no mail server yet, so mail would only be written to a folder.",
    ),
}
SIGN_INS = {"password": "Password", "google": "Google", "microsoft": "Microsoft"}
PLAIN = {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}


class SenderForm(StaffForm):
    """In the order in which the page shows them: the first wrong one gets the focus."""

    preset = RadioField("Provider", default="custom", validate_choice=False)
    email = EmailField(
        "Email address",
        description="Mail comes from this address.",
        render_kw={"required": True, "maxlength": 254, "autocomplete": "off"},
    )
    from_name = StringField(
        "From name",
        description="What recipients see before the address.",
        render_kw={"maxlength": 120, "autocomplete": "off"},
    )
    updates_company_email = BooleanField(
        "Also make it the company’s email address",
        description="It is printed below mail of action plans.",
    )
    sign_in = RadioField("Sign in with", default="password", validate_choice=False)
    user_name = StringField(
        "User name",
        description="Leave it empty when it is the email address.",
        render_kw={**PLAIN, "maxlength": 254},
    )
    password = PasswordField("Password", render_kw={"autocomplete": "new-password"})
    asks_no_password = BooleanField(
        "This server asks for no password",
        description="For a server of your own that knows this machine. Providers ask for one.",
    )
    password_was_typed = HiddenField()
    tested = HiddenField()
    smtp_host = StringField(
        "Server",
        render_kw={**PLAIN, "required": True, "maxlength": 253, "placeholder": "smtp.example.com"},
    )
    smtp_port = IntegerField(
        "Port", default=587, render_kw={"required": True, "min": 1, "max": 65535}
    )
    security = SelectField(
        "Encryption", choices=SECURITIES, default="starttls", validate_choice=False
    )
    accepts_clear_text = BooleanField(
        "Send without encryption",
        description=(
            "For the choice “None”. Everybody on the way can read the password and every mail."
        ),
    )
    imap_enabled = BooleanField(
        "Read the inbox",
        description="Looks for answers and for mail that came back. It changes nothing there.",
    )
    imap_host = StringField(
        "IMAP server", render_kw={**PLAIN, "maxlength": 253, "placeholder": "imap.example.com"}
    )
    imap_port = IntegerField("IMAP port", default=993, render_kw={"min": 1, "max": 65535})
    scope = RadioField("What it is used for", default="general_only", validate_choice=False)
    if_failing = RadioField("When its server fails", default="hold", validate_choice=False)
    per_hour = IntegerField("Mails an hour", render_kw={"min": 1, "max": 1_000_000})
    per_day = IntegerField("Mails a day", render_kw={"min": 1, "max": 1_000_000})

    def show_all(self, problems: Mapping[str, str]) -> None:
        """Put each sentence at its field; the first one gets the focus."""
        shown = [name for name in self._fields if name in problems]
        for name in shown:
            self._fields[name].errors = [problems[name]]
        if shown:
            first = self._fields[shown[0]]
            first.render_kw = {**(first.render_kw or {}), "autofocus": True}


class TestSendForm(StaffForm):
    to = EmailField(
        "Send a test mail to",
        render_kw={"maxlength": 254, "autocomplete": "email", "data-passing": True},
    )
