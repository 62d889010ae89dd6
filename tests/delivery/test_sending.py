"""Mail of an account through its own server: its From, and what happens when that server fails."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock as clock_module
from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import housekeeping, outbox, senders, worker
from hostedpages.mail.dkim import new_key_pair
from hostedpages.models import PLATFORM, Account, SenderHealth, SendingDomain
from hostedpages.vault import Vault
from tests import factories
from tests.delivery import own_servers
from tests.delivery.own_servers import (
    PASSWORD,
    attempts,
    deliveries,
    health_of,
    pause_of,
    put,
    sender_at,
    with_private_hosts,
)
from tests.scripted_smtp import ScriptedSmtp, scripted_smtp
from tests.servers import smtp_sink

pytestmark = pytest.mark.both_databases

WITH_SIGN_IN = ["PIPELINING", "SIZE 1000000", "AUTH PLAIN"]
REFUSED = "535 5.7.8 Username and password not accepted"


def sign_ins(server: ScriptedSmtp) -> int:
    return len([each for each in server.commands if each.startswith("AUTH")])


def test_mail_comes_from_the_sender_exactly_as_configured(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account(name="Ann's Roofs")
    with scripted_smtp(extensions=WITH_SIGN_IN) as server:
        sender = sender_at(
            server, owner, settings, from_name='Ann "Roof" Ädams', email="office@roofs.example"
        )
        put(sender, "ann@example.org")
        worker.run_until_idle(with_private_hosts(settings))
        (mail,) = server.mails

    (delivery,), (attempt,) = deliveries(), attempts()
    assert (delivery.state, delivery.receipt) == ("delivered", "250 2.0.0 kept")
    assert mail["From"] == '"Ann \\"Roof\\" Ädams" <office@roofs.example>'
    assert mail["Message-ID"] == f"<{delivery.public_id}@roofs.example>"
    assert "MAIL FROM:<office@roofs.example>" in " ".join(server.commands)
    assert attempt.sender_id == sender.id
    db.session().refresh(sender)
    assert sender.state == "ok"


def test_mail_of_an_account_without_a_sender_has_its_name_on_our_address(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account(name="Ann's Roofs")
    factories.delivery(owner, kind="notify_user", payload={"template": "plan_notice"})
    factories.delivery(owner, kind="account_mail", payload={"template": "reset", "path": "/x"})
    with smtp_sink() as sink:
        worker.run_until_idle(with_private_hosts(settings, smtp_url=sink.url))
        found = {str(each.message["From"]) for each in sink.received}

    assert found == {"Ann's Roofs <leads@ours.example>", "Leads <leads@ours.example>"}


def test_a_proven_domain_is_the_from_of_what_the_installation_sends_and_signs_it(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account(name="Ann's Roofs")
    proven_domain(owner, settings)
    factories.delivery(owner, kind="notify_user", payload={"template": "plan_notice"})
    with smtp_sink() as sink:
        worker.run_until_idle(with_private_hosts(settings, smtp_url=sink.url))
        (received,) = sink.received

    assert str(received.message["From"]) == "Ann's Roofs <hello@roofs.example>"
    assert received.sender == "hello@roofs.example"
    assert "d=roofs.example" in str(received.message["DKIM-Signature"])


def test_a_domain_that_the_installations_server_refuses_closes_it_for_nobody(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account(name="Ann's Roofs")
    proven_domain(owner, settings)
    factories.delivery(owner, kind="notify_user", payload={"template": "plan_notice"})
    refusal = "553 5.7.1 Sender address rejected: not owned"
    with scripted_smtp(script={"MAIL": [refusal]}) as server:
        worker.run_until_idle(with_private_hosts(settings, smtp_url=server.url))
        (mail,) = server.mails

    (delivery,) = deliveries()
    assert delivery.state == "delivered"
    assert "takes nothing from hello@roofs.example" in delivery.receipt
    assert mail["From"] == "Ann's Roofs <leads@ours.example>"
    assert mail["DKIM-Signature"] is None
    health = db.session().scalar(select(SenderHealth).where(SenderHealth.sender_id == PLATFORM))
    assert health is None or (health.refusals, health.failing_since) == (0, None)


def proven_domain(owner: Account, settings: Settings) -> None:
    pair = new_key_pair()
    domain = SendingDomain(
        account_id=owner.id,
        public_id="d" * 22,
        name="roofs.example",
        from_email="hello@roofs.example",
        selector="lf1",
        public_key=pair.public_key,
        state="fine",
        fine_since=owner.created_at,
        key_sealed="",
    )
    domain.key_sealed = Vault(settings.secret_keys).seal(
        pair.private_key, place=domain.key_place("lf1")
    )
    factories.store(domain)


def test_a_wrong_password_holds_the_mail_and_is_not_tried_again_and_again(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    with scripted_smtp(extensions=WITH_SIGN_IN, always={"AUTH": REFUSED}) as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, *[f"p{number}@example.org" for number in range(30)])
        at = with_private_hosts(settings)
        tries = []
        for _ in range(6 * 12):
            worker.run_until_idle(at)
            tries.append(sign_ins(server))
            clock.advance(timedelta(minutes=5))

        assert tries[11] <= 3, "sign-ins in the first hour"
        assert all(later - hour <= 1 for hour, later in zip(tries[12:], tries[24:], strict=False))
        states = [each.state for each in deliveries()]
        assert set(states) <= {"held", "pending"}
        (held, *_) = [each for each in deliveries() if each.state == "held"]
        assert REFUSED in held.error
        assert PASSWORD not in held.error
        db.session().refresh(sender)
        assert sender.state == "failing"

        server.always.clear()  # set right at the provider: nobody clicks anything here
        for _ in range(15):
            clock.advance(timedelta(minutes=5))
            worker.run_until_idle(at)

    assert {each.state for each in deliveries()} == {"delivered"}
    db.session().refresh(sender)
    assert sender.state == "ok"


def test_a_saved_sender_sends_at_once_what_was_held(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    with scripted_smtp(extensions=WITH_SIGN_IN, script={"AUTH": [REFUSED]}) as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, "ann@example.org")
        worker.run_until_idle(with_private_hosts(settings))
        assert [each.state for each in deliveries()] == ["held"]

        with db.transaction() as session:
            senders.reopen(session, sender.id, clock.at)
        worker.run_until_idle(with_private_hosts(settings))

    assert [each.state for each in deliveries()] == ["delivered"]


def test_a_failing_senders_mail_leaves_through_the_installation_when_its_owner_wants_that(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    owner = factories.account(name="Ann's Roofs")
    with (
        scripted_smtp(extensions=WITH_SIGN_IN, always={"AUTH": REFUSED}) as server,
        smtp_sink() as sink,
    ):
        sender = sender_at(
            server, owner, settings, if_failing="platform", email="office@roofs.example"
        )
        put(sender, "ann@example.org", "bob@example.org")
        worker.run_until_idle(with_private_hosts(settings, smtp_url=sink.url))
        found = [each.message for each in sink.received]

    rows = deliveries()
    assert [each.state for each in rows] == ["delivered", "delivered"]
    assert {str(each["From"]) for each in found} == {"Ann's Roofs <leads@ours.example>"}
    assert {str(each["Message-ID"]) for each in found} == {
        f"<{each.public_id}@roofs.example>" for each in rows
    }
    assert all(
        each.receipt.startswith("Sent through the Hosted Pages server, because:")
        and REFUSED in each.receipt
        for each in rows
    )
    assert [each.sender_id for each in attempts() if each.outcome == "delivered"] == [PLATFORM] * 2
    assert sign_ins(server) == 1
    assert {each.sender_id for each in rows} == {sender.id}


def test_by_default_a_failing_senders_mail_waits(unit: Session, settings: Settings) -> None:
    with (
        scripted_smtp(extensions=WITH_SIGN_IN, always={"AUTH": REFUSED}) as server,
        smtp_sink() as sink,
    ):
        sender = sender_at(server, factories.account(), settings)
        put(sender, "ann@example.org", "bob@example.org")
        worker.run_until_idle(with_private_hosts(settings, smtp_url=sink.url))
        assert sink.received == []

    assert sorted(each.state for each in deliveries()) == ["held", "pending"]


def test_a_password_that_cannot_be_read_any_more_asks_for_it(
    unit: Session, settings: Settings
) -> None:
    with scripted_smtp(extensions=WITH_SIGN_IN) as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, "ann@example.org")
        lost = Vault(["a key that is gone by now, 9876543210"])
        with db.transaction():
            sender.secret_sealed = lost.seal(PASSWORD, place=sender.secret_place)
        worker.run_until_idle(with_private_hosts(settings))
        assert server.connections == 0

    (delivery,) = deliveries()
    assert delivery.state == "held"
    assert "Enter the password again." in delivery.error


def test_a_changed_sender_is_reached_at_its_new_server(unit: Session, settings: Settings) -> None:
    with scripted_smtp() as old, scripted_smtp() as new:
        sender = sender_at(old, factories.account(), settings)
        put(sender, "ann@example.org")
        worker.run_until_idle(with_private_hosts(settings))
        with db.transaction():
            sender.smtp_port = new.port
            sender.updated_at += timedelta(seconds=1)
        put(sender, "bob@example.org")
        worker.run_until_idle(with_private_hosts(settings))
        assert (len(old.mails), len(new.mails)) == (1, 1)


def test_mail_of_a_sender_that_was_turned_off_finds_another_way(
    unit: Session, settings: Settings
) -> None:
    with scripted_smtp() as server, smtp_sink() as sink:
        sender = sender_at(server, factories.account(), settings, enabled=False)
        put(sender, "ann@example.org")
        worker.run_until_idle(with_private_hosts(settings, smtp_url=sink.url))
        assert len(sink.received) == 1
        assert server.connections == 0

    assert [each.sender_id for each in deliveries()] == [PLATFORM]


def test_a_message_that_the_sender_may_not_send_for_its_size_fails_in_words(
    unit: Session, settings: Settings
) -> None:
    with scripted_smtp() as server:
        sender = sender_at(server, factories.account(), settings, limits={"max_bytes": 300})
        put(sender, "ann@example.org")
        worker.run_until_idle(with_private_hosts(settings))
        assert server.connections == 0

    (delivery,) = deliveries()
    assert delivery.state == "failed"
    assert "this sender may send 300 at most" in delivery.error


def test_limits_let_the_rest_wait_for_their_window(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    with scripted_smtp() as server:
        windows = {"windows": [{"count": 3, "seconds": 3600}]}
        sender = sender_at(server, factories.account(), settings, limits=windows)
        put(sender, *[f"p{number}@example.org" for number in range(5)])
        worker.run_until_idle(with_private_hosts(settings))
        assert len(server.mails) == 3
        clock.advance(timedelta(minutes=59))
        worker.run_until_idle(with_private_hosts(settings))
        assert len(server.mails) == 3
        clock.advance(timedelta(minutes=1))
        worker.run_until_idle(with_private_hosts(settings))
        assert len(server.mails) == 5

    assert [each.outcome for each in attempts()] == ["delivered"] * 5


def test_a_provider_that_says_quota_closes_its_window_by_itself(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    quota = "550 5.4.5 Daily user sending limit exceeded"
    with scripted_smtp(always={"DOT": quota}) as server:
        owner = factories.account()
        contact = factories.contact(owner)
        sender = sender_at(server, owner, settings)
        put(sender, "a@example.org", "b@example.org", kind="email", contact_id=contact.id)
        for _ in range(12):
            worker.run_until_idle(with_private_hosts(settings))
            clock.advance(timedelta(minutes=5))
        assert len(server.taken) == 1, "one try an hour"
        found = health_of(sender)
        assert found is not None
        assert found.window_until is not None
        assert found.failing_since is None
        server.always.clear()
        for _ in range(2):
            worker.run_until_idle(with_private_hosts(settings))
            clock.advance(timedelta(minutes=5))

    assert {each.state for each in deliveries()} == {"delivered"}


def test_nothing_is_answered_to_an_address_that_we_send_from(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account()
    contact = factories.contact(owner, email="sales@roofs.example")
    with scripted_smtp() as server:
        sender = sender_at(server, owner, settings, email="Sales@roofs.example")
        put(sender, contact.email, kind="email", contact_id=contact.id)
        worker.run_until_idle(with_private_hosts(settings))
        assert server.mails == []

    assert [each.state for each in deliveries()] == ["skipped"]


def test_an_account_stays_with_two_connections_and_a_new_server_gets_one_mail_first(
    unit: Session, settings: Settings
) -> None:
    with scripted_smtp() as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, *[f"p{number}@example.org" for number in range(20)])
        worker.run_until_idle(with_private_hosts(settings))

    assert server.connections <= 2
    assert len(server.mails) == 20


def test_too_many_connections_lower_their_number_and_the_mail_goes_a_minute_later(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    with scripted_smtp(script={"banner": ["432 4.3.2 Concurrent connections limit"]}) as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, "ann@example.org")
        worker.run_until_idle(with_private_hosts(settings))
        assert pause_of(sender) == clock.at + timedelta(seconds=60)
        found = health_of(sender)
        assert found is not None
        assert (found.connections, deliveries()[0].state) == (1, "pending")
        clock.advance(timedelta(seconds=61))
        worker.run_until_idle(with_private_hosts(settings))
        clock.advance(timedelta(seconds=61))
        worker.run_until_idle(with_private_hosts(settings))

    assert [each.state for each in own_servers.deliveries()] == ["delivered"]
    assert db.session().scalars(select(SendingDomain)).all() == []


def test_what_killed_three_workers_goes_through_its_sender_in_a_process_of_its_own(
    unit: Session, settings: Settings
) -> None:
    with scripted_smtp(extensions=WITH_SIGN_IN) as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, "ann@example.org")
        now = clock_module.now()
        for number in range(worker.CRASHES_BEFORE_ALONE):
            assert outbox.claim(f"w{number}", 1, now)
            now += timedelta(seconds=61)
            housekeeping.free_leases(now)
        (delivery,) = deliveries()
        with db.transaction():
            delivery.due_at = clock_module.now()

        worker.run_until_idle(with_private_hosts(settings))
        assert len(server.mails) == 1

    assert [each.outcome for each in attempts()] == ["unknown"] * 3 + ["delivered"]
    assert {each.sender_id for each in attempts()} == {sender.id}
