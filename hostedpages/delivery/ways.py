"""The ways out of one process: a pool of connections for each sender, made when it is needed.

A way is made anew when its sender was changed or its access token has run out, and closed when
nobody uses it. Must never log a secret, nor keep one longer than its way.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import housekeeping, senders
from hostedpages.delivery.breaker import SIGN_IN
from hostedpages.delivery.origins import Origin
from hostedpages.mail import FolderTransport, Transport, transport_for
from hostedpages.mail.errors import MailError
from hostedpages.mail.message import OutgoingMessage
from hostedpages.mail.oauth import Token, Tokens
from hostedpages.mail.smtp import ACCOUNT_CONNECTIONS
from hostedpages.mail.smtp import Limits as TransportLimits
from hostedpages.models import Sender
from hostedpages.vault import CannotOpen, Vault

MOST = 200
UNUSED_SECONDS = 120.0
LOOK_SECONDS = 15.0
DEFAULT_MAILS = TransportLimits().mails_per_connection


@dataclass(slots=True)
class Way:
    """A pool with the state of the sender that it was made for."""

    transport: Transport
    made_for: object  # the state of the sender
    token: Token | None
    used_at: float


class Ways:
    """How mail leaves this process: the installation's own way, and one for each sender."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vault = Vault(settings.secret_keys)
        self._platform: Transport | FolderTransport = transport_for(settings)
        self._kept: OrderedDict[int, Way] = OrderedDict()
        # Making a way may wait for an access token: meanwhile nobody makes a second one. A lock
        # lives as long as somebody uses it.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._retired: list[Way] = []
        self._tokens = Tokens()

    async def send(
        self,
        origin: Origin,
        message: OutgoingMessage,
        before_final: Callable[[], Awaitable[None]],
    ) -> str:
        """Hand a message to the server of its origin; returns the receipt. Raises MailError."""
        if origin.sender is None:
            return await self._platform.send(message, before_final)
        most = origin.limits.max_bytes
        if most is not None and len(message.as_bytes) > most:
            raise MailError(
                f"The message has {len(message.as_bytes)} bytes; this sender may send {most} at "
                "most.",
                kind="too_big",
                permanent=True,
            )
        transport = await self._of(origin.sender, origin)
        try:
            return await transport.send(message, before_final)
        except MailError as error:
            if error.kind == SIGN_IN:
                self._tokens.forget(origin.sender.public_id)
                self._retire(origin.sender.id)
            raise

    async def run(self) -> None:
        """Close what nobody uses, until canceled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.close_unused()

    async def close_unused(self) -> None:
        """Let go of connections that are idle, and of ways that are not needed any more."""
        now = asyncio.get_running_loop().time()
        for sender_id, way in list(self._kept.items()):
            if now - way.used_at > UNUSED_SECONDS or len(self._kept) > MOST:
                self._retire(sender_id)
        # What was being sent when its way was retired comes back to it, and is closed then.
        await asyncio.gather(*(each.transport.close() for each in self._retired))
        self._retired = [each for each in self._retired if now - each.used_at <= UNUSED_SECONDS * 2]
        await asyncio.gather(*(each.transport.close_idle() for each in self._kept.values()))

    async def close(self) -> None:
        """Say goodbye on every connection."""
        every = [*self._kept.values(), *self._retired]
        self._kept.clear()
        await asyncio.gather(self._platform.close(), *(each.transport.close() for each in every))

    async def _of(self, sender: Sender, origin: Origin) -> Transport:
        async with self._locks.setdefault(sender.id, asyncio.Lock()):
            way = self._kept.get(sender.id)
            if way is None or not _is_fresh(way, sender):
                self._retire(sender.id)
                way = await self._make(sender, origin)
                self._kept[sender.id] = way
            self._kept.move_to_end(sender.id)
            way.used_at = asyncio.get_running_loop().time()
            return way.transport

    def _retire(self, sender_id: int) -> None:
        if (way := self._kept.pop(sender_id, None)) is not None:
            self._retired.append(way)

    async def _keep(self, sender: Sender, refresh_token: str) -> None:
        """The provider gave another refresh token: that one counts from now on."""
        sealed = self._vault.seal(refresh_token, place=sender.secret_place)

        def keep() -> None:
            with db.unit():
                housekeeping.keep_secret(sender.id, sealed, instead_of=sender.secret_sealed)

        await asyncio.to_thread(keep)

    async def _make(self, sender: Sender, origin: Origin) -> Way:
        try:
            token = await senders.token_of(sender, self._vault, self._settings, self._tokens)
            value = token.value if token else ""
            server = senders.server_of(sender, self._vault, self._settings, token=value)
        except CannotOpen:
            raise MailError(
                "The password of this sender cannot be read any more.",
                kind="configuration",
                server=True,
                held=True,
                hint="Enter the password again.",
            ) from None
        per_connection = origin.limits.mails_per_connection or DEFAULT_MAILS
        transport = Transport(
            server,
            connections=ACCOUNT_CONNECTIONS,
            limits=TransportLimits(mails_per_connection=min(per_connection, DEFAULT_MAILS)),
        )
        if token is not None and token.refresh_token:
            await self._keep(sender, token.refresh_token)
        now = asyncio.get_running_loop().time()
        return Way(transport, _state(sender), token, now)


def _is_fresh(way: Way, sender: Sender) -> bool:
    return way.made_for == _state(sender) and (way.token is None or way.token.is_fresh(clock.now()))


def _state(sender: Sender) -> object:
    return sender.updated_at, sender.secret_place, sender.security, sender.secret_sealed
