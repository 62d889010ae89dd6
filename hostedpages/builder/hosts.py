"""Judges hosts that people typed when they are saved, before anything could connect there.

Must never wait long for a name server, and never connect. Every connection is judged again when it
is made.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait

from hostedpages import net

SECONDS = 3.0

# A name server may be silent for longer than anybody waits for a page: then its thread is left.
_askers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hosts")


def judge(
    asked: Mapping[str, tuple[str, int]], *, allow_private: bool
) -> dict[str, net.HostRefused | net.HostUnknown]:
    """What is wrong with hosts and ports, each under the name it was asked by.

    They are looked up side by side. One whose name servers are silent counts as unknown after
    SECONDS.
    """
    answers = {
        name: _askers.submit(net.resolve, host, port, allow_private=allow_private)
        for name, (host, port) in asked.items()
    }
    wait(answers.values(), SECONDS)
    found: dict[str, net.HostRefused | net.HostUnknown] = {}
    for name, answer in answers.items():
        if not answer.done():
            answer.cancel()  # so that nobody waits behind one that did not begin
            found[name] = net.HostUnknown(
                f"The name servers of “{asked[name][0]}” do not answer. Try again in a moment."
            )
            continue
        try:
            answer.result()
        except (net.HostRefused, net.HostUnknown) as error:
            found[name] = error
    return found
