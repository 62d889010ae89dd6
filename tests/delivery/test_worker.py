"""The worker from claim to receipt, against a real mail server on the loopback."""

import asyncio
import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import backoff, outbox, worker
from hostedpages.logs import JsonFormatter
from hostedpages.models import Account, Delivery, DeliveryAttempt, Heartbeat, Submission
from tests import factories
from tests.scripted_smtp import DROP, scripted_smtp
from tests.servers import SmtpSink, free_port, smtp_sink

PEOPLE = "sales@example.org"

pytestmark = pytest.mark.both_databases


def lead(owner: Account | None = None, **values: object) -> Submission:
    owner = owner or factories.account(new_lead_emails=["sales@example.org"])
    page = factories.page(owner, name="Free quote")
    contact = factories.contact(
        owner, first_name="Pat", last_name="Person", email="pat@example.org"
    )
    return factories.submission(page, contact, **values)


def notify(submission: Submission, *, users: list[str] | None = None) -> list[Delivery]:
    factories.notify_of(submission, users=users or [])
    return deliveries()


def deliveries() -> list[Delivery]:
    db.session().rollback()
    db.session().expire_all()
    return list(db.session().scalars(select(Delivery).order_by(Delivery.id)))


def with_smtp(settings: Settings, sink: SmtpSink) -> Settings:
    return settings.model_copy(
        update={"smtp_url": sink.url, "mail_from": "Leads <leads@ours.example>"}
    )


def test_a_lead_reaches_its_people_as_a_file_without_a_mail_server(
    unit: Session, settings: Settings
) -> None:
    (delivery,) = notify(lead())

    worker.run_until_idle(settings)

    (delivery,) = deliveries()
    assert delivery.state == "delivered"
    (file,) = (settings.data_dir / "mail").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert mail["Subject"] == "New lead: Pat Person from Free quote"
    assert mail["Reply-To"] == "pat@example.org"
    text = mail.get_body(("plain",)).get_content()
    assert "Email" in text
    assert "pat@example.org" in text


def test_a_lead_reaches_its_people_through_the_mail_server(
    unit: Session, settings: Settings
) -> None:
    (delivery,) = notify(lead(factories.account(name="Ann's Roofs", new_lead_emails=[PEOPLE])))

    with smtp_sink() as sink:
        worker.run_until_idle(with_smtp(settings, sink))
        (mail,) = sink.to("sales@example.org")

    (delivery,) = deliveries()
    assert (delivery.state, delivery.receipt) == ("delivered", "250 2.0.0 Kept")
    assert mail["Message-ID"] == f"<{delivery.public_id}@ours.example>"
    assert mail["From"] == "Ann's Roofs <leads@ours.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_one_row_that_fails_or_raises_stops_no_other(unit: Session, settings: Settings) -> None:
    owner = factories.account(new_lead_emails=[f"p{number}@example.org" for number in range(10)])
    notify(lead(owner))
    rows = deliveries()
    with db.transaction():
        rows[4].kind, rows[4].payload = "account_mail", {"template": "reset", "path": "//evil.test"}
        rows[6].recipient = "not an address"

    with smtp_sink() as sink:
        sink.refusals["p2@example.org"] = "550 5.1.1 No such user"
        worker.run_until_idle(with_smtp(settings, sink))
        arrived = sorted(address for each in sink.received for address in each.recipients)

    rows = deliveries()
    assert arrived == [f"p{number}@example.org" for number in (0, 1, 3, 5, 7, 8, 9)]
    assert [each.state for each in rows].count("delivered") == 7
    assert (rows[2].state, rows[4].state, rows[6].state) == ("failed", "failed", "skipped")
    assert "550 5.1.1 No such user" in rows[2].error


def test_a_server_that_is_down_is_tried_on_the_schedule_with_one_message_id(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    notify(lead(created_at=clock.at))
    waits = []
    with scripted_smtp(always={"DOT": "451 4.3.0 try later"}) as server:
        at = settings.model_copy(update={"smtp_url": server.url})
        for _ in range(3):
            worker.run_until_idle(at)
            (delivery,) = deliveries()
            assert delivery.state == "pending"
            assert "451 4.3.0 try later" in delivery.error
            waits.append(delivery.due_at - clock.at)
            clock.advance(waits[-1])
        server.always.clear()
        worker.run_until_idle(at)
        messages = {message_from_bytes(each, policy=default)["Message-ID"] for each in server.taken}

    (delivery,) = deliveries()
    assert delivery.state == "delivered"
    assert len(messages) == 1
    for wait, planned in zip(waits, backoff.SCHEDULE, strict=False):
        assert planned * 0.8 <= wait <= planned * 1.2
    assert [each.outcome for each in attempts()] == ["passing"] * 3 + ["delivered"]


def test_nobody_listening_leaves_the_lead_waiting(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    notify(lead(created_at=clock.at))

    url = f"smtp://127.0.0.1:{free_port()}?tls=none"
    worker.run_until_idle(settings.model_copy(update={"smtp_url": url}))

    (delivery,) = deliveries()
    assert delivery.state == "pending"
    assert "cannot be reached" in delivery.error


def test_mail_is_held_without_tls_and_goes_out_by_itself_later(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    notify(lead(created_at=clock.at))
    with scripted_smtp() as server:
        wants_tls = f"smtp://127.0.0.1:{server.port}"
        worker.run_until_idle(settings.model_copy(update={"smtp_url": wants_tls}))
        (delivery,) = deliveries()
        assert delivery.state == "held"
        assert "STARTTLS" in delivery.error
        assert not any(each.startswith("MAIL") for each in server.commands)

        clock.advance(timedelta(minutes=2))
        worker.run_until_idle(settings.model_copy(update={"smtp_url": server.url}))

    (delivery,) = deliveries()
    assert delivery.state == "delivered"


def test_a_connection_lost_after_the_dot_sends_a_lead_again_with_the_same_id(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    notify(lead(created_at=clock.at))
    with scripted_smtp(script={"DOT": [DROP]}) as server:
        at = settings.model_copy(update={"smtp_url": server.url})
        worker.run_until_idle(at)
        clock.advance(timedelta(minutes=1))
        worker.run_until_idle(at)
        ids = [message_from_bytes(each, policy=default)["Message-ID"] for each in server.taken]

    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert [each.outcome for each in attempts()] == ["unknown", "delivered"]


def test_a_planned_mail_lost_after_the_dot_waits_for_a_person(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    owner = factories.account()
    contact = factories.contact(owner)
    with db.transaction() as session:
        outbox.put(
            session,
            account_id=owner.id,
            kind="email",
            payload={"subject": "Hello", "text": "Hello", "is_answer": False},
            due_at=clock.at,
            recipient=contact.email,
            contact_id=contact.id,
        )
    with scripted_smtp(script={"DOT": [DROP]}) as server:
        worker.run_until_idle(settings.model_copy(update={"smtp_url": server.url}))
        assert len(server.taken) == 1

    (delivery,) = deliveries()
    assert delivery.state == "unknown"


def test_an_account_mail_shows_its_link_to_nobody_else(
    unit: Session, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    owner = factories.account()
    with db.transaction() as session:
        outbox.put(
            session,
            account_id=owner.id,
            kind="account_mail",
            payload={"template": "reset", "name": "Ann", "path": "/reset/canary-token"},
            due_at=owner.created_at,
            recipient="ann@example.org",
            summary="Password reset",
        )

    worker.run_until_idle(settings)

    (delivery,) = deliveries()
    assert (delivery.state, delivery.payload) == ("delivered", {})
    assert "canary" not in delivery.receipt + delivery.summary + caplog.text
    (file,) = (settings.data_dir / "mail").glob("*.eml")
    assert b"http://localhost/reset/canary-token" in file.read_bytes()


def test_logs_hold_ids_and_no_address_or_answer(
    unit: Session, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    submission = lead(answers={"first_name": "Canary", "email": "canary@example.org"})
    notify(submission)
    with smtp_sink() as sink:
        worker.run_until_idle(with_smtp(settings, sink))

    lines = [JsonFormatter().format(each) for each in caplog.records]
    ours = [json.loads(each) for each in lines if '"hostedpages.worker"' in each]
    assert any(each.get("outcome") == "delivered" and each["delivery"] for each in ours)
    assert "canary" not in json.dumps(ours).casefold()
    assert "sales@" not in json.dumps(ours)


def test_the_worker_gives_signs_of_life(unit: Session, settings: Settings) -> None:
    worker.run_until_idle(settings)

    db.session().rollback()
    heartbeat = db.session().scalars(select(Heartbeat)).one()
    assert heartbeat.name == "worker"
    assert heartbeat.details["state"] == "running"


def test_draining_lets_a_mail_on_its_way_end_and_gives_the_rest_back(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account(new_lead_emails=[f"p{number}@example.org" for number in range(30)])
    notify(lead(owner))

    async def stop_soon(url: str) -> None:
        stop = asyncio.Event()
        at = settings.model_copy(update={"smtp_url": url})
        running = asyncio.create_task(worker.run(at, stop))
        while not server.taken:
            await asyncio.sleep(0.01)
        stop.set()
        await running

    with scripted_smtp() as server:
        asyncio.run(stop_soon(server.url))
        taken = len(server.taken)

    rows = deliveries()
    assert [each.state for each in rows].count("delivered") == taken
    assert [each.error for each in rows if each.state not in ("delivered", "pending")] == []


def attempts() -> list[DeliveryAttempt]:
    db.session().rollback()
    return list(db.session().scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.number)))
