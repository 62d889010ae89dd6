"""The outbox: each delivery claimed once, written by its holder alone."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.clock import FrozenClock
from hostedpages.delivery import outbox
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.rows import Finished
from hostedpages.errors import Conflict
from hostedpages.models import Delivery, DeliveryAttempt, HistoryEntry
from tests import factories

pytestmark = pytest.mark.both_databases

MINUTE = timedelta(minutes=1)


def sends_again(kind: str, payload: dict[str, object], unknowns: int) -> bool:
    return kind_of(kind).sends_again(payload, unknowns)


def put(count: int = 1, **values: object) -> list[Delivery]:
    if "account_id" not in values:
        values["account_id"] = factories.account().id
    given = {
        "kind": "notify_user",
        "payload": {"template": "plan_notice"},
        "due_at": clock.now(),
        "recipient": "ann@example.org",
        "summary": "Notification",
        **values,
    }
    rows = [outbox.row(**given) for _ in range(count)]
    with db.transaction() as session:
        outbox.put_many(session, rows)
    ids = [row["public_id"] for row in rows]
    return list(db.session().scalars(select(Delivery).where(Delivery.public_id.in_(ids))))


def reread(delivery: Delivery) -> Delivery:
    db.session().rollback()
    db.session().refresh(delivery)
    return delivery


def attempt_of(delivery: Delivery) -> DeliveryAttempt:
    return (
        db.session()
        .scalars(
            select(DeliveryAttempt)
            .where(DeliveryAttempt.delivery_id == delivery.id)
            .order_by(DeliveryAttempt.number.desc())
        )
        .first()
    )


def test_eight_threads_claim_each_delivery_once(unit: Session) -> None:
    put(400)
    taken: list[int] = []
    lock = threading.Lock()

    def work(name: str) -> None:
        while True:
            with db.unit():
                claims = outbox.claim(name, 7, clock.now())
            if not claims:
                return
            with lock:
                taken.extend(each.id for each in claims)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == 400
    assert len(set(taken)) == 400


def test_a_claim_opens_an_attempt_and_takes_no_more_than_asked(unit: Session) -> None:
    put(5)

    claims = outbox.claim("w", 3, clock.now())

    assert len(claims) == 3
    assert {(each.attempt, each.fence) for each in claims} == {(1, 1)}
    opened = db.session().scalar(
        select(func.count()).where(DeliveryAttempt.outcome == "", DeliveryAttempt.number == 1)
    )
    assert opened == 3


def test_what_is_not_due_waits(unit: Session, clock: FrozenClock) -> None:
    put(due_at=clock.at + MINUTE)

    assert outbox.claim("w", 5, clock.at) == []
    clock.advance(MINUTE)
    assert len(outbox.claim("w", 5, clock.at)) == 1


def test_a_delivered_row_keeps_the_receipt(unit: Session) -> None:
    (delivery,) = put()
    (claimed,) = outbox.claim("w", 1, clock.now())
    assert outbox.mark_sending([claimed], clock.now()) == {delivery.id}

    lost = outbox.finish([Finished(claimed, "delivered", "250 taken")], clock.now())

    assert lost == set()
    delivery = reread(delivery)
    assert (delivery.state, delivery.receipt, delivery.lease_until) == (
        "delivered",
        "250 taken",
        None,
    )
    assert delivery.finished_at is not None
    attempt = attempt_of(delivery)
    assert (attempt.outcome, attempt.reply) == ("delivered", "250 taken")


def test_a_passing_failure_waits_for_its_time(unit: Session, clock: FrozenClock) -> None:
    (delivery,) = put()
    (claimed,) = outbox.claim("w", 1, clock.at)

    outbox.finish([Finished(claimed, "retry", "451 later", due_at=clock.at + MINUTE)], clock.at)

    delivery = reread(delivery)
    assert (delivery.state, delivery.error, delivery.due_at) == (
        "pending",
        "451 later",
        clock.at + MINUTE,
    )
    assert attempt_of(delivery).outcome == "passing"
    clock.advance(MINUTE)
    (again,) = outbox.claim("w", 1, clock.at)
    assert (again.attempt, again.failures) == (2, 1)


def test_a_worker_that_lost_its_lease_cannot_write(unit: Session, clock: FrozenClock) -> None:
    (delivery,) = put()
    (old,) = outbox.claim("zombie", 1, clock.at)
    clock.advance(2 * MINUTE)
    assert outbox.free_expired(clock.at, sends_again) == 1
    (new,) = outbox.claim("other", 1, clock.at)

    assert outbox.mark_sending([old], clock.at) == set()
    assert outbox.renew([old], clock.at) == set()
    assert outbox.finish([Finished(old, "delivered", "250")], clock.at) == {delivery.id}

    assert reread(delivery).state == "claimed"
    assert outbox.finish([Finished(new, "delivered", "250")], clock.at) == set()


def test_a_renewed_lease_is_not_taken_away(unit: Session, clock: FrozenClock) -> None:
    (delivery,) = put()
    claims = outbox.claim("w", 1, clock.at)
    clock.advance(timedelta(seconds=45))
    assert outbox.renew(claims, clock.at) == {delivery.id}
    clock.advance(timedelta(seconds=45))

    assert outbox.free_expired(clock.at, sends_again) == 0


@pytest.mark.parametrize(
    ("kind", "payload", "state"),
    [
        ("notify_user", {"template": "new_lead"}, "pending"),
        ("email", {"subject": "x", "is_answer": True}, "pending"),
        ("email", {"subject": "x", "is_answer": False}, "unknown"),
    ],
)
def test_a_killed_worker_while_sending_is_handled_as_the_kind_says(
    unit: Session, clock: FrozenClock, kind: str, payload: dict[str, object], state: str
) -> None:
    (delivery,) = put(kind=kind, payload=payload)
    claims = outbox.claim("w", 1, clock.at)
    outbox.mark_sending(claims, clock.at)
    clock.advance(2 * MINUTE)

    outbox.free_expired(clock.at, sends_again)

    assert reread(delivery).state == state
    attempt = attempt_of(delivery)
    assert attempt.outcome == "unknown"
    assert attempt.finished_at is None


def test_an_automatic_answer_goes_again_once_only(unit: Session, clock: FrozenClock) -> None:
    (delivery,) = put(kind="email", payload={"subject": "x", "is_answer": True})
    for _ in range(2):
        outbox.mark_sending(outbox.claim("w", 1, clock.at), clock.at)
        clock.advance(2 * MINUTE)
        outbox.free_expired(clock.at, sends_again)

    assert reread(delivery).state == "unknown"


def test_a_row_that_kills_the_worker_five_times_is_failed(
    unit: Session, clock: FrozenClock
) -> None:
    (delivery,) = put()
    for _ in range(5):
        assert len(outbox.claim("w", 1, clock.at)) == 1
        clock.advance(2 * MINUTE)
        outbox.free_expired(clock.at, sends_again)

    delivery = reread(delivery)
    assert delivery.state == "failed"
    assert "5 times" in delivery.error
    assert outbox.claim("w", 1, clock.at) == []


def test_released_claims_leave_no_trace(unit: Session) -> None:
    (delivery,) = put()
    outbox.release(outbox.claim("w", 1, clock.now()))

    assert (reread(delivery).state, delivery.attempts) == ("pending", 0)
    assert attempt_of(delivery) is None
    assert outbox.claim("w", 1, clock.now())[0].attempt == 1


def test_held_deliveries_go_on_when_their_time_comes(unit: Session, clock: FrozenClock) -> None:
    first, second = put(2)
    results = [
        Finished(each, "held", "535 no", due_at=clock.at + MINUTE)
        for each in outbox.claim("w", 2, clock.at)
    ]
    outbox.finish(results, clock.at)
    assert reread(first).state == "held"

    assert outbox.free_held(clock.at) == 0
    assert outbox.free_held(clock.at + MINUTE) == 2
    assert reread(second).state == "pending"


def test_a_person_sends_a_failed_delivery_again_and_attempts_stay(unit: Session) -> None:
    owner = factories.account()
    contact = factories.contact(owner)
    (delivery,) = put(account_id=owner.id, contact_id=contact.id)
    (claimed,) = outbox.claim("w", 1, clock.now())
    outbox.finish([Finished(claimed, "failed", "550 no")], clock.now())

    with db.transaction():
        outbox.retry(reread(delivery), clock.now())

    delivery = reread(delivery)
    assert (delivery.state, delivery.attempts, delivery.finished_at) == ("pending", 1, None)
    entry = db.session().scalars(select(HistoryEntry)).one()
    assert entry.contact_id == contact.id


def test_what_was_delivered_cannot_be_sent_again_or_canceled(unit: Session) -> None:
    (delivery,) = put()
    (claimed,) = outbox.claim("w", 1, clock.now())
    outbox.finish([Finished(claimed, "delivered", "250")], clock.now())
    delivery = reread(delivery)

    with pytest.raises(Conflict), db.transaction():
        outbox.retry(delivery, clock.now())
    with pytest.raises(Conflict), db.transaction():
        outbox.cancel(delivery, clock.now())


def test_a_canceled_delivery_is_taken_from_the_worker_that_holds_it(unit: Session) -> None:
    (delivery,) = put()
    claims = outbox.claim("w", 1, clock.now())
    with db.transaction():
        outbox.cancel(reread(delivery), clock.now())

    assert outbox.mark_sending(claims, clock.now()) == set()
    assert outbox.finish([Finished(claims[0], "failed", "x")], clock.now()) == {delivery.id}
    assert reread(delivery).state == "canceled"
    assert attempt_of(delivery).outcome == "skipped"


def test_what_is_being_sent_cannot_be_canceled(unit: Session) -> None:
    (delivery,) = put()
    outbox.mark_sending(outbox.claim("w", 1, clock.now()), clock.now())

    with pytest.raises(Conflict), db.transaction():
        outbox.cancel(reread(delivery), clock.now())


def test_a_payload_with_a_secret_is_blanked_at_the_end(unit: Session) -> None:
    (delivery,) = put(kind="account_mail", payload={"template": "reset", "path": "/reset/secret"})
    (claimed,) = outbox.claim("w", 1, clock.now())

    outbox.finish([Finished(claimed, "delivered", "250", blanks_payload=True)], clock.now())

    assert reread(delivery).payload == {}
