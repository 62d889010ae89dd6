"""Tests of settings share few seats, and no account takes them all."""

import asyncio
from collections.abc import AsyncIterator
from threading import Event

import pytest

from hostedpages.builder.senders.running import Run
from hostedpages.errors import TooManyTries
from hostedpages.mail.check import Check


def test_an_account_runs_one_test_at_a_time_and_leaves_the_others_theirs() -> None:
    silent = Event()

    async def steps() -> AsyncIterator[Check]:
        yield Check("greeting", "Read its greeting", "running")
        await asyncio.to_thread(silent.wait)
        yield Check("greeting", "Read its greeting", "ok")

    first = Run(steps(), account_id=1)
    with pytest.raises(TooManyTries, match="your account"):
        Run(steps(), account_id=1)
    other = Run(steps(), account_id=2)
    with pytest.raises(TooManyTries, match="Other tests"):
        Run(steps(), account_id=3)

    silent.set()
    assert [step.state for step in first] == ["running", "ok"]
    assert [step.state for step in other] == ["running", "ok"]
    assert [step.state for step in Run(steps(), account_id=1)] == ["running", "ok"]
