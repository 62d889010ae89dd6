"""When to try again: a pure function of how often it failed.

Must never look at a clock or at a delivery.
"""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

# About three days in all: a mail server that is down over a weekend loses no lead.
SCHEDULE = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
SPREAD = 0.2


def wait(
    failures: int, random: Random, schedule: Sequence[timedelta] = SCHEDULE
) -> timedelta | None:
    """How long to wait after the `failures`-th passing failure (from 1); None means give up.

    Each wait is spread by up to 20 % to either side, so that what failed together does not come
    back together.
    """
    if not 1 <= failures <= len(schedule):
        return None
    return schedule[failures - 1] * (1 + random.uniform(-SPREAD, SPREAD))
