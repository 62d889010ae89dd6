"""Which mail identity takes which delivery, and how its server is reached.

A delivery's kind says in which stream it goes; the account's senders say who takes that stream.
Must never send: it only chooses, and opens a sender's secret at the moment of use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, select, update
from sqlalchemy.orm import Session

from hostedpages.config import Settings
from hostedpages.delivery import moves
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.streams import FIXED, GENERAL, MARKETING, NO_MAIL, PRODUCT, USER
from hostedpages.delivery.which import DELIVERIES, IS_WAITING
from hostedpages.mail import oauth
from hostedpages.mail.errors import MailError
from hostedpages.mail.imap_session import ImapServer
from hostedpages.mail.smtp import Server
from hostedpages.models import NO_SENDER, PLATFORM, Sender, SenderHealth
from hostedpages.prepared import PreparedStatement
from hostedpages.vault import Vault

SENDERS = Sender.metadata.tables["senders"]
_OF_ACCOUNT = PreparedStatement(
    lambda _dialect: select(SENDERS.c.id, SENDERS.c.slot, SENDERS.c.scope).where(
        SENDERS.c.account_id == bindparam("account_id", type_=BigInteger()), SENDERS.c.enabled
    )
)


@dataclass(frozen=True, slots=True)
class Routes:
    """The enabled senders of one account: slot -> (id, scope)."""

    by_slot: Mapping[str, tuple[int, str]]

    @property
    def ids(self) -> set[int]:
        """Everybody who may take something."""
        return {NO_SENDER, PLATFORM, *(sender_id for sender_id, _ in self.by_slot.values())}

    def of(self, stream: str) -> int:
        """Who takes this stream: the id of a sender, or PLATFORM."""
        if stream == NO_MAIL:
            return NO_SENDER
        if stream in (PRODUCT, FIXED):
            return PLATFORM
        own_id, own_scope = self.by_slot.get("account", (PLATFORM, ""))
        if stream == GENERAL:
            return own_id
        if stream.startswith(USER) and stream in self.by_slot:
            return self.by_slot[stream][0]
        if MARKETING in self.by_slot:
            return self.by_slot[MARKETING][0]
        return own_id if own_scope == "all_emails" else PLATFORM


def routes(session: Session, account_id: int) -> Routes:
    """The routes of an account, for whoever puts several deliveries; one indexed read."""
    rows = _OF_ACCOUNT.all(session, {"account_id": account_id})
    return Routes({slot: (sender_id, scope) for sender_id, slot, scope in rows})


def choose(session: Session, account_id: int, stream: str) -> int:
    """Who takes a mail of this stream: the id of a sender, or PLATFORM."""
    return routes(session, account_id).of(stream)


def assign_again(session: Session, account_id: int, now: datetime) -> int:
    """Give the account's waiting deliveries to whoever takes their stream now; returns how many
    moved. To be called in the transaction that changed the senders.

    What was held because of the sender that it leaves goes at once.
    """
    chosen = routes(session, account_id)
    moved = 0
    sent_as = DELIVERIES.c.payload["send_as"].as_string()
    mine = (DELIVERIES.c.account_id == account_id) & IS_WAITING
    waiting = session.execute(
        select(DELIVERIES.c.kind, sent_as, DELIVERIES.c.sender_id).where(mine).distinct()
    ).all()
    for key, send_as, sender_id in waiting:
        payload = {"send_as": send_as} if send_as else {}
        stream = kind_of(key).stream(payload)
        wanted = chosen.of(stream)
        if wanted == sender_id or (stream == FIXED and sender_id in chosen.ids):
            continue
        same = sent_as.is_(None) if send_as is None else sent_as == send_as
        which = mine & (DELIVERIES.c.kind == key) & (DELIVERIES.c.sender_id == sender_id) & same
        moved += moves.assign(session, which, wanted, now)
    return moved


def reopen(session: Session, sender_id: int, now: datetime) -> None:
    """A person has changed this sender: forget what was wrong, and let its mail go on now.

    Part of the caller's transaction.
    """
    session.execute(
        update(SenderHealth)
        .where(SenderHealth.sender_id == sender_id)
        .values(
            refusals=0,
            paused_until=None,
            probing_until=None,
            window_until=None,
            full_until=None,
            connections=0,
            problem_kind="",
            problem="",
            failing_since=None,
            delivered_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    moves.free_held(session, DELIVERIES.c.sender_id == sender_id, now)


def server_of(sender: Sender, vault: Vault, settings: Settings, *, token: str = "") -> Server:
    """The SMTP server of a sender, with its password or with `token` (an OAuth access token).

    Raises CannotOpen when the password must be given again.
    """
    return Server(
        sender.smtp_host,
        sender.smtp_port,
        sender.security,
        user=sender.sign_in_name if sender.secret_sealed else "",
        password="" if sender.sign_in != "password" else secret_of(sender, vault),
        token=token,
        allow_private=settings.allows_private_hosts,
    )


def imap_of(sender: Sender, vault: Vault, settings: Settings, *, token: str = "") -> ImapServer:
    """The mailbox of a sender; raises what `server_of` raises."""
    return ImapServer(
        sender.imap_host,
        sender.imap_port,
        user=sender.sign_in_name,
        password="" if sender.sign_in != "password" else secret_of(sender, vault),
        token=token,
        allow_private=settings.allows_private_hosts,
    )


async def token_of(
    sender: Sender, vault: Vault, settings: Settings, tokens: oauth.Tokens
) -> oauth.Token | None:
    """The access token of a sender that signs in with Google or Microsoft; None with a password.

    Raises CannotOpen, and MailError when the provider gives none.
    """
    if sender.sign_in == "password":
        return None
    client = oauth.clients(settings).get(sender.sign_in)
    if client is None:
        raise MailError(
            "Hosted Pages is not registered any more with the provider of this sender.",
            kind="configuration",
            server=True,
            held=True,
            hint="Sign in with a password, or ask whoever runs Hosted Pages for you.",
        )
    return await tokens.get(sender.public_id, client, secret_of(sender, vault))


def secret_of(sender: Sender, vault: Vault) -> str:
    """The password, or with OAuth the refresh token; empty when none is kept. Raises CannotOpen."""
    if not sender.secret_sealed:
        return ""
    return vault.open(sender.secret_sealed, place=sender.secret_place)
