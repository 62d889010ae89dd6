"""Senders of accounts whose servers are scripted ones on the loopback, for the tests of sending."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import outbox
from hostedpages.models import (
    Account,
    Delivery,
    DeliveryAttempt,
    Sender,
    SenderHealth,
)
from hostedpages.vault import Vault
from tests import factories
from tests.scripted_smtp import ScriptedSmtp

PASSWORD = "correct horse battery"


def with_private_hosts(settings: Settings, **values: Any) -> Settings:
    """Servers on the loopback may be talked to; the installation's address is ours."""
    more = {"private_hosts": "allow", "mail_from": "Leads <leads@ours.example>"}
    return settings.model_copy(update={**more, **values})


def sender_at(server: ScriptedSmtp, owner: Account, settings: Settings, **values: Any) -> Sender:
    """The account's own sender at this server, signed in with PASSWORD when that offers it."""
    values.setdefault("scope", "all_emails")
    sender = factories.sender(owner, smtp_port=server.port, **values)
    if any(each.startswith("AUTH") for each in server.extensions):
        with db.transaction():
            vault = Vault(settings.secret_keys)
            sender.secret_sealed = vault.seal(PASSWORD, place=sender.secret_place)
    return sender


def put(sender: Sender, *addresses: str, kind: str = "notify_user", **values: Any) -> None:
    """Deliveries that are due now and wait for this sender."""
    payload = {
        "notify_user": {"template": "plan_notice", "subject": "Call Ann", "text": "Soon."},
        "email": {"subject": "Hello", "text": "Hello", "is_answer": False},
    }[kind]
    with db.transaction() as session:
        outbox.put_many(
            session,
            [
                outbox.row(
                    account_id=sender.account_id,
                    kind=kind,
                    payload=payload,
                    due_at=clock.now(),
                    recipient=each,
                    sender_id=sender.id,
                    **values,
                )
                for each in addresses
            ],
        )


def deliveries() -> list[Delivery]:
    db.session().rollback()
    db.session().expire_all()
    return list(db.session().scalars(select(Delivery).order_by(Delivery.id)))


def attempts() -> list[DeliveryAttempt]:
    db.session().rollback()
    return list(db.session().scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.id)))


def health_of(sender: Sender) -> SenderHealth | None:
    db.session().rollback()
    db.session().expire_all()
    return db.session().scalar(select(SenderHealth).where(SenderHealth.sender_id == sender.id))


def pause_of(sender: Sender) -> datetime | None:
    found = health_of(sender)
    return found.paused_until if found else None
