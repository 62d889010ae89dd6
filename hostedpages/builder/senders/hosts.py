"""Refuses hosts in private networks when a sender is saved.

A name that has no address yet is no reason to refuse: saving needs no test.
"""

from hostedpages import net
from hostedpages.builder import hosts
from hostedpages.builder.senders.wanted import Wanted


def problems(wanted: Wanted, *, account_id: int, allow_private: bool) -> dict[str, str]:
    """The fields that name a private host, or one that could not be judged now, each with a
    sentence."""
    asked = {"smtp_host": (wanted.smtp_host, wanted.smtp_port)}
    if wanted.imap_enabled:
        asked["imap_host"] = (wanted.imap_host, wanted.imap_port)
    found = hosts.judge(asked, account_id=account_id, allow_private=allow_private)
    return {
        name: str(each) for name, each in found.items() if not isinstance(each, net.HostUnknown)
    }
