"""One delivery on its way: asks whether it may go, sends it, and says how it went.

The one place below `worker` that meets errors nobody expected: one delivery that raises must never
stop another. Holds no transaction while it waits for the other side.
"""

import asyncio
import logging
import math
import time
from dataclasses import replace
from datetime import timedelta
from random import Random

from hostedpages import clock
from hostedpages.config import Settings
from hostedpages.delivery import verdict
from hostedpages.delivery.breaker import Breaker
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import DeliveryError, DeliveryKind, Facts, Letter, Tools
from hostedpages.delivery.ledger import LeaseLost, Ledger
from hostedpages.delivery.letters import Letters
from hostedpages.delivery.rows import Claimed, Finished
from hostedpages.delivery.webhooks import Webhooks
from hostedpages.mail import FolderTransport, Transport
from hostedpages.mail.errors import MailError
from hostedpages.mail.headers import sender_header
from hostedpages.mail.message import OutgoingMessage, build

log = logging.getLogger("hostedpages.worker")


class Sending:
    """What all seats of a process share: letters, the way out, the breaker, the ledger."""

    def __init__(
        self, settings: Settings, transport: Transport | FolderTransport, ledger: Ledger
    ) -> None:
        self._mail_from = settings.mail_from
        self._transport = transport
        self._ledger = ledger
        self._letters = Letters(settings.public_url)
        self._random = Random()
        self.breaker = Breaker()
        _, own = sender_header(settings.mail_from)
        self._tools = Tools(
            own_addresses=frozenset({own.casefold()}),
            letter=self._letters.letter,
            build=self._build,
            send=transport.send,
            post=Webhooks(settings).post,
        )
        self._plain_tools = replace(self._tools, letter=self._letters.plain)

    async def deliver(self, claimed: Claimed, facts: Facts | None) -> bool:
        """Bring one delivery to its end; True when held mail of others may go on now.

        1. Ask the plan and the kind whether it may go at this moment.
        2. Send; `sending` is committed before the other side could accept it.
        3. Commit the outcome. A lease lost on the way ends it silently: another one works on it.
        """
        kind = kind_of(claimed.kind)
        helped = False
        try:
            result, helped = await self._attempt(claimed, kind, facts)
        except LeaseLost:
            self.breaker.probe_found_nothing()
            _log(claimed, "lost")
            return False
        if await self._ledger.finish(result):
            _log(claimed, "unknown" if result.was_unknown else result.outcome)
        else:
            _log(claimed, "lost")
        return helped

    async def _attempt(
        self, claimed: Claimed, kind: DeliveryKind, facts: Facts | None
    ) -> tuple[Finished, bool]:
        if facts is None:
            self.breaker.probe_found_nothing()
            return verdict.of_fault(claimed, kind, "What this is about cannot be read."), False
        try:
            reason = _stopped(claimed, facts) or kind.allowed(claimed, facts, self._tools)
            if reason:
                self.breaker.probe_found_nothing()
                return verdict.of_refusal(claimed, kind, reason), False
            receipt = await self._send(claimed, kind, facts)
        except MailError as error:
            helped = self._note(error)
            return self._verdict(claimed, kind, error), helped
        except DeliveryError as error:
            self.breaker.probe_found_nothing()
            return self._verdict(claimed, kind, error), False
        except (LeaseLost, asyncio.CancelledError):
            raise
        except Exception:  # whatever one row raises, the others go on
            self.breaker.probe_found_nothing()
            _log(claimed, "fault", with_error=True)
            return verdict.of_fault(
                claimed, kind, "This could not be written. It is in the log."
            ), False
        return verdict.of_success(claimed, kind, receipt), self.breaker.answered()

    async def _send(self, claimed: Claimed, kind: DeliveryKind, facts: Facts) -> str:
        marked_at = -math.inf
        if kind.may_repeat:
            await self._ledger.mark_sending(claimed)
            marked_at = time.monotonic()

        async def before_final() -> None:
            # A process that stood still must ask again whether the row is still its own.
            if time.monotonic() - marked_at > self._ledger.fresh_seconds:
                await self._ledger.mark_sending(claimed)

        try:
            return await kind.deliver(claimed, facts, self._tools, before_final)
        except (MailError, DeliveryError, LeaseLost, asyncio.CancelledError):
            raise
        except Exception:  # a lead must reach its people whatever its answers do
            if not kind.has_plain_form(claimed.payload):
                raise
            _log(claimed, "plain", with_error=True)
            return await kind.deliver(claimed, facts, self._plain_tools, before_final)

    def _note(self, error: MailError) -> bool:
        """Tell the breaker; True when the server works again."""
        if error.server:
            self.breaker.refused(error, time.monotonic())
            return False
        if error.unknown:
            self.breaker.probe_found_nothing()
            return False
        return self.breaker.answered()  # it refused this message, so it is there and talks to us

    def _verdict(
        self, claimed: Claimed, kind: DeliveryKind, error: MailError | DeliveryError
    ) -> Finished:
        return verdict.of_error(
            claimed,
            kind,
            error,
            now=clock.now(),
            pause=timedelta(seconds=self.breaker.pause(time.monotonic())),
            random=self._random,
        )

    def _build(self, delivery_id: str, recipient: str, letter: Letter) -> OutgoingMessage:
        return build(
            delivery_id=delivery_id,
            mail_from=self._mail_from,
            recipient=recipient,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            date=clock.now(),
            reply_to=letter.reply_to,
            auto_submitted=letter.auto_submitted,
        )


def _stopped(claimed: Claimed, facts: Facts) -> str:
    if claimed.enrollment_id is not None and facts.enrollment_state == "stopped":
        return "The plan was stopped for this contact."
    return ""


def _log(claimed: Claimed, outcome: str, *, with_error: bool = False) -> None:
    fields = {
        "delivery": claimed.public_id,
        "account": claimed.account_id,
        "kind": claimed.kind,
        "attempt": claimed.attempt,
        "outcome": outcome,
    }
    level = logging.ERROR if with_error else logging.INFO
    log.log(level, "delivery", extra={"fields": fields}, exc_info=with_error)
