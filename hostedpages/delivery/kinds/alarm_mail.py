"""Mail about the product's own health to whoever an account named for it: alarms, and the digest.

Whoever puts it names the sender, so that it leaves by a way that is not the failing one. Must never
name a contact or hold an answer: it may be read on any phone.
"""

from datetime import timedelta

from hostedpages.delivery import streams
from hostedpages.delivery.kinds.base import Example, MailKind, Payload

SUMMARIES = {"alarm": "Alarm", "digest": "Daily digest", "alarm_test": "Test alarm"}


class AlarmMail(MailKind):
    key = "alarm_mail"
    label = "Alarm by email"
    icon = "bell"
    may_repeat = True
    default_stream = streams.FIXED
    is_alarm = True
    examples = (
        Example(
            payload={
                "template": "alarm",
                "subject": "Mail cannot be sent",
                "account": "Northside Roofing",
                "alarms": [],
            },
            summary="Alarm",
        ),
    )

    def letter_name(self, payload: Payload) -> str:
        name = str(payload.get("template", ""))
        return name if name in SUMMARIES else "alarm"

    def is_urgent(self, payload: Payload) -> bool:
        return payload.get("template") != "digest"

    def summary(self, payload: Payload) -> str:
        return SUMMARIES.get(str(payload.get("template", "")), self.label)

    def gives_up_after(self, payload: Payload) -> timedelta | None:
        return timedelta(hours=24)  # by then it is told anew, or over
