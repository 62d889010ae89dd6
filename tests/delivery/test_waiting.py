"""When a failed delivery goes again, and when the mail server is left alone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from hostedpages.delivery import backoff, breaker, verdict
from hostedpages.delivery.breaker import Fault
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import DeliveryError
from hostedpages.delivery.rows import Claimed, Finished
from hostedpages.mail.errors import MailError, Reply, from_reply
from hostedpages.models import PLATFORM, SenderHealth

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
DOWN = MailError("The server is down.", kind="connection", server=True)
LATER = MailError("451 Come again.", kind="later")
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
    return verdict.of_error(claim, kind_of(claim.kind), error, now=now, random=Random(1))


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
    first, fifth = judged(claimed(), LATER), judged(claimed(failures=4), LATER)

    assert first.outcome == fifth.outcome == "retry"
    assert first.due_at is not None
    assert fifth.due_at is not None
    assert timedelta(seconds=24) <= first.due_at - NOW <= timedelta(seconds=36)
    assert timedelta(minutes=48) <= fifth.due_at - NOW <= timedelta(minutes=72)


def test_after_three_days_it_is_given_up_with_the_servers_words() -> None:
    result = judged(claimed(failures=11), LATER)

    assert result.outcome == "failed"
    assert "451 Come again." in result.reply


def test_a_server_that_is_down_never_fails_a_mail_however_long() -> None:
    first, last = judged(claimed(), DOWN), judged(claimed(holds=200, failures=10), DOWN)

    assert first.outcome == last.outcome == "retry"
    assert first.fault is not None
    assert first.due_at is not None
    assert last.due_at is not None
    assert timedelta(seconds=24) <= first.due_at - NOW <= timedelta(seconds=36)
    assert last.due_at - NOW <= timedelta(hours=30)


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
    assert (result.outcome, result.fault and result.fault.kind) == ("held", "authentication")


def test_an_unknown_outcome_is_what_the_kind_makes_of_it() -> None:
    unknown = MailError("cut after the dot", kind="unknown", unknown=True)
    answer = claimed("email", {"is_answer": True})

    again = judged(claimed(), unknown)
    assert (again.outcome, again.was_unknown) == ("retry", True)
    assert judged(answer, unknown).outcome == "retry"
    assert judged(claimed("email", {"is_answer": True}, unknowns=1), unknown).outcome == "unknown"
    assert judged(claimed("email", {"is_answer": False}), unknown).outcome == "unknown"


def test_an_automatic_answer_is_given_up_after_a_day() -> None:
    answer, kind = claimed("email", {"is_answer": True}, failures=5, holds=5), kind_of("email")
    for error in (LATER, DOWN):
        assert judged(answer, error, now=NOW + timedelta(hours=20)).outcome == "retry"
        assert judged(answer, error, now=NOW + timedelta(hours=23)).outcome == "failed"
    assert not verdict.is_too_late(answer, kind, NOW + timedelta(hours=24))
    assert verdict.is_too_late(answer, kind, NOW + timedelta(hours=25))


def test_a_secret_goes_with_the_failure() -> None:
    gone = judged(claimed("account_mail", {"path": "/reset/x"}, failures=11), LATER)
    assert gone.blanks_payload


def broken(sender_id: int = 7) -> SenderHealth:
    return SenderHealth(sender_id=sender_id, refusals=0, connections=0, problem_kind="", problem="")


def fault(kind: str, *, is_setting: bool = False) -> Fault:
    return Fault(kind, f"It is {kind}.", is_setting)


def tries(health: SenderHealth, what: Fault, *, hours: int) -> list[timedelta]:
    """When it is tried, if it is tried as soon as that is allowed and nothing gets better."""
    now, found = NOW, []
    while now < NOW + timedelta(hours=hours):
        found.append(now - NOW)
        breaker.refused(health, what, now)
        assert health.paused_until is not None
        now = health.paused_until
    return found


def test_a_wrong_password_is_tried_three_times_in_the_first_hour_and_then_once_an_hour() -> None:
    found = tries(broken(), fault("authentication", is_setting=True), hours=12)

    assert len([each for each in found if each < timedelta(hours=1)]) == 3
    later = [each for each in found if each >= timedelta(minutes=20)]
    gaps = [after - before for before, after in pairwise(later)]
    assert set(gaps) == {timedelta(hours=1)}


def test_sign_ins_refused_at_the_same_time_each_count() -> None:
    health, wrong = broken(), fault("authentication", is_setting=True)
    breaker.refused(health, wrong, NOW)
    breaker.refused(health, wrong, NOW)
    assert health.paused_until == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("kind", "is_setting", "first", "last"),
    [
        ("connection", False, 60, 900),
        ("timeout", False, 60, 900),
        ("busy", False, 60, 1800),
        ("concurrency", False, 60, 60),
        ("configuration", True, 3600, 3600),
        ("sender_refused", True, 3600, 3600),
        ("quota", True, 3600, 3600),
    ],
)
def test_waits_for_a_server_grow_up_to_what_its_fault_deserves(
    kind: str, is_setting: bool, first: int, last: int
) -> None:
    found = tries(broken(), fault(kind, is_setting=is_setting), hours=24)
    gaps = [(after - before).total_seconds() for before, after in pairwise(found)]
    assert (gaps[0], gaps[-1]) == (first, last)
    assert gaps == sorted(gaps)


def test_the_installations_own_server_is_asked_again_sooner() -> None:
    gaps = list(pairwise(tries(broken(PLATFORM), fault("connection"), hours=1)))
    assert gaps[0][1] == timedelta(seconds=10)


def test_many_failures_of_one_moment_count_once() -> None:
    health = broken()
    for _ in range(20):
        breaker.refused(health, fault("connection"), NOW)
    assert (health.refusals, health.paused_until) == (1, NOW + timedelta(minutes=1))


def test_success_opens_it_for_all_and_says_so_once() -> None:
    health = broken()
    breaker.refused(health, fault("configuration", is_setting=True), NOW)
    assert (health.failing_since, health.problem) == (NOW, "It is configuration.")

    assert breaker.answered(health, NOW, delivered=True)
    assert (health.refusals, health.paused_until, health.failing_since) == (0, None, None)
    assert not breaker.answered(health, NOW, delivered=True)


def test_a_refused_address_does_not_end_a_quota_and_a_mail_that_goes_does() -> None:
    health = broken()
    breaker.refused(health, fault("quota", is_setting=True), NOW)
    assert (health.failing_since, health.window_until) == (None, NOW + timedelta(hours=24))

    assert not breaker.answered(health, NOW, delivered=False)
    assert breaker.answered(health, NOW, delivered=True)
    assert health.window_until is None


def test_a_short_interruption_is_no_failing_sender() -> None:
    health = broken()
    for number in range(breaker.DOWN_BEFORE_FAILING):
        assert health.failing_since is None
        breaker.refused(health, fault("connection"), NOW + timedelta(hours=number))
    assert health.failing_since is not None
