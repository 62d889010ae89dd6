"""Which addresses may be talked to."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from hostedpages import net

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"]
INSIDE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert net.is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_leads_inside_is_not_public(address: str) -> None:
    assert not net.is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0177.0.0.1", "0x7f.1", "2130706433", "127.1", "①②⑦.⓪.⓪.①", "localhost", "::1"],
)
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(net.HostRefused):
        net.resolve(host, 25)


def test_an_operator_may_allow_private_hosts() -> None:
    (target,) = net.resolve("127.0.0.1", 2525, allow_private=True)

    assert (target.address, target.port) == ("127.0.0.1", 2525)


@pytest.mark.parametrize("host", ["", "no such host", "a" * 70 + ".example", "mail..example"])
def test_a_name_that_means_nothing_is_said_to_be_unknown(host: str) -> None:
    with pytest.raises((net.HostUnknown, net.HostRefused)):
        net.resolve(host, 25)


def test_names_whose_servers_are_silent_keep_no_other_name_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, is_over = socket.getaddrinfo, threading.Event()

    def asked(host: str, *more: Any, **options: Any) -> Any:
        if host.endswith(".silent.example"):
            is_over.wait(120)
            raise socket.gaierror("nobody answers")
        return found(host, *more, **options)

    async def look() -> list[net.Target]:
        silent = [
            asyncio.create_task(net.resolve_soon(f"{number}.silent.example", 587))
            for number in range(100)
        ]
        try:
            await asyncio.sleep(0)
            async with asyncio.timeout(60):
                await asyncio.to_thread(lambda: None)
                return await net.resolve_soon("127.0.0.1", 25, allow_private=True)
        finally:
            is_over.set()
            await asyncio.gather(*silent, return_exceptions=True)

    monkeypatch.setattr(socket, "getaddrinfo", asked)

    assert asyncio.run(look())


def test_a_lookup_that_failed_for_now_is_not_called_a_wrong_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    with pytest.raises(net.HostUnknown, match="could not look up “mail.example.com” just now"):
        net.resolve("mail.example.com", 25)
