"""The host and the coding that a request asks for are read exactly."""

import pytest

from hostedpages.config import Settings
from hostedpages.web import static
from hostedpages.web.asked import accepts_gzip, is_trusted
from tests.people import Client


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
def test_every_name_of_this_machine_is_served(client: Client, host: str) -> None:
    assert client.get("/sign-in", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["[::2]", "[::1]:0", "[::1]:99999", "[::1]x", "[::1", "::1", "["])
def test_another_ipv6_address_is_refused(client: Client, host: str) -> None:
    assert client.get("/sign-in", headers={"Host": host}).status_code == 400


def test_an_installation_at_an_ipv6_address_trusts_itself(settings: Settings) -> None:
    there = settings.model_copy(update={"public_url": "http://[2001:db8::7]:8000"})

    assert is_trusted("[2001:DB8::7]:8000", there.trusted_hosts)
    assert not is_trusted("[2001:db8::8]:8000", there.trusted_hosts)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("br, gzip ; q=0, identity", False),
        ("notgzip", False),
        ("gzipped", False),
        ("identity", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_those_alone_who_take_it(
    client: Client, header: str, accepted: bool
) -> None:
    shelf = static.Shelf(static.FOLDER)
    answer = client.get(shelf.url("builder/builder.css"), headers={"Accept-Encoding": header})

    assert accepts_gzip(header) is accepted
    assert (answer.headers.get("Content-Encoding") == "gzip") is accepted
