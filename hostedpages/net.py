"""Which addresses of other machines may be talked to: the one judge for every connection to a host
that a user typed.

Resolves once and returns the address to connect to, so that a name cannot mean another machine
when it is asked again. Must never be bypassed: whoever connects asks here and uses the answer.
"""

import asyncio
import ipaddress
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

# What the standard library calls public although it leads inside, is an example, or leads nowhere.
_NOT_PUBLIC = [
    ipaddress.ip_network(each)
    for each in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "fc00::/7",
        "fe80::/10",
    )
]

# A name whose servers are silent holds a thread for half a minute, so that the threads that all
# share would be gone after a few. More than mails and webhooks can be on their way at once.
_lookups = ThreadPoolExecutor(max_workers=400, thread_name_prefix="lookup")


class HostRefused(Exception):
    """The host leads into a private or local network; the message is for people."""


class HostUnknown(Exception):
    """No address belongs to this name; the message is for people."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was judged: connect to exactly this one."""

    family: socket.AddressFamily
    address: str
    port: int


def is_public(address: str) -> bool:
    """Whether this IP address belongs to the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return is_public(str(ip.ipv4_mapped))
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return not any(ip in network for network in _NOT_PUBLIC if network.version == ip.version)


def resolve(host: str, port: int, *, allow_private: bool = False) -> list[Target]:
    """The addresses of a host, each judged; blocks while the name server answers.

    Raises HostRefused when any of them is not public (and `allow_private` is not set), HostUnknown
    when there is none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # a NUL, or letters that no name can hold
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
            raise HostUnknown(f"This machine could not look up “{host}” just now.") from None
        raise HostUnknown(f"There is no server called “{host}”. Check the spelling.") from None
    targets = [
        Target(family, str(address[0]), port)
        for family, _, _, _, address in found
        if family in (socket.AF_INET, socket.AF_INET6)
    ]
    if not targets:
        raise HostUnknown(f"There is no server called “{host}”. Check the spelling.")
    if not allow_private and not all(is_public(each.address) for each in targets):
        raise HostRefused(
            f"“{host}” is in a private or local network, which this installation does not talk "
            "to. Whoever runs it can allow that with HOSTEDPAGES_PRIVATE_HOSTS=allow."
        )
    return list(dict.fromkeys(targets))


def is_address(host: str) -> bool:
    """Whether this is an address, in whatever spelling, so that `resolve` asks no name server."""
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return False
    return True


def look_up(host: str, port: int, *, allow_private: bool = False) -> Future[list[Target]]:
    """`resolve` in a thread of its own, for code that does not wait to the end."""
    return _lookups.submit(resolve, host, port, allow_private=allow_private)


async def resolve_soon(host: str, port: int, *, allow_private: bool = False) -> list[Target]:
    """`resolve` for code that must not wait."""
    return await asyncio.wrap_future(look_up(host, port, allow_private=allow_private))
