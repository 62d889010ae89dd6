"""Hosts that people typed are judged when they are saved, whatever other accounts have typed."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, Semaphore
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import select

from hostedpages import db, net
from hostedpages.builder import hosts
from hostedpages.models import Sender
from tests.builder.test_senders import FILLED
from tests.people import Person

Answers = dict[str, hosts.Problem]


def judge(account_id: int, *names: str) -> Answers:
    asked = {name: (name, 587) for name in names}
    return hosts.judge(asked, account_id=account_id, allow_private=False)


@pytest.fixture
def go_silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], list[Answers]]]:
    """Lets an account save four names whose servers say nothing until the test ends."""
    is_over, resolve, silent = Event(), net.resolve, Semaphore(0)

    def wait_or_resolve(host: str, *more: Any, **options: Any) -> list[net.Target]:
        if host.endswith(".silent.example"):
            silent.release()
            is_over.wait(120)
            raise net.HostUnknown("No answer.")
        return resolve(host, *more, **options)

    def wait_for_all_that_answer(looks: Collection[Future[Any]], _: float) -> None:
        """However slow the machine is: until each is done, or known to be silent."""
        until = monotonic() + 60
        known = 0
        while sum(not each.done() for each in looks) > known and monotonic() < until:
            known += silent.acquire(timeout=0.02)

    monkeypatch.setattr(net, "resolve", wait_or_resolve)
    monkeypatch.setattr(hosts, "SECONDS", 0.3)  # for a place
    monkeypatch.setattr(hosts, "wait", wait_for_all_that_answer)
    yield lambda account_id: [
        judge(account_id, f"smtp{each}.silent.example", f"imap{each}.silent.example")
        for each in range(2)
    ]
    is_over.set()
    with hosts._place_is_free:
        assert hosts._place_is_free.wait_for(lambda: not hosts._on_their_way, 60)


def test_silent_names_of_one_account_keep_no_other_account_waiting(
    go_silent: Callable[[int], list[Answers]],
) -> None:
    first, second = go_silent(1)

    assert all("do not answer" in str(each) for each in first.values())
    assert {str(each) for each in second.values()} == {
        "Hosted Pages is busy with other names. Please try again in a moment."
    }
    assert isinstance(judge(2, "localhost")["localhost"], net.HostRefused)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0x7f.1"])
def test_an_address_is_judged_while_names_of_the_same_account_wait(
    go_silent: Callable[[int], list[Answers]], address: str
) -> None:
    go_silent(1)

    assert isinstance(judge(1, address)[address], net.HostRefused)


def test_a_look_up_that_could_not_begin_is_not_blamed_on_name_servers(
    go_silent: Callable[[int], list[Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as one_thread, monkeypatch.context() as patched:
        patched.setattr(net, "_lookups", one_thread)
        patched.setattr(hosts, "wait", wait)
        is_over = Event()
        one_thread.submit(is_over.wait, 120)
        without_a_thread = judge(1, "localhost")
        is_over.set()

    assert "Hosted Pages is busy" in str(without_a_thread["localhost"])
    assert isinstance(judge(1, "localhost")["localhost"], net.HostRefused)


def test_a_sender_whose_host_could_not_be_judged_is_not_stored(
    go_silent: Callable[[int], list[Answers]], alice: Person
) -> None:
    go_silent(alice.account.id)

    data = {**FILLED, "smtp_host": "localhost"}
    answer = alice.client.post("/settings/mail/new?slot=account", data=data)

    assert answer.status_code == 422
    assert "Hosted Pages is busy" in answer.get_data(as_text=True)
    assert db.session().scalars(select(Sender)).all() == []
