"""What people fill in about a domain. The service checks it."""

from wtforms import EmailField, StringField, TextAreaField

from hostedpages.accounts.forms import StaffForm


class AddDomainForm(StaffForm):
    name = StringField(
        "Domain, or the address that mail should come from",
        description="Such as northside-roofing.com or office@northside-roofing.com.",
        render_kw={
            "required": True,
            "maxlength": 254,
            "autofocus": True,
            "autocomplete": "off",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )


class FromForm(StaffForm):
    from_email = EmailField("From email", render_kw={"maxlength": 254, "autocomplete": "off"})
    from_name = StringField(
        "From name",
        description="What people see as the sender. Empty: the name of the account.",
        render_kw={"maxlength": 120, "autocomplete": "organization"},
    )


class HeadersForm(StaffForm):
    headers = TextAreaField(
        "Headers of the message",
        render_kw={"rows": 10, "required": True, "spellcheck": "false", "class": "mono"},
    )
