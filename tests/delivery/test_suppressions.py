"""Stopped addresses: who is stopped, with which words, and the way back."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.delivery import suppressions
from hostedpages.models import HistoryEntry, SuppressedAddress
from tests import factories

pytestmark = pytest.mark.both_databases


def _stopped(account_id: int) -> list[SuppressedAddress]:
    return list(
        db.session().scalars(
            select(SuppressedAddress).where(SuppressedAddress.account_id == account_id)
        )
    )


def _history() -> list[tuple[int | None, str, str]]:
    rows = db.session().scalars(select(HistoryEntry).order_by(HistoryEntry.id))
    return [(each.contact_id, each.kind, each.text) for each in rows]


def test_a_quarantined_address_is_stored_once_and_noted_on_each_contact_that_carries_it(
    unit: Session,
) -> None:
    account, other = factories.account(), factories.account()
    first = factories.contact(account, email="Ann@Example.org")
    second = factories.contact(account, email="ann@example.org")
    factories.contact(other, email="ann@example.org")
    now = clock.now()

    made = []
    for reason in ("hard_bounce", "complaint"):
        with db.transaction() as session:
            made.append(
                suppressions.quarantine(
                    session, account.id, "ANN@example.org", reason=reason, reply="550", now=now
                )
            )

    assert made == [True, False]
    (row,) = _stopped(account.id)
    assert (row.address_key, row.reason, row.reply) == ("ann@example.org", "hard_bounce", "550")
    words = "ann@example.org is quarantined: mail to it came back for good."
    assert _history() == [
        (first.id, "quarantined", words),
        (second.id, "quarantined", words),
    ]
    assert _stopped(other.id) == []


def test_an_address_in_another_script_is_found_however_it_is_spelled(unit: Session) -> None:
    account = factories.account()
    with db.transaction() as session:
        suppressions.opt_out(
            session, account.id, "a@bücher.test", reason="one_click", now=clock.now()
        )

    found = suppressions.live_of(db.session(), account.id, "A@xn--bcher-kva.test")

    assert [each.kind for each in found] == ["opted_out"]


def test_a_lifted_address_keeps_its_record_and_can_be_stopped_again(unit: Session) -> None:
    owner = factories.user()
    account, now = owner.account, clock.now()
    contact = factories.contact(account, email="ann@example.org")
    with db.transaction() as session:
        suppressions.opt_out(session, account.id, contact.email, reason="one_click", now=now)
    (row,) = _stopped(account.id)

    lifted = []
    for note in ("She asked on the phone.", "Another note."):
        with db.transaction() as session:
            lifted.append(
                suppressions.lift(
                    session, row, by_user_id=owner.id, note=note, now=now + timedelta(days=1)
                )
            )

    assert lifted == [True, False]
    assert row.lifted_note == "She asked on the phone."
    assert suppressions.live_of(db.session(), account.id, contact.email) == []
    assert _history()[-1] == (
        contact.id,
        "address_lifted",
        "ann@example.org may be written to again: She asked on the phone.",
    )
    with db.transaction() as session:
        assert suppressions.opt_out(session, account.id, contact.email, reason="manual", now=now)
    assert len(_stopped(account.id)) == 2
