"""Mail about a user's own account: invitation, password reset, sign-in link.

The payload holds a link that opens the account: it must never stand in the log, and it is blanked
as soon as the delivery has ended.
"""

from datetime import timedelta

from hostedpages.delivery import streams
from hostedpages.delivery.kinds.base import Example, MailKind, Payload

SUMMARIES = {"invite": "Invitation", "reset": "Password reset", "sign_in": "Sign-in link"}


class AccountMail(MailKind):
    key = "account_mail"
    label = "Account mail"
    icon = "key"
    has_secret = True
    may_repeat = True
    default_stream = streams.PRODUCT
    examples = (
        Example(
            payload={
                "template": "reset",
                "to": "ann@example.com",
                "name": "Ann",
                "path": "/reset/not-a-real-token",
            },
            summary="Password reset",
        ),
    )

    def letter_name(self, payload: Payload) -> str:
        name = str(payload.get("template", ""))
        return name if name in SUMMARIES else "sign_in"

    def is_urgent(self, payload: Payload) -> bool:
        return True

    def summary(self, payload: Payload) -> str:
        return SUMMARIES.get(str(payload.get("template", "")), self.label)

    def gives_up_after(self, payload: Payload) -> timedelta | None:
        return timedelta(hours=24)  # by then the link in it has expired
