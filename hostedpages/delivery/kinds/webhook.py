"""A signed message to another program: at present the alarms of an account.

Where it goes and how it is signed are read at the moment of sending, so that a mended address
counts for what waits. Must never hold the secret, and never more of the address than its host.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from hostedpages.delivery import streams
from hostedpages.delivery.kinds.base import (
    Claim,
    DeliveryError,
    DeliveryKind,
    Example,
    Facts,
    Payload,
    Tools,
)

SUMMARIES = {
    "alarm.opened": "Alarm to the webhook",
    "alarm.closed": "End of an alarm to the webhook",
    "alarm.test": "Test alarm to the webhook",
}


class Webhook(DeliveryKind):
    key = "webhook"
    label = "Webhook"
    icon = "zap"
    accepted = "The other program accepted it."
    may_repeat = True
    is_alarm = True
    default_stream = streams.NO_MAIL
    # The example schedule of Standard Webhooks: a little over three days.
    schedule = (
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=14),
        timedelta(hours=20),
        timedelta(hours=24),
    )
    examples = (
        Example(
            payload={"event": {"type": "alarm.opened", "timestamp": "", "data": {}}},
            summary="Alarm to the webhook",
        ),
    )

    def needs_endpoint(self, payload: Payload) -> bool:
        return True

    def allowed(self, claim: Claim, facts: Facts, tools: Tools) -> str | None:
        return None if facts.endpoint else "No webhook is set any more."

    async def deliver(
        self, claim: Claim, facts: Facts, tools: Tools, before_final: Callable[[], Awaitable[None]]
    ) -> str:
        if facts.endpoint is None:
            raise DeliveryError("No webhook is set any more.", permanent=True)
        await before_final()
        return await tools.post(
            facts.endpoint, f"msg_{claim.public_id}", claim.payload.get("event", {})
        )

    def is_urgent(self, payload: Payload) -> bool:
        return True

    def summary(self, payload: Payload) -> str:
        return SUMMARIES.get(str(payload.get("event", {}).get("type", "")), self.label)
