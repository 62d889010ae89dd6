"""Many senders share the worker: each gets its turn, and one that hangs slows nobody else."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import claims, outbox, worker
from hostedpages.delivery.claims import Ready, Turn
from hostedpages.models import NO_SENDER, PLATFORM, Sender, SenderHealth
from tests import factories
from tests.delivery.own_servers import attempts, deliveries, put, sender_at, with_private_hosts
from tests.scripted_smtp import HANG, ScriptedSmtp, scripted_smtp

STAGES = ("banner", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "QUIT")


def hanging(opened: ExitStack, stage: str) -> ScriptedSmtp:
    extensions = ["SIZE 1000000"]  # no pipelining: each stage is waited for
    if stage in ("AUTH", "STARTTLS"):
        extensions.append("AUTH PLAIN" if stage == "AUTH" else "STARTTLS")
    return opened.enter_context(scripted_smtp(extensions=extensions, always={stage: HANG}))


@pytest.mark.both_databases
def test_mail_of_a_healthy_sender_arrives_while_nine_others_hang_at_every_stage(
    unit: Session, settings: Settings
) -> None:
    with ExitStack() as opened:
        servers = {stage: hanging(opened, stage) for stage in STAGES}
        for stage, server in servers.items():
            security = "starttls" if stage == "STARTTLS" else "none"
            sender = sender_at(server, factories.account(), settings, security=security)
            put(sender, *[f"p{number}@hangs.example" for number in range(5)])
        healthy = opened.enter_context(scripted_smtp())
        sender = sender_at(healthy, factories.account(), settings)
        put(sender, *[f"p{number}@example.org" for number in range(25)])

        async def until_the_healthy_is_through() -> list[str]:
            stop = asyncio.Event()
            timing = worker.Timing(drain=0.1)
            running = asyncio.create_task(worker.run(with_private_hosts(settings), stop, timing))
            while len(healthy.mails) < 25:
                await asyncio.sleep(0.02)
            still = [each for each in STAGES if not servers[each].accepted]
            stop.set()
            await running
            return still

        hangs = asyncio.run(until_the_healthy_is_through())

    assert len(healthy.mails) == 25
    assert set(STAGES) - set(hangs) <= {"QUIT"}, "only who hangs at the end has taken anything"


@pytest.mark.both_databases
def test_one_sender_with_very_much_to_send_does_not_take_the_turn_of_others(
    unit: Session, clock: FrozenClock
) -> None:
    many = [a_warm_sender(clock) for _ in range(4)]
    clock.advance(timedelta(seconds=-60))
    put(many[0], *[f"p{number}@example.org" for number in range(200)])
    clock.advance(timedelta(seconds=60))
    for each in many[1:]:
        put(each, "a@example.org", "b@example.org", "c@example.org")

    taken = outbox.claim("w", 100, clock.at, turn=Turn(account_seats=8))

    assert sorted(each.sender_id for each in taken) == sorted([each.id for each in many] * 2)


@pytest.mark.both_databases
def test_when_seats_are_few_every_sender_gets_one_in_turn(
    unit: Session, clock: FrozenClock
) -> None:
    many = [a_warm_sender(clock) for _ in range(6)]
    for each in many:
        put(each, "a@example.org", "b@example.org")
    turn, taken = Turn(account_seats=2), []
    for _ in range(3):
        taken += [each.sender_id for each in outbox.claim("w", 100, clock.at, turn=turn)]

    assert sorted(taken) == [each.id for each in many]


@pytest.mark.both_databases
def test_paused_and_full_senders_are_left_out_and_one_probe_goes_after_the_pause(
    unit: Session, clock: FrozenClock
) -> None:
    later = clock.at + timedelta(minutes=5)
    paused, full, warm = (a_warm_sender(clock) for _ in range(3))
    with db.transaction():
        for sender, values in (
            (paused, {"refusals": 2, "paused_until": later}),
            (full, {"full_until": later}),
        ):
            health = db.session().get_one(SenderHealth, health_id(sender))
            for name, value in values.items():
                setattr(health, name, value)
    for each in (paused, full, warm):
        put(each, *[f"p{number}@example.org" for number in range(5)])

    assert {each.sender_id for each in outbox.claim("w", 50, clock.at)} == {warm.id}
    assert claims.ready(unit, clock.at) == [Ready(warm.id)]
    clock.advance(timedelta(minutes=6))
    taken = [each.sender_id for each in outbox.claim("w", 50, clock.at)]
    assert (taken.count(paused.id), taken.count(full.id)) == (1, 2)
    assert paused.id not in {each.sender_id for each in outbox.claim("x", 50, clock.at)}


def test_servers_of_accounts_cannot_take_the_installations_seats() -> None:
    found = [Ready(PLATFORM), Ready(NO_SENDER), *(Ready(number) for number in range(1, 50))]

    shares = claims.shares(found, 10, Turn(account_seats=0))
    assert (shares[Ready(PLATFORM)], shares[Ready(NO_SENDER)], len(shares)) == (5, 5, 2)
    shares = claims.shares(found, 0, Turn(account_seats=200, on_their_way={3: 2, 4: 1}))
    assert Ready(3) not in shares
    assert (shares[Ready(4)], shares[Ready(5)], Ready(PLATFORM) in shares) == (1, 2, False)


@pytest.mark.both_databases
def test_a_server_that_nobody_knows_yet_gets_one_mail_first(
    unit: Session, clock: FrozenClock
) -> None:
    sender = factories.sender(factories.account())
    put(sender, *[f"p{number}@example.org" for number in range(5)])

    assert len(outbox.claim("w", 50, clock.at)) == 1
    assert outbox.claim("x", 50, clock.at) == []
    assert [each.sender_id for each in attempts()] == [sender.id]
    assert [each.state for each in deliveries()].count("pending") == 4


def a_warm_sender(clock: FrozenClock) -> Sender:
    sender = factories.sender(factories.account())
    factories.store(SenderHealth(sender_id=sender.id, delivered_at=clock.at))
    return sender


def health_id(sender: Sender) -> int:
    found: Sequence[SenderHealth] = db.session().query(SenderHealth).all()
    return next(each.id for each in found if each.sender_id == sender.id)
