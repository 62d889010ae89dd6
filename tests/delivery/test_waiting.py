"""When a failed delivery goes again, and when the mail server is left alone."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from hostedpages.delivery import backoff, verdict
from hostedpages.delivery.breaker import Breaker
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import DeliveryError
from hostedpages.delivery.rows import Claimed, Finished
from hostedpages.mail.errors import MailError, Reply, from_reply

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
DOWN = MailError("The server is down.", kind="connection", server=True)
WRONG_PASSWORD = MailError("No.", kind="authentication", server=True, held=True)


def claimed(
    kind: str = "notify_user", payload: dict[str, object] | None = None, **counts: int
) -> Claimed:
    return Claimed(
        id=1,
        public_id="d" * 22,
        account_id=1,
        kind=kind,
        payload=payload or {},
        recipient="ann@example.org",
        submission_id=None,
        contact_id=None,
        page_id=None,
        enrollment_id=None,
        created_at=NOW,
        fence=1,
        attempt=1,
        **counts,
    )


def judged(claim: Claimed, error: MailError | DeliveryError, *, now: datetime = NOW) -> Finished:
    return verdict.of_error(
        claim, kind_of(claim.kind), error, now=now, pause=timedelta(minutes=5), random=Random(1)
    )


def test_waits_grow_to_about_three_days_in_all() -> None:
    waits = [backoff.wait(failure, Random(failure)) for failure in range(1, 13)]

    assert waits[-1] is None
    for wait, planned in zip(waits[:-1], backoff.SCHEDULE, strict=True):
        assert wait is not None
        assert planned * 0.8 <= wait <= planned * 1.2
    assert timedelta(days=3) <= sum(backoff.SCHEDULE, timedelta()) <= timedelta(days=3.5)


def test_the_spread_is_the_callers() -> None:
    assert backoff.wait(3, Random(7)) == backoff.wait(3, Random(7))
    assert backoff.wait(3, Random(7)) != backoff.wait(3, Random(8))


def test_a_passing_failure_goes_again_later_each_time() -> None:
    first, fifth = judged(claimed(), DOWN), judged(claimed(failures=4), DOWN)

    assert first.outcome == fifth.outcome == "retry"
    assert first.due_at is not None
    assert fifth.due_at is not None
    assert timedelta(seconds=24) <= first.due_at - NOW <= timedelta(seconds=36)
    assert timedelta(minutes=48) <= fifth.due_at - NOW <= timedelta(minutes=72)


def test_after_three_days_it_is_given_up_with_the_servers_words() -> None:
    result = judged(claimed(failures=11), DOWN)

    assert result.outcome == "failed"
    assert "The server is down." in result.reply


def test_a_permanent_refusal_fails_at_once() -> None:
    refusal = from_reply(Reply(550, "5.1.1 unknown"), "the recipient")
    assert judged(claimed(), refusal).outcome == "failed"
    assert judged(claimed(), DeliveryError("no", permanent=True)).outcome == "failed"
    assert judged(claimed(), DeliveryError("not now", permanent=False)).outcome == "retry"


def test_a_bare_refusal_gets_one_more_try() -> None:
    refusal = from_reply(Reply(550, "no"), "the recipient")

    first = judged(claimed(), refusal)

    assert (first.outcome, first.due_at) == ("retry", NOW + timedelta(minutes=10))
    assert judged(claimed(failures=1), refusal).outcome == "failed"


def test_a_full_mailbox_is_tried_for_a_day() -> None:
    full = from_reply(Reply(452, "4.2.2 mailbox full"), "the recipient")
    assert judged(claimed(), full, now=NOW + timedelta(hours=23)).outcome == "retry"
    assert judged(claimed(), full, now=NOW + timedelta(hours=25)).outcome == "failed"


def test_a_setting_that_a_person_must_change_holds_the_mail() -> None:
    result = judged(claimed(), WRONG_PASSWORD)
    assert (result.outcome, result.due_at) == ("held", NOW + timedelta(minutes=5))


def test_an_unknown_outcome_is_what_the_kind_makes_of_it() -> None:
    unknown = MailError("cut after the dot", kind="unknown", unknown=True)
    answer = claimed("email", {"is_answer": True})

    again = judged(claimed(), unknown)
    assert (again.outcome, again.was_unknown) == ("retry", True)
    assert judged(answer, unknown).outcome == "retry"
    assert judged(claimed("email", {"is_answer": True}, unknowns=1), unknown).outcome == "unknown"
    assert judged(claimed("email", {"is_answer": False}), unknown).outcome == "unknown"


def test_an_automatic_answer_is_given_up_after_a_day() -> None:
    answer = claimed("email", {"is_answer": True}, failures=5)
    assert judged(answer, DOWN, now=NOW + timedelta(hours=20)).outcome == "retry"
    assert judged(answer, DOWN, now=NOW + timedelta(hours=23)).outcome == "failed"


def test_a_secret_goes_with_the_failure() -> None:
    gone = judged(claimed("account_mail", {"path": "/reset/x"}, failures=11), DOWN)
    assert gone.blanks_payload


def test_a_wrong_password_is_tried_three_times_in_the_first_hour() -> None:
    breaker, now, tries = Breaker(), 0.0, 0
    while now < 3600:
        if breaker.allowance(50, now):
            tries += 1
            breaker.refused(WRONG_PASSWORD, now)
        now += 1

    assert tries <= 3


def test_one_probe_goes_first_after_a_pause_and_success_opens_it_for_all() -> None:
    breaker = Breaker()
    breaker.refused(DOWN, 0.0)

    assert breaker.allowance(50, 1.0) == 0
    assert breaker.allowance(50, 11.0) == 1
    assert breaker.allowance(50, 11.0) == 0
    assert breaker.answered()
    assert breaker.allowance(50, 11.0) == 50
    assert not breaker.answered()


def test_many_failures_of_one_moment_count_once() -> None:
    breaker = Breaker()
    for _ in range(20):
        breaker.refused(DOWN, 0.0)
    assert breaker.pause(0.0) == 10.0


@pytest.mark.parametrize("settle", ["nothing", "refused"])
def test_a_probe_that_told_nothing_makes_room_for_the_next(settle: str) -> None:
    breaker = Breaker()
    breaker.refused(DOWN, 0.0)
    assert breaker.allowance(1, 20.0) == 1
    if settle == "nothing":
        breaker.probe_found_nothing()
        assert breaker.allowance(1, 20.0) == 1
    else:
        breaker.refused(DOWN, 20.0)
        assert breaker.allowance(1, 30.0) == 0
        assert breaker.allowance(1, 40.1) == 1
