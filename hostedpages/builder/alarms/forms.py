"""What people fill in about alarms. The service checks it."""

from wtforms import BooleanField, TextAreaField, URLField

from hostedpages.accounts.forms import StaffForm


class AlarmsForm(StaffForm):
    alarm_emails = TextAreaField(
        "Addresses",
        description="One a line, at most 10. Best at another provider than the one you send "
        "through. Left empty, the owners are told.",
        render_kw={"rows": 3, "spellcheck": "false", "autocomplete": "off"},
    )
    alarm_webhook_url = URLField(
        "Webhook",
        description="An https address of a program that can wake somebody. Each message is signed "
        "(Standard Webhooks).",
        render_kw={
            "maxlength": 2000,
            "autocomplete": "off",
            "placeholder": "https://example.com/alarms",
        },
    )
    daily_digest = BooleanField(
        "Daily digest",
        description="One mail at 8 in the morning, when there was anything the day before: new "
        "leads, what did not go out and why, addresses that came back, alarms.",
    )
