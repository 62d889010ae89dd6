"""The four figures of a page: views, starts, submissions, rate, with their last 30 days.

Must never count what is in quarantine.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from hostedpages import clock, db
from hostedpages.builder import times
from hostedpages.builder.pages.queries import is_counted
from hostedpages.models import Page, PageDay, Submission

DAYS = 30
WIDTH, HEIGHT = 120.0, 32.0


@dataclass(frozen=True)
class Figure:
    """One number of the last 30 days, its number in all, its days as text and as a line."""

    name: str
    value: str
    in_all: str
    days: list[str]
    line: str
    area: str


@dataclass(frozen=True)
class Figures:
    """The figures side by side, with the days they stand for."""

    figures: list[Figure]
    days: list[date]


def figures_of(page: Page) -> Figures:
    """Read the counts of the last 30 days of the account's calendar, today included."""
    zone = times.account_zone()
    today = clock.now().astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    session = db.session()
    counts = {
        row.day: (row.views, row.starts)
        for row in session.execute(
            select(PageDay.day, PageDay.views, PageDay.starts).where(
                PageDay.page_id == page.id, PageDay.day >= days[0]
            )
        )
    }
    since, _ = times.day_bounds(days[0], zone)
    sent = Counter(
        moment.astimezone(zone).date()
        for moment in session.scalars(
            select(Submission.created_at).where(
                Submission.page_id == page.id, is_counted(), Submission.created_at >= since
            )
        )
    )
    all_views, all_starts = session.execute(
        select(
            func.coalesce(func.sum(PageDay.views), 0), func.coalesce(func.sum(PageDay.starts), 0)
        ).where(PageDay.page_id == page.id)
    ).one()
    all_sent = (
        session.scalar(
            select(func.count())
            .select_from(Submission)
            .where(Submission.page_id == page.id, is_counted())
        )
        or 0
    )
    views = [counts.get(day, (0, 0))[0] for day in days]
    starts = [counts.get(day, (0, 0))[1] for day in days]
    submissions = [sent.get(day, 0) for day in days]
    rates = [_rate(many, seen) for many, seen in zip(submissions, views, strict=True)]
    return Figures(
        figures=[
            _counted("Views", views, int(all_views)),
            _counted("Starts", starts, int(all_starts)),
            _counted("Submissions", submissions, all_sent),
            Figure(
                "Rate",
                percent(_rate(sum(submissions), sum(views))),
                percent(_rate(all_sent, int(all_views))),
                [percent(rate) for rate in rates],
                *_drawn([rate or 0.0 for rate in rates]),
            ),
        ],
        days=days,
    )


def percent(rate: float | None) -> str:
    """ "12.5 %"; a dash when nobody came."""
    return "–" if rate is None else f"{rate:.1f} %"


def _rate(submissions: int, views: int) -> float | None:
    return min(100.0, 100 * submissions / views) if views else None


def _counted(name: str, values: Sequence[int], in_all: int) -> Figure:
    texts = [f"{value:,}" for value in values]
    return Figure(name, f"{sum(values):,}", f"{in_all:,}", texts, *_drawn(values))


def _drawn(values: Sequence[float]) -> tuple[str, str]:
    """The points of a line and the path of the area under it, in a box of WIDTH by HEIGHT."""
    top = max(values) or 1
    step = WIDTH / (len(values) - 1)
    points = [
        f"{at * step:.1f},{HEIGHT - 1 - (HEIGHT - 2) * value / top:.1f}"
        for at, value in enumerate(values)
    ]
    line = " ".join(points)
    return line, f"M0,{HEIGHT:.0f} L{' L'.join(points)} L{WIDTH:.0f},{HEIGHT:.0f} Z"
