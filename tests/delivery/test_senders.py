"""Which sender takes which mail, and what becomes of waiting mail when senders change."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.builder.senders import service
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import batches, senders, worker
from hostedpages.delivery.seat import Task
from hostedpages.models import NO_SENDER, PLATFORM, Delivery, Sender, SenderHealth
from hostedpages.vault import CannotOpen, Vault
from tests import factories
from tests.delivery.own_servers import attempts, deliveries, put
from tests.servers import smtp_sink

pytestmark = pytest.mark.both_databases


def test_without_senders_everything_leaves_through_the_installation(unit: Session) -> None:
    owner = factories.account()

    streams = ("product", "general", "marketing", "user:abc", "fixed")
    assert {senders.choose(unit, owner.id, each) for each in streams} == {PLATFORM}
    assert senders.choose(unit, owner.id, "no_mail") == NO_SENDER


def test_an_accounts_own_sender_takes_notifications_and_all_mail_only_when_told(
    unit: Session,
) -> None:
    owner = factories.account()
    own = factories.sender(owner)
    factories.sender(factories.account(), slot="marketing")

    def chosen() -> list[int]:
        return [senders.choose(unit, owner.id, each) for each in ("general", "marketing", "user:x")]

    assert chosen() == [own.id, PLATFORM, PLATFORM]
    change(own, scope="all_emails")
    assert chosen() == [own.id, own.id, own.id]
    change(own, enabled=False)
    assert chosen() == [PLATFORM, PLATFORM, PLATFORM]
    assert senders.choose(unit, owner.id, "product") == PLATFORM


def test_marketing_and_users_senders_take_what_is_theirs(unit: Session) -> None:
    owner = factories.account()
    user = factories.user(owner)
    own = factories.sender(owner, scope="all_emails")
    marketing = factories.sender(owner, slot="marketing")
    users = factories.sender(owner, slot=f"user:{user.public_id}", user_id=user.id)

    routes = senders.routes(unit, owner.id)

    assert routes.of("general") == own.id
    assert routes.of("marketing") == marketing.id
    assert routes.of(f"user:{user.public_id}") == users.id
    assert routes.of("user:somebody-else") == marketing.id


def test_waiting_mail_follows_when_senders_change_and_sent_mail_stays(
    unit: Session, clock: FrozenClock
) -> None:
    owner = factories.account()
    later = clock.at + timedelta(days=3)
    plain = factories.delivery(owner, due_at=later)
    held = factories.delivery(owner, state="held", due_at=later)
    as_user = factories.delivery(owner, payload={"subject": "x", "text": "y", "send_as": "U1"})
    sent = factories.delivery(owner, state="delivered")
    notice = factories.delivery(owner, kind="notify_user")
    access = factories.delivery(owner, kind="account_mail")
    stranger = factories.delivery(factories.account())
    marketing = factories.sender(owner, slot="marketing")
    users = factories.sender(owner, slot="user:U1")

    with db.transaction() as session:
        moved = senders.assign_again(session, owner.id, clock.at)

    found = {each.id: each for each in db.session().scalars(select(Delivery))}
    assert moved == 3
    assert found[plain.id].sender_id == found[held.id].sender_id == marketing.id
    assert found[as_user.id].sender_id == users.id
    others = (sent, notice, access, stranger)
    assert {found[each.id].sender_id for each in others} == {PLATFORM}
    assert (found[plain.id].state, found[plain.id].due_at) == ("pending", later)
    assert (found[held.id].state, found[held.id].due_at) == ("pending", clock.at)


def test_a_saved_sender_is_tried_again_at_once(unit: Session, clock: FrozenClock) -> None:
    owner = factories.account()
    own = factories.sender(owner)
    later = clock.at + timedelta(hours=1)
    factories.store(
        SenderHealth(
            sender_id=own.id,
            refusals=3,
            paused_until=later,
            window_until=later,
            problem_kind="authentication",
            problem="535 no",
            failing_since=clock.at,
        )
    )
    held = factories.delivery(owner, state="held", sender_id=own.id, due_at=later)

    with db.transaction() as session:
        senders.reopen(session, own.id, clock.at)

    health = db.session().scalars(select(SenderHealth)).one()
    db.session().refresh(held)
    assert (health.refusals, health.paused_until, health.problem) == (0, None, "")
    assert (held.state, held.due_at) == ("pending", clock.at)


def test_what_is_claimed_while_its_sender_is_removed_goes_through_the_next_one(
    unit: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = factories.sender(factories.account())
    gone_id = gone.id
    put(gone, "ann@example.org")
    read = batches.read

    def remove_and_read(*claimed: Any) -> list[Task]:
        if (sender := db.session().get(Sender, gone_id)) is not None:
            service.remove_sender(sender)
        return read(*claimed)

    monkeypatch.setattr(batches, "read", remove_and_read)
    with smtp_sink() as sink:
        at = settings.model_copy(update={"smtp_url": sink.url})
        worker.run_until_idle(at)
        assert [(each.state, each.attempts) for each in deliveries()] == [("held", 1)]
        worker.run_until_idle(at)

    (delivery,) = deliveries()
    assert (delivery.state, delivery.sender_id) == ("delivered", PLATFORM)
    assert [each.outcome for each in attempts()] == ["held", "delivered"]


def test_a_password_opens_only_for_the_server_it_was_given_for(
    unit: Session, settings: Settings
) -> None:
    vault = Vault(settings.secret_keys)
    own = factories.sender(factories.account(), user_name="office", imap_host="imap.example.com")
    with db.transaction():
        own.secret_sealed = vault.seal("correct horse", place=own.secret_place)

    server = senders.server_of(own, vault, settings)
    assert (server.host, server.port, server.user) == ("127.0.0.1", 2525, "office")
    assert server.password == senders.imap_of(own, vault, settings).password == "correct horse"
    assert "horse" not in repr(server)
    assert not server.allow_private

    change(own, smtp_host="evil.example.net")
    with pytest.raises(CannotOpen):
        senders.server_of(own, vault, settings)


def change(row: object, **values: object) -> None:
    with db.transaction():
        for name, value in values.items():
            setattr(row, name, value)
