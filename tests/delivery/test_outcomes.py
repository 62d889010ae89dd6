"""What each answer of a mail server makes of a delivery, its sender and the address it went to."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import worker
from hostedpages.models import PLATFORM, SenderHealth, SuppressedAddress
from tests import factories
from tests.delivery.own_servers import (
    attempts,
    deliveries,
    health_of,
    put,
    sender_at,
    with_private_hosts,
)
from tests.scripted_smtp import DROP, RESET, scripted_smtp
from tests.servers import free_port

SOON = timedelta(minutes=2)
HOUR = timedelta(hours=1)
NOTICE = {"template": "plan_notice", "subject": "Call Ann", "text": "Soon."}


@dataclass(frozen=True)
class Row:
    """One row of the table: what is said where, and what follows.

    `state` and `outcome` of the delivery and its attempt; `pause` of the sender; what was said
    stands in its words, or `words` do.
    """

    stage: str
    said: str
    state: str
    outcome: str
    pause: timedelta | None = None
    failing: bool = False
    suppresses: bool = False
    words: str = ""


ROWS = {
    "busy": Row("banner", "421 4.7.0 Try again later", "pending", "held", timedelta(minutes=1)),
    "busy at the recipient": Row(
        "RCPT", "421 4.3.2 Closing", "pending", "held", timedelta(minutes=1)
    ),
    "throttled": Row("MAIL", "451 4.7.0 Slow down", "pending", "held", timedelta(minutes=1)),
    "too many connections": Row(
        "banner",
        "432 4.3.2 Too many concurrent connections",
        "pending",
        "held",
        timedelta(minutes=1),
    ),
    "wants TLS": Row("MAIL", "530 5.7.0 Must issue a STARTTLS", "held", "held", HOUR, failing=True),
    "wrong password": Row(
        "AUTH", "535 5.7.8 Bad credentials", "held", "held", timedelta(minutes=5), failing=True
    ),
    "app password": Row(
        "AUTH",
        "534 5.7.9 Application-specific password required",
        "held",
        "held",
        timedelta(minutes=5),
        failing=True,
    ),
    "sign-in for now": Row(
        "AUTH",
        "454 4.7.0 Temporary authentication failure",
        "pending",
        "held",
        timedelta(minutes=1),
    ),
    "greylisted": Row("RCPT", "450 4.2.0 Greylisted", "pending", "passing"),
    "busy mailbox": Row("RCPT", "451 4.4.1 Later", "pending", "passing"),
    "too many recipients": Row("RCPT", "452 4.5.3 Too many recipients", "pending", "passing"),
    "quota by code": Row("DOT", "550 5.4.5 Daily limit", "held", "held", HOUR),
    "quota by words": Row("DOT", "554 Sending quota exceeded for today", "held", "held", HOUR),
    "no such address": Row("RCPT", "550 5.1.1 No such user", "failed", "failed", suppresses=True),
    "bad domain": Row("RCPT", "550 5.1.2 Bad domain", "failed", "failed", suppresses=True),
    "moved": Row("RCPT", "551 5.1.6 Moved", "failed", "failed", suppresses=True),
    "null MX": Row("RCPT", "556 5.1.10 Null MX", "failed", "failed", suppresses=True),
    "disabled": Row("RCPT", "550 5.2.1 Disabled", "failed", "failed", suppresses=True),
    "mailbox full": Row("RCPT", "452 4.2.2 Mailbox full", "pending", "passing"),
    "mailbox full for good": Row("RCPT", "552 5.2.2 Mailbox full", "pending", "passing"),
    "too big": Row("DOT", "552 5.3.4 Message too big", "failed", "failed"),
    "policy": Row("DOT", "550 5.7.26 Not authenticated", "failed", "failed", words="DKIM"),
    "send as": Row("MAIL", "553 5.7.60 Not allowed to send as", "held", "held", HOUR, failing=True),
    "protocol": Row("MAIL", "500 5.5.1 What", "failed", "failed"),
    "other 4xx": Row("DOT", "451 4.3.0 Local problem", "pending", "passing"),
    "other 5xx": Row("DOT", "554 No", "pending", "passing"),
    "dropped": Row("banner", DROP, "pending", "held", timedelta(minutes=1), words="mail server"),
    "reset": Row("MAIL", RESET, "pending", "held", timedelta(minutes=1), words="mail server"),
    "lost after the dot": Row("DOT", DROP, "unknown", "unknown", words="may have taken"),
    "half an answer after the dot": Row("DOT", "25", "unknown", "unknown", words="may have taken"),
}


@pytest.mark.both_databases
@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_each_answer_has_its_outcome(
    unit: Session, settings: Settings, clock: FrozenClock, row: Row
) -> None:
    owner = factories.account()
    contact = factories.contact(owner, email="pat@example.org")
    extensions = ["PIPELINING", *(["AUTH PLAIN"] if row.stage == "AUTH" else [])]
    with scripted_smtp(extensions=extensions, always={row.stage: row.said}) as server:
        sender = sender_at(server, owner, settings)
        put(sender, contact.email, kind="email", contact_id=contact.id)
        worker.run_until_idle(with_private_hosts(settings))

    (delivery,), (attempt,) = deliveries(), attempts()
    found = health_of(sender)
    assert found is not None
    assert (delivery.state, attempt.outcome) == (row.state, row.outcome)
    assert (row.words or row.said) in delivery.error
    assert attempt.reply == delivery.error
    paused = found.paused_until - clock.at if found.paused_until else None
    assert paused == row.pause
    assert (found.failing_since is not None) == row.failing
    db.session().refresh(sender)
    assert (sender.state == "failing") == row.failing
    stopped = db.session().scalars(select(SuppressedAddress)).all()
    assert [(each.reason, each.address_key) for each in stopped] == (
        [("hard_bounce", "pat@example.org")] if row.suppresses else []
    )
    if row.state in ("pending", "held"):
        assert delivery.due_at >= clock.at + (row.pause or timedelta(seconds=20))


def test_an_address_that_does_not_exist_is_never_stopped_for_our_own_people(
    unit: Session, settings: Settings
) -> None:
    with scripted_smtp(always={"RCPT": "550 5.1.1 No such user"}) as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, "boss@example.org")
        worker.run_until_idle(with_private_hosts(settings))

    assert [each.state for each in deliveries()] == ["failed"]
    assert db.session().scalars(select(SuppressedAddress)).all() == []


@pytest.mark.both_databases
def test_a_refusal_without_a_reason_gets_one_more_try_even_after_the_server_was_down(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    at = with_private_hosts(settings)
    with scripted_smtp(script={"banner": [DROP]}, always={"DOT": "554 No"}) as server:
        put(sender_at(server, factories.account(), settings), "ann@example.org")
        seen = []
        for _ in range(3):
            worker.run_until_idle(at)
            seen.append((deliveries()[0].state, attempts()[-1].outcome))
            clock.advance(timedelta(minutes=15))

    assert seen == [("pending", "held"), ("pending", "passing"), ("failed", "failed")]


@pytest.mark.both_databases
def test_nobody_listening_leaves_the_whole_sender_alone_not_only_the_mail(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(factories.account(), smtp_port=free_port())
    put(sender, *[f"p{number}@example.org" for number in range(20)])
    worker.run_until_idle(with_private_hosts(settings))

    assert len(attempts()) == 1
    assert "cannot be reached" in deliveries()[0].error
    assert {each.state for each in deliveries()} == {"pending"}


@pytest.mark.both_databases
def test_what_waited_for_a_server_goes_when_it_is_back(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    at = with_private_hosts(settings)
    with scripted_smtp(always={"banner": DROP}) as server:
        put(sender_at(server, factories.account(), settings), "a@example.org", "b@example.org")
        for _ in range(12):  # two hours: each has failed often and would wait long by now
            worker.run_until_idle(at)
            clock.advance(timedelta(minutes=10))
        server.always.clear()
        worker.run_until_idle(at)
        worker.run_until_idle(at)

    assert {each.state for each in deliveries()} == {"delivered"}


@pytest.mark.both_databases
def test_one_mail_of_ten_that_is_refused_stops_no_other(unit: Session, settings: Settings) -> None:
    with scripted_smtp(script={"RCPT": ["550 5.1.1 No such user"]}) as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, *[f"p{number}@example.org" for number in range(10)])
        worker.run_until_idle(with_private_hosts(settings))
        assert len(server.mails) == 9

    assert sorted(each.state for each in deliveries()) == ["delivered"] * 9 + ["failed"]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("lead", "stage", "said"),
    [
        ("quota@nosuch.example", "RCPT", "450 4.1.2 <{}>: Recipient address rejected: not found"),
        ("sendas@nosuch.example", "RCPT", "550 Verification failed for <{}>"),
        ("5.4.5@nosuch.example", "RCPT", "550 Verification failed for <{}>"),
        ("speed-limit@nosuch.example", "DOT", "450 4.1.1 speed-limit is not known here"),
        ("ann@rate.example", "DOT", "450 4.1.1 no server of rate.example answers"),
    ],
)
def test_the_address_of_a_lead_stops_nobody_elses_mail_whatever_words_it_holds(
    unit: Session, settings: Settings, clock: FrozenClock, lead: str, stage: str, said: str
) -> None:
    mine, other = factories.account(), factories.account()
    contact = factories.contact(mine, email=lead)
    said = said.format(lead)
    with scripted_smtp(script={stage: [said]}) as server:
        at = with_private_hosts(settings, smtp_url=server.url)
        factories.delivery(mine, contact_id=contact.id, recipient=lead)
        worker.run_until_idle(at)
        health = db.session().scalar(select(SenderHealth).where(SenderHealth.sender_id == PLATFORM))
        assert health is None or (health.paused_until, health.failing_since) == (None, None)
        factories.delivery(other, recipient="boss@example.org", kind="notify_user", payload=NOTICE)
        factories.delivery(mine, recipient="me@example.org", kind="notify_user", payload=NOTICE)
        worker.run_until_idle(at)
        assert len(server.mails) == 2

    assert [each.state for each in deliveries()] == ["pending", "delivered", "delivered"]
    assert said in deliveries()[0].error


@pytest.mark.parametrize("after", ["QUIT", "RSET"])
def test_what_happens_after_a_mail_was_taken_does_not_undo_it(
    unit: Session, settings: Settings, after: str
) -> None:
    with scripted_smtp(always={after: RESET}) as server:
        sender = sender_at(server, factories.account(), settings)
        put(sender, "ann@example.org", "bob@example.org")
        worker.run_until_idle(with_private_hosts(settings))
        assert len(server.mails) == 2

    assert {each.state for each in deliveries()} == {"delivered"}


def test_a_server_that_closes_after_some_mails_loses_and_repeats_none(
    unit: Session, settings: Settings
) -> None:
    with scripted_smtp() as server:
        limits = {"mails_per_connection": 5}
        sender = sender_at(server, factories.account(), settings, limits=limits)
        put(sender, *[f"p{number}@example.org" for number in range(23)])
        worker.run_until_idle(with_private_hosts(settings))
        assert len(server.mails) == 23
        assert server.connections >= 5
