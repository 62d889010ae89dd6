"""Tables of mail identities: senders, how their servers are doing, and proven domains.

Must never hold a password in clear: `secret_sealed` is opened by `vault.py` alone.
"""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from hostedpages import clock
from hostedpages.models.base import AccountOwned, Base, Created, PublicId

# `sender_id` of mail that leaves through the installation's own server; no row has this id.
PLATFORM = 0
# `sender_id` of what goes out by another way than mail.
NO_SENDER = -1
PER_IP = "ip"

SLOTS = ("account", "marketing")  # or `user:<public id>`


class Sender(PublicId, AccountOwned, Created, Base):
    """A mail identity with the server it sends through, and the mailbox it is answered at.

    `slot` says whose it is: `account`, `marketing`, or `user:<public id of the user>`. `limits`
    holds `windows` (a list of `{"count", "seconds"}`), `pause_seconds`, `mails_per_connection`,
    `max_bytes` and `per_ip`; a missing one does not limit. `counted_as` is what the provider counts
    as one, kept when the row is stored: all senders with the same text share their windows.
    """

    __tablename__ = "senders"
    # The number of a removed sender is never given again: its deliveries still name it.
    __table_args__ = (UniqueConstraint("account_id", "slot"), {"sqlite_autoincrement": True})

    slot: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    scope: Mapped[str] = mapped_column(String(20), default="general_only")  # or all_emails
    preset: Mapped[str] = mapped_column(String(40), default="custom")
    smtp_host: Mapped[str] = mapped_column(String(253))
    smtp_port: Mapped[int] = mapped_column(default=587)
    security: Mapped[str] = mapped_column(String(10), default="starttls")  # starttls, ssl, none
    email: Mapped[str] = mapped_column(String(254))
    user_name: Mapped[str] = mapped_column(String(254), default="")
    sign_in: Mapped[str] = mapped_column(String(20), default="password")  # or google, microsoft
    secret_sealed: Mapped[str] = mapped_column(Text, default="")  # password or refresh token
    from_name: Mapped[str] = mapped_column(String(120), default="")
    imap_enabled: Mapped[bool] = mapped_column(default=False)
    imap_host: Mapped[str] = mapped_column(String(253), default="")
    imap_port: Mapped[int] = mapped_column(default=993)
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    counted_as: Mapped[str] = mapped_column(String(40), index=True)
    if_failing: Mapped[str] = mapped_column(String(20), default="hold")  # or platform
    state: Mapped[str] = mapped_column(String(20), default="untested")  # or ok, failing
    tested_at: Mapped[datetime | None]
    test_problem: Mapped[str] = mapped_column(Text, default="")  # why the last test failed
    # Where reading the mailbox stands; both start again when the server renumbers it.
    imap_validity: Mapped[int | None] = mapped_column(BigInteger)
    imap_last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    imap_read_at: Mapped[datetime | None]
    imap_tried_at: Mapped[datetime | None]
    imap_failures: Mapped[int] = mapped_column(default=0)  # in a row
    imap_problem: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    @staticmethod
    def is_per_ip(counted_as: str) -> bool:
        """Whether this counts all that leaves one internet address, of whichever mailbox."""
        return counted_as.startswith(PER_IP)

    @property
    def sign_in_name(self) -> str:
        """The user name at the server; the address when none is given."""
        return self.user_name or self.email

    @property
    def secret_place(self) -> str:
        """What the secret is bound to: with another server, user or row, or without the
        encryption that it was given for, it must be given again."""
        return (
            f"sender:{self.account_id}:{self.public_id}"
            f":{self.smtp_host}:{self.smtp_port}:{self.security}"
            f":{self.imap_host}:{self.imap_port}:{self.sign_in}:{self.sign_in_name}"
        )


@event.listens_for(Sender, "before_insert")
@event.listens_for(Sender, "before_update")
def _count(_mapper: object, _connection: object, sender: Sender) -> None:
    """A provider counts by mailbox, or by the address of the machine that all our mail leaves.

    A mailbox is shared within an account alone: nobody slows one whose password is not theirs.
    """
    is_per_ip = (sender.limits or {}).get("per_ip")
    counted = ["" if is_per_ip else str(sender.account_id), sender.smtp_host.lower()]
    if not is_per_ip:
        counted.append(sender.sign_in_name.lower())
    # A hash, because names have any length.
    digest = hashlib.sha256("\n".join(counted).encode()).hexdigest()[:32]
    sender.counted_as = f"{PER_IP if is_per_ip else 'mailbox'}:{digest}"


class SenderHealth(Base):
    """How the server of one sender is doing, shared by all workers. `sender_id` may be PLATFORM.

    Without a row nothing is known to be wrong. `paused_until` is when it may be tried again;
    `window_until` is when a provider that said "quota exceeded" may take mail again; `full_until`
    is when its own limits allow the next mail. `connections` is how many at a time its server
    puts up with, 0 as long as it has not complained.
    """

    __tablename__ = "sender_health"

    sender_id: Mapped[int] = mapped_column(unique=True)
    refusals: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None]
    probing_until: Mapped[datetime | None]
    window_until: Mapped[datetime | None]
    full_until: Mapped[datetime | None]
    connections: Mapped[int] = mapped_column(default=0)
    problem_kind: Mapped[str] = mapped_column(String(40), default="")
    problem: Mapped[str] = mapped_column(Text, default="")
    failing_since: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class SendingDomain(PublicId, AccountOwned, Created, Base):
    """A domain that an account proves, to send from it through the installation's server.

    Two selectors, so that one can be changed while the other still verifies. `findings` is the
    last look at its DNS: a list of `{"name", "state", "detail", "fix", ...}`.
    """

    __tablename__ = "sending_domains"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    name: Mapped[str] = mapped_column(String(253))  # ASCII form, lower case
    from_email: Mapped[str] = mapped_column(String(254), default="")
    from_name: Mapped[str] = mapped_column(String(120), default="")
    selector: Mapped[str] = mapped_column(String(63))  # signs at present
    key_sealed: Mapped[str] = mapped_column(Text)
    public_key: Mapped[str] = mapped_column(Text)  # base64 of the DER form, for the record
    next_selector: Mapped[str] = mapped_column(String(63), default="")
    next_key_sealed: Mapped[str] = mapped_column(Text, default="")
    next_public_key: Mapped[str] = mapped_column(Text, default="")
    old_selector: Mapped[str] = mapped_column(String(63), default="")  # may be removed from DNS
    state: Mapped[str] = mapped_column(String(20), default="not_checked")
    findings: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    checked_at: Mapped[datetime | None]
    fine_since: Mapped[datetime | None]

    def key_place(self, selector: str) -> str:
        """What the private key of a selector is bound to."""
        return f"domain:{self.account_id}:{self.public_id}:{selector}"
