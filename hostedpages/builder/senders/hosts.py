"""Refuses hosts in private networks when a sender is saved, before anything could connect there.

A name that has no address yet is no reason to refuse: saving needs no test. Must never wait long
for a name server, and never connect. Every connection is judged again when it is made.
"""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow

from hostedpages import net
from hostedpages.builder.senders.wanted import Wanted

SECONDS = 3.0

# A name server may be silent for longer than anybody waits for a page: then its thread is left.
_askers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hosts")


def problems(wanted: Wanted, *, allow_private: bool) -> dict[str, str]:
    """The fields that name a private host, each with a sentence."""
    found = {}
    asked = {"smtp_host": (wanted.smtp_host, wanted.smtp_port)}
    if wanted.imap_enabled:
        asked["imap_host"] = (wanted.imap_host, wanted.imap_port)
    answers = {
        name: _askers.submit(net.resolve, host, port, allow_private=allow_private)
        for name, (host, port) in asked.items()
    }
    for name, answer in answers.items():
        try:
            answer.result(SECONDS)
        except net.HostRefused as error:
            found[name] = str(error)
        except (net.HostUnknown, TooSlow):
            continue
    return found
