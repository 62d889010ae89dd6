"""Judges hosts that people typed when they are saved, before anything could connect there.

Must never wait long for a name server, and never connect. Every connection is judged again when it
is made.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from functools import partial
from threading import Condition
from time import monotonic

from hostedpages import net

SECONDS = 3.0
# A name server may be silent for longer than anybody waits for a page: its look-up goes on by
# itself. Those of one account keep no other account waiting, because they are few.
AT_ONCE = 2

_on_their_way: Counter[int] = Counter()
_place_is_free = Condition()


class NotLookedUp(Exception):
    """There was no place for this look-up; the message is for people."""

    def __init__(self) -> None:
        super().__init__("Hosted Pages is busy with other names. Please try again in a moment.")


Problem = net.HostRefused | net.HostUnknown | NotLookedUp


def judge(
    asked: Mapping[str, tuple[str, int]], *, account_id: int, allow_private: bool
) -> dict[str, Problem]:
    """What is wrong with hosts and ports, each under the name it was asked by.

    They are looked up side by side, at most AT_ONCE of one account; the next wait SECONDS for a
    place. One whose name servers are silent counts as unknown after SECONDS.
    """
    found: dict[str, Problem | None] = {}
    looks: dict[str, Future[list[net.Target]]] = {}
    give_up_at = monotonic() + SECONDS
    for name, (host, port) in asked.items():
        if net.is_address(host):  # nobody is asked, so it cannot wait
            found[name] = _problem(partial(net.resolve, host, port, allow_private=allow_private))
        elif _take_place(account_id, give_up_at):
            looks[name] = net.look_up(host, port, allow_private=allow_private)
            looks[name].add_done_callback(lambda _: _leave_place(account_id))
        else:
            found[name] = NotLookedUp()
    wait(looks.values(), SECONDS)
    for name, look in looks.items():
        if look.cancel():  # it did not begin
            found[name] = NotLookedUp()
        elif look.done():
            found[name] = _problem(look.result)
        else:
            found[name] = net.HostUnknown(
                f"The name servers of “{asked[name][0]}” do not answer. Try again in a moment."
            )
    return {name: problem for name, problem in found.items() if problem is not None}


def _problem(look: Callable[[], object]) -> Problem | None:
    try:
        look()
    except (net.HostRefused, net.HostUnknown) as error:
        return error
    return None


def _take_place(account_id: int, give_up_at: float) -> bool:
    with _place_is_free:
        is_free = _place_is_free.wait_for(
            lambda: _on_their_way[account_id] < AT_ONCE, timeout=give_up_at - monotonic()
        )
        if is_free:
            _on_their_way[account_id] += 1
        return is_free


def _leave_place(account_id: int) -> None:
    with _place_is_free:
        _on_their_way[account_id] -= 1
        if not _on_their_way[account_id]:
            del _on_their_way[account_id]
        _place_is_free.notify_all()
