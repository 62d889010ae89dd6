"""What is cleared away by itself, and what never is."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.delivery import housekeeping, outbox
from hostedpages.models import Delivery, Heartbeat, RateBucket, UserToken
from tests import factories

pytestmark = pytest.mark.both_databases


def test_spent_limits_and_old_links_are_deleted(unit: Session, clock: FrozenClock) -> None:
    user = factories.user()
    long_ago = clock.at - timedelta(days=30)
    for name, used_at, created_at in (
        ("old", None, long_ago),
        ("used", clock.at, long_ago),
        ("fresh", None, clock.at),
    ):
        factories.store(
            UserToken(
                account_id=user.account_id,
                user_id=user.id,
                purpose="reset",
                token_hash=name,
                created_at=created_at,
                expires_at=created_at + timedelta(hours=1),
                used_at=used_at,
            )
        )
    factories.store(RateBucket(key="spent", tat=clock.at.timestamp() - 1))
    factories.store(RateBucket(key="counting", tat=clock.at.timestamp() + 60))

    housekeeping.prune(clock.at)

    assert db.session().scalars(select(UserToken.token_hash)).all() == ["fresh"]
    assert db.session().scalars(select(RateBucket.key)).all() == ["counting"]


def test_the_link_of_an_account_mail_that_ended_is_blanked_and_others_stay(
    unit: Session, clock: FrozenClock
) -> None:
    owner = factories.account()
    with db.transaction() as session:
        for kind in ("account_mail", "notify_user"):
            outbox.put(
                session, account_id=owner.id, kind=kind, payload={"path": "/x"}, due_at=clock.at
            )
    for delivery in db.session().scalars(select(Delivery)).all():
        with db.transaction():
            outbox.cancel(delivery, clock.at)

    housekeeping.prune(clock.at)

    db.session().expire_all()
    found = {each.kind: each.payload for each in db.session().scalars(select(Delivery))}
    assert found == {"account_mail": {}, "notify_user": {"path": "/x"}}


def test_a_heartbeat_is_one_row_however_often_it_beats(unit: Session, clock: FrozenClock) -> None:
    housekeeping.beat("worker", clock.at, {"state": "running"})
    clock.advance(timedelta(seconds=5))
    housekeeping.beat("worker", clock.at, {"state": "draining"})

    heartbeat = db.session().scalars(select(Heartbeat)).one()
    assert (heartbeat.at, heartbeat.details) == (clock.at, {"state": "draining"})
