"""When a page's silence means something: tables of pages and how long they may be silent."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery.alarms import watch
from hostedpages.delivery.alarms.silence import REACH, WEEK, Silence, silence_of
from hostedpages.models import Account, Alarm, Page, PageDay
from tests import factories

ZONE = ZoneInfo("America/New_York")
# A Monday, noon in New York; no change of clocks in the weeks before.
START = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Rate = Callable[[datetime], float]


def office(per_week: float) -> Rate:
    """Leads on workdays from nine to five, none at night and on weekends."""

    def rate(local: datetime) -> float:
        return per_week / 40 if local.weekday() < 5 and 9 <= local.hour < 17 else 0.0

    return rate


def steady(per_week: float) -> Rate:
    return lambda _local: per_week / 168


def even(rate: Rate, *, weeks: int = 8, until: datetime = START) -> list[datetime]:
    """Leads that come as regularly as the rate allows."""
    found, owed = [], 0.0
    at = until - weeks * WEEK
    while at < until:
        owed += rate(at.astimezone(ZONE))
        while owed >= 1:
            owed -= 1
            found.append(at + timedelta(minutes=59) - owed * timedelta(minutes=30))
        at += HOUR
    return sorted(found)


def rings_after(leads: Sequence[datetime], *, open_since: datetime | None = None) -> timedelta:
    """How long after the last lead it rings; 60 days stand for never."""
    at = leads[-1] if leads else START
    while at - START < timedelta(days=60):
        at += HOUR if at - START < 5 * DAY else 12 * HOUR
        found = silence_of(leads, now=at, zone=ZONE, open_since=open_since)
        if found is not None and found.is_alarming:
            return at - (leads[-1] if leads else START)
    return timedelta(days=60)


@pytest.mark.parametrize(
    ("leads", "at_least", "at_most"),
    [
        # Steady pages: the more leads, the sooner.
        (even(steady(700)), 2 * HOUR, 4 * HOUR),
        (even(steady(100)), 12 * HOUR, 16 * HOUR),
        (even(steady(20)), 2 * DAY, 3 * DAY),
        (even(steady(5)), 8 * DAY, 12 * DAY),
        (even(steady(2)), 20 * DAY, 40 * DAY),
        # An office: nights and weekends are no silence.
        (even(office(100)), 3 * HOUR, 6 * HOUR),
        (even(office(100), until=START + 4 * DAY + 5 * HOUR), 2 * DAY, 4 * DAY),  # Friday at five
        (even(office(10)), 3 * DAY, 5 * DAY),
    ],
)
def test_a_page_rings_when_about_six_leads_are_missing(
    leads: list[datetime], at_least: timedelta, at_most: timedelta
) -> None:
    assert at_least <= rings_after(leads) <= at_most


NEVER = timedelta(days=60)


@pytest.mark.parametrize(
    "leads",
    [
        [],
        [START - DAY],
        even(steady(7), weeks=1),  # known for a week only
        even(steady(1), weeks=7),  # seven leads say nothing
        # A campaign of one day, and nothing before or after it.
        [START - timedelta(minutes=number) for number in range(500)],
        # Two campaigns far apart.
        sorted(
            START - back * WEEK - timedelta(minutes=number)
            for number in range(200)
            for back in (0, 6)
        ),
    ],
)
def test_a_page_that_does_not_usually_get_leads_never_rings(leads: list[datetime]) -> None:
    assert rings_after(leads) == NEVER


def test_a_campaign_makes_nobody_expect_its_leads_for_ever() -> None:
    usual = even(steady(10))
    burst = [START - 20 * DAY + timedelta(minutes=number) for number in range(600)]

    assert rings_after(sorted([*usual, *burst])) >= rings_after(usual) * 0.5
    assert rings_after(sorted([*usual, *burst])) > 2 * DAY


def test_a_page_that_fades_is_judged_by_its_last_weeks() -> None:
    busy = even(steady(60), weeks=8, until=START - 2 * WEEK)
    quiet = even(steady(5), weeks=2)

    assert rings_after([*busy, *quiet]) > 8 * DAY


def test_time_before_the_page_was_opened_again_is_no_silence() -> None:
    leads = even(steady(20))
    opened = START + 20 * DAY

    assert silence_of(leads, now=opened + HOUR, zone=ZONE, open_since=opened) is None
    found = silence_of(leads, now=opened + DAY, zone=ZONE, open_since=opened)
    assert found is not None
    assert found.since == opened
    assert not found.is_alarming
    assert rings_after(leads, open_since=opened) > 22 * DAY


def test_less_is_known_of_a_page_of_few_leads_so_it_waits_for_more() -> None:
    assert ringing(even(steady(100))).expected < ringing(even(steady(2))).expected + 2
    assert ringing(even(steady(4), weeks=3)).expected > 7


def ringing(leads: list[datetime]) -> Silence:
    found = silence_of(leads, now=leads[-1] + rings_after(leads), zone=ZONE)
    assert found is not None
    return found


@pytest.mark.parametrize("per_week", [4, 10, 50])
def test_by_chance_alone_a_page_rings_about_once_a_year_at_most(per_week: int) -> None:
    random, alarms_heard, years = Random(per_week), 0, 4
    leads = by_chance(random, office(per_week), weeks=52 * years + 8)
    for number in range(1, len(leads)):
        if leads[number] - leads[number - 1] > 2 * HOUR and leads[number] - leads[0] > 8 * WEEK:
            first = bisect_left(leads, leads[number] - REACH)
            found = silence_of(leads[first:number], now=leads[number], zone=ZONE)
            alarms_heard += bool(found and found.is_alarming)

    assert alarms_heard <= 2 * years


def by_chance(random: Random, rate: Rate, *, weeks: int) -> list[datetime]:
    """Leads of a Poisson process."""
    found = []
    for number in range(weeks * 168):
        at = START + number * HOUR
        limit, product = math.exp(-rate(at.astimezone(ZONE))), random.random()
        while product >= limit:
            found.append(at + random.random() * HOUR)
            product *= random.random()
    return sorted(found)


# The look at the database


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account(time_zone="America/New_York", alarm_emails=["boss@example.org"])


def page_with_leads(owner: Account, leads: Sequence[datetime], **values: object) -> Page:
    page = factories.page(owner, **values)
    with db.transaction():
        for at in leads:
            factories.submission(page, created_at=at)
    return page


def heard(settings: Settings, clock: FrozenClock) -> list[Alarm]:
    watch.listen_now(settings, clock.at)
    db.session().rollback()
    db.session().expire_all()
    return list(db.session().query(Alarm).filter(Alarm.closed_at.is_(None)).order_by(Alarm.id))


@pytest.mark.both_databases
def test_a_silent_page_is_told_and_a_new_lead_ends_it(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    page = page_with_leads(owner, even(steady(20), until=clock.at - 4 * DAY), name="Quote")

    (alarm,) = heard(settings, clock)
    assert alarm.text.startswith("“Quote” has had no lead for 4 days. In such a time it usually")
    assert alarm.text.endswith(
        "Nobody has opened it after that day: do the links to it still work?"
    )
    assert alarm.path == f"/pages/{page.public_id}/results"
    assert alarm.told_at == clock.at

    factories.store(
        PageDay(
            account_id=owner.id,
            page_id=page.id,
            day=(clock.at - DAY).date(),
            views=12,
        )
    )
    (alarm,) = heard(settings, clock)
    assert alarm.text.endswith("It was opened 12 times after that day: does sending still work?")

    factories.submission(page, spam_reasons=["too_fast"], created_at=clock.at)
    (alarm,) = heard(settings, clock)
    assert alarm.text.endswith("1 submission came and was set aside as spam.")

    factories.submission(page, created_at=clock.at)
    assert heard(settings, clock) == []


@pytest.mark.both_databases
@pytest.mark.parametrize("why", ["paused", "archived", "closed", "full", "opened", "deleted"])
def test_a_page_that_takes_no_answers_never_rings(
    why: str, owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    options = {
        "closed": {"closes_at": "2026-01-01T00:00:00+00:00"},
        "full": {"max_submissions": 30},
    }.get(why)
    page = page_with_leads(owner, even(steady(20), until=clock.at - 4 * DAY), options=options)
    with db.transaction():
        if why in ("paused", "archived"):
            page.status = why
        elif why == "opened":
            page.opened_at = clock.at - DAY
        elif why == "deleted":
            owner.archived_at = clock.at

    assert heard(settings, clock) == []
