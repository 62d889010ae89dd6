"""A connection goes to the address that was judged, and to nothing else."""

import asyncio
import socket
from typing import Any

import pytest

from hostedpages.mail.connect import open_dialog
from hostedpages.mail.errors import MailError
from hostedpages.mail.server import Server
from tests.scripted_smtp import ScriptedSmtp, scripted_smtp


def refusal(server: Server) -> MailError:
    async def work() -> MailError:
        with pytest.raises(MailError) as caught:
            await open_dialog(server, connect_seconds=60, read_seconds=60)
        return caught.value

    return asyncio.run(work())


def answers(monkeypatch: pytest.MonkeyPatch, *each_time: list[str]) -> list[str]:
    """The name server says these addresses, one list a question; what was asked is returned."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        found = each_time[min(len(asked), len(each_time) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A mail server on the loopback whose port may be typed."""
    with scripted_smtp() as server:
        monkeypatch.setattr("hostedpages.mail.connect.PORTS", {server.port})
        yield server


def test_a_name_that_turns_to_the_loopback_later_never_leads_there(
    monkeypatch: pytest.MonkeyPatch, inside: ScriptedSmtp
) -> None:
    asked = answers(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    server = Server("mail.example", inside.port, "none")

    # The guard of the tests names the one address that was tried.
    with pytest.raises(AssertionError, match=r"8\.8\.8\.8"):
        asyncio.run(open_dialog(server, connect_seconds=60, read_seconds=60))

    assert asked == ["mail.example"]
    assert inside.connections == 0


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"]])
def test_a_name_that_leads_inside_is_refused_before_any_connection(
    monkeypatch: pytest.MonkeyPatch, inside: ScriptedSmtp, found: list[str]
) -> None:
    answers(monkeypatch, found)

    error = refusal(Server("mail.example", inside.port, "none"))

    assert (error.kind, error.held) == ("configuration", True)
    assert "private or local network" in error.message
    assert inside.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0177.0.0.1", "0x7f.1", "2130706433", "127.1", "::1"]
)
def test_no_spelling_of_the_loopback_is_connected_to(inside: ScriptedSmtp, host: str) -> None:
    error = refusal(Server(host, inside.port, "none"))

    assert "private or local network" in error.message
    assert inside.connections == 0


@pytest.mark.parametrize("port", [22, 6379, 8080, 11211])
def test_a_port_of_another_service_is_refused_whoever_listens(port: int) -> None:
    assert str(port) in refusal(Server("8.8.8.8", port, "starttls")).message


def test_the_second_address_is_used_when_the_first_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scripted_smtp() as server:
        answers(monkeypatch, ["127.0.0.2", "127.0.0.1"])
        settings = Server("mail.example", server.port, "none", allow_private=True)

        async def work() -> None:
            dialog = await open_dialog(settings, connect_seconds=60, read_seconds=60)
            await dialog.quit(seconds=60)

        asyncio.run(work())
        assert server.commands[-1] == "QUIT"
        assert server.connections == 1


def test_a_name_without_an_address_is_told_from_a_server_that_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refusal(Server("mail.exmaple", 587, "starttls"))

    assert (error.kind, error.server, error.held) == ("name", True, False)
    assert "Check the spelling" in error.message


def test_a_server_shows_neither_password_nor_token() -> None:
    server = Server("mail.example", 587, "starttls", "ann", "canary-password", "canary-token")

    assert "canary" not in repr(server)
    assert all("canary" in each for each in server.secrets)
