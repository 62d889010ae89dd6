"""Whether a page that usually gets leads has fallen silent: statistics, pure and without a clock.

Leads come by chance (a Poisson process) at a rate that depends on weekday and hour. The rate is
learned from the weeks before the last lead; `expected` is how many leads should have come since.
With `n` leads to learn from, the chance that none came although nothing changed is
`(1 + expected / n) ** -n`: about `exp(-expected)` for a busy page, and far more for a page about
which little is known, so that one waits longer there. The alarm rings when this chance is below
`exp(-6)`, or for a busy page, which has a new chance to fall silent after each lead, below what
happens by itself once a year.

What keeps it from crying wolf:
- a campaign: no week counts more than twice the middle one;
- a page that fades: when the last two weeks were poorer than those before, they alone count;
- a page of a few leads: at least two whole weeks and eight leads must be known;
- nights, Sundays: hours in which no leads come, come with nothing expected.

Must never be asked about a page that is paused or closed.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)
MOST_WEEKS = 8
FEWEST_WEEKS = 2
FEWEST_LEADS = 8
SHORTEST_SILENCE = timedelta(hours=2)
LEAST_SURPRISE = 6.0
BURST = 2.0  # times the middle week
WEEKS_A_YEAR = 52
# What is looked at: the weeks to learn from, and a silence of up to that length after them.
REACH = 2 * MOST_WEEKS * WEEK


@dataclass(frozen=True, slots=True)
class Silence:
    """No lead since `since`, though `expected` should have come. `surprise` is minus the logarithm
    of the chance that this is nothing, `needed` what it takes to ring."""

    since: datetime
    expected: float
    surprise: float
    needed: float

    @property
    def is_alarming(self) -> bool:
        return self.surprise >= self.needed


def silence_of(
    leads: Sequence[datetime], *, now: datetime, zone: ZoneInfo, open_since: datetime | None = None
) -> Silence | None:
    """The silence of a page, or None when too little is known about it or it is too short.

    `leads` are aware times, sorted, of the last `REACH`; `open_since` is when the page was opened
    last, so that the time before is not taken for silence.
    """
    if len(leads) < FEWEST_LEADS:
        return None
    last = leads[-1]
    since = max(last, open_since) if open_since else last
    if now - since < SHORTEST_SILENCE:
        return None
    weeks = _weeks(leads, last)
    counts = [len(week) for week in weeks]
    middle = median(counts) if counts else 0
    if len(weeks) < FEWEST_WEEKS or middle == 0 or sum(counts) < FEWEST_LEADS:
        return None
    weights = [min(1.0, BURST * middle / count) if count else 1.0 for count in counts]
    known = sum(count * weight for count, weight in zip(counts, weights, strict=True))
    lately = sum(counts[:FEWEST_WEEKS]) / FEWEST_WEEKS
    fading = min(1.0, lately * len(weeks) / known)
    if not fading:
        return None
    expected = fading * _Profile(weeks, weights, zone).expected(since, now)
    known *= fading
    return Silence(
        since=since,
        expected=expected,
        surprise=known * math.log1p(expected / known),
        needed=max(LEAST_SURPRISE, math.log(WEEKS_A_YEAR * known / len(weeks))),
    )


def _weeks(leads: Sequence[datetime], last: datetime) -> list[Sequence[datetime]]:
    """The leads of each whole week before the last lead, the newest first."""
    whole = min(MOST_WEEKS, (last - leads[0]) // WEEK)
    edges = [bisect_right(leads, last - back * WEEK) for back in range(whole + 1)]
    return [leads[edges[back + 1] : edges[back]] for back in range(whole)]


class _Profile:
    """How many leads an hour brings: so many on such a weekday, spread over the day's hours.

    Days of work share one spread over the hours and days off another: few leads say little about
    168 hours of a week, but enough about these.
    """

    def __init__(
        self, weeks: Sequence[Sequence[datetime]], weights: Sequence[float], zone: ZoneInfo
    ) -> None:
        self._zone = zone
        self._a_day = defaultdict[int, float](float)
        self._a_group = defaultdict[bool, float](float)
        self._an_hour = defaultdict[tuple[bool, int], float](float)
        for week, weight in zip(weeks, weights, strict=True):
            for lead in week:
                local = lead.astimezone(zone)
                self._add(local.weekday(), local.hour, weight)
        self._weeks = len(weeks)

    def _add(self, weekday: int, hour: int, weight: float) -> None:
        self._a_day[weekday] += weight
        self._a_group[_is_off(weekday)] += weight
        self._an_hour[_is_off(weekday), hour] += weight

    def expected(self, since: datetime, until: datetime) -> float:
        """How many leads the time between should have brought."""
        total, at = 0.0, since
        while at < until:
            end = min(until, at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
            local = at.astimezone(self._zone)
            total += self._rate(local.weekday(), local.hour) * ((end - at) / timedelta(hours=1))
            at = end
        return total

    def _rate(self, weekday: int, hour: int) -> float:
        group = _is_off(weekday)
        if not self._a_group[group]:
            return 0.0
        share = self._an_hour[group, hour] / self._a_group[group]
        return self._a_day[weekday] / self._weeks * share


def _is_off(weekday: int) -> bool:
    return weekday >= 5
