"""What people fill in about stopped addresses. The services check it."""

from wtforms import EmailField, RadioField, TextAreaField

from hostedpages.accounts.forms import StaffForm

KINDS = {
    "opted_out": ("Wants no more email", "This person said stop, in whatever way."),
    "quarantined": ("Does not arrive", "The address is wrong or dead."),
}


class StopForm(StaffForm):
    email = EmailField(
        "Email address", render_kw={"required": True, "maxlength": 254, "autofocus": True}
    )
    kind = RadioField("Why", choices=list(KINDS), default="opted_out", validate_choice=False)


class LiftForm(StaffForm):
    note = TextAreaField("", render_kw={"required": True, "rows": 3, "maxlength": 500})
