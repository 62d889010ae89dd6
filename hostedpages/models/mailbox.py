"""Tables of what comes back: mail read from senders' mailboxes, and addresses we stopped using."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hostedpages.models.base import AccountOwned, Base, Created, PublicId


class MailboxMessage(PublicId, AccountOwned, Created, Base):
    """One message that concerns us, read from a sender's mailbox; each is taken once.

    `kind` is `reply`, `hard_bounce`, `soft_bounce`, `complaint`, `automatic` or `other`.
    """

    __tablename__ = "mailbox_messages"
    __table_args__ = (
        UniqueConstraint("account_id", "message_key"),
        Index("ix_mailbox_messages_address", "account_id", "address_key", "received_at"),
        Index("ix_mailbox_messages_created", "created_at"),
    )

    sender_id: Mapped[int]  # a number, not a reference: the sender may be removed
    message_key: Mapped[str] = mapped_column(String(64))  # hash of its Message-ID
    kind: Mapped[str] = mapped_column(String(20))
    address_key: Mapped[str] = mapped_column(String(254))  # who bounced or answered
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    subject: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")  # the answer, or the server's last words
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    received_at: Mapped[datetime]


class SuppressedAddress(PublicId, AccountOwned, Created, Base):
    """An address that an account may not send plan mail to, with the reason; kept when lifted.

    `kind` is `opted_out` (the person said stop) or `quarantined` (mail does not arrive). It holds
    for the address, whichever contact carries it.
    """

    __tablename__ = "suppressed_addresses"
    __table_args__ = (
        Index(
            "uq_suppressed_addresses_live",
            "account_id",
            "address_key",
            "kind",
            unique=True,
            sqlite_where=text("lifted_at is null"),
            postgresql_where=text("lifted_at is null"),
        ),
    )

    address_key: Mapped[str] = mapped_column(String(254))  # lower case
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40))  # hard_bounce, one_click, manual, ...
    reply: Mapped[str] = mapped_column(Text, default="")  # the server's last words
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    lifted_note: Mapped[str] = mapped_column(Text, default="")
