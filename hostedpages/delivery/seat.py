"""One delivery on its way: asks whether it may go, sends it, and says how it went.

The one place below `worker` that meets errors nobody expected: one delivery that raises must never
stop another. Holds no transaction while it waits for the other side.
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from hostedpages import clock
from hostedpages.config import Settings
from hostedpages.delivery import verdict
from hostedpages.delivery.domains import Signing
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import DeliveryError, DeliveryKind, Facts, Letter, Tools
from hostedpages.delivery.ledger import LeaseLost, Ledger
from hostedpages.delivery.letters import Letters
from hostedpages.delivery.origins import Origin
from hostedpages.delivery.rows import Claimed, Finished
from hostedpages.delivery.ways import Ways
from hostedpages.delivery.webhooks import Webhooks
from hostedpages.mail.errors import MailError
from hostedpages.mail.message import OutgoingMessage, build
from hostedpages.models import PLATFORM
from hostedpages.tokens import Tokens
from hostedpages.vault import CannotOpen, Vault

log = logging.getLogger("hostedpages.worker")


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed delivery with what was read about it; None is what could not be read."""

    claimed: Claimed
    facts: Facts | None
    origin: Origin | None = None


class Sending:
    """What all seats of a process share: letters, the ways out, the ledger."""

    def __init__(self, settings: Settings, ways: Ways, ledger: Ledger) -> None:
        self._vault = Vault(settings.secret_keys)
        self._ways = ways
        self._ledger = ledger
        self._letters = Letters(settings.public_url, Tokens(settings.secret_keys))
        self._webhooks = Webhooks(settings)
        self._random = Random()

    async def deliver(self, task: Task) -> None:
        """Bring one delivery to its end.

        1. Ask the plan and the kind whether it may go at this moment.
        2. Send; `sending` is committed before the other side could accept it.
        3. Commit the outcome. A lease lost on the way ends it silently: another one works on it.
        """
        claimed = task.claimed
        try:
            result = await self._attempt(task, kind_of(claimed.kind))
        except LeaseLost:
            _log(claimed, "lost")
            return
        if await self._ledger.finish(result):
            _log(claimed, "unknown" if result.was_unknown else result.outcome)
        else:
            _log(claimed, "lost")

    async def _attempt(self, task: Task, kind: DeliveryKind) -> Finished:
        claimed, facts, origin = task.claimed, task.facts, task.origin
        if facts is not None and origin is None and claimed.through > PLATFORM:
            return verdict.of_gone_sender(claimed, clock.now())
        if facts is None or (origin is None and claimed.through == PLATFORM):
            return verdict.of_fault(claimed, kind, "What this is about cannot be read.")
        if verdict.is_too_late(claimed, kind, clock.now()):
            return verdict.of_lateness(claimed, kind)
        try:
            tools = self._tools(origin)
            reason = _stopped(claimed, facts) or kind.allowed(claimed, facts, tools)
            if reason:
                return verdict.of_refusal(claimed, kind, reason)
            try:
                receipt = await self._send(claimed, kind, facts, tools)
            except MailError as error:
                # One account's domain must not close the installation's server for all others.
                own = origin.without_domain() if origin is not None else None
                if error.kind != "sender_refused" or own is None:
                    raise
                origin = own
                receipt = await self._send(claimed, kind, facts, self._tools(own))
        except (MailError, DeliveryError) as error:
            return verdict.of_error(claimed, kind, error, now=clock.now(), random=self._random)
        except (LeaseLost, asyncio.CancelledError):
            raise
        except Exception:  # whatever one row raises, the others go on
            _log(claimed, "fault", with_error=True)
            return verdict.of_fault(claimed, kind, "This could not be written. It is in the log.")
        note = f"{origin.note} {receipt}".strip() if origin is not None else receipt
        return verdict.of_success(claimed, kind, note)

    async def _send(self, claimed: Claimed, kind: DeliveryKind, facts: Facts, tools: Tools) -> str:
        marked_at = -math.inf
        if kind.may_repeat:
            await self._ledger.mark_sending(claimed)
            marked_at = time.monotonic()

        async def before_final() -> None:
            # A process that stood still must ask again whether the row is still its own.
            if time.monotonic() - marked_at > self._ledger.fresh_seconds:
                await self._ledger.mark_sending(claimed)

        try:
            return await kind.deliver(claimed, facts, tools, before_final)
        except (MailError, DeliveryError, LeaseLost, asyncio.CancelledError):
            raise
        except Exception:  # a lead must reach its people whatever its answers do
            if not kind.has_plain_form(claimed.payload):
                raise
            _log(claimed, "plain", with_error=True)
            plain = replace(tools, letter=self._letters.plain)
            return await kind.deliver(claimed, facts, plain, before_final)

    def _tools(self, origin: Origin | None) -> Tools:
        """The letters we can write, and the way out of this one delivery's sender."""
        if origin is None:
            return Tools(frozenset(), self._letters.letter, _no_mail, _no_way, self._webhooks.post)
        return Tools(
            own_addresses=origin.own_addresses,
            letter=self._letters.letter,
            build=partial(self._build, origin),
            send=partial(self._ways.send, origin),
            post=self._webhooks.post,
        )

    def _build(
        self, origin: Origin, delivery_id: str, recipient: str, letter: Letter
    ) -> OutgoingMessage:
        message = build(
            delivery_id=delivery_id,
            mail_from=origin.mail_from,
            id_domain=origin.id_domain,
            recipient=recipient,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            date=clock.now(),
            reply_to=letter.reply_to or (letter.answers_to if origin.sender is None else None),
            auto_submitted=letter.auto_submitted,
            unsubscribe_url=letter.unsubscribe_url,
        )
        return message if origin.signing is None else self._signed(origin.signing, message)

    def _signed(self, signing: Signing, message: OutgoingMessage) -> OutgoingMessage:
        try:
            return replace(message, as_bytes=signing.sign(message.as_bytes, self._vault))
        except CannotOpen:
            raise MailError(
                f"The key that signs mail of {signing.domain} cannot be read any more.",
                kind="configuration",
                hint="Set up the domain again.",
            ) from None


def _no_mail(_delivery_id: str, _recipient: str, _letter: Letter) -> OutgoingMessage:
    raise LookupError("this kind goes out by another way than mail")


async def _no_way(_message: OutgoingMessage, _before_final: Callable[[], Awaitable[None]]) -> str:
    raise LookupError("this kind goes out by another way than mail")


def _stopped(claimed: Claimed, facts: Facts) -> str:
    if claimed.enrollment_id is not None and facts.enrollment_state == "stopped":
        return "The plan was stopped for this contact."
    return ""


def _log(claimed: Claimed, outcome: str, *, with_error: bool = False) -> None:
    fields = {
        "delivery": claimed.public_id,
        "account": claimed.account_id,
        "kind": claimed.kind,
        "sender": claimed.through,
        "attempt": claimed.attempt,
        "outcome": outcome,
    }
    level = logging.ERROR if with_error else logging.INFO
    log.log(level, "delivery", extra={"fields": fields}, exc_info=with_error)
