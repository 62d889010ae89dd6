"""Where one may land after signing in."""

import pytest

from hostedpages.accounts.next_path import safe_next
from tests.people import Client, Person

EVIL = [
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\\/evil.test",
    "https:\\\\evil.test",
    "https:/evil.test",
    "https:evil.test",
    "https://evil.test",
    "http://evil.test/pages",
    "\t//evil.test",
    " //evil.test",
    "/\t/evil.test",
    "ht\ntps://evil.test",
    "javascript:alert(1)",
    "JaVaScript:alert(1)//pages",
    "data:text/html,x",
    "https://localhost@evil.test",
    "https://evil.test\\@localhost",
    "https://localhost:80:90",
    "https://evil\uff0etest",
    "/pages\uff0f\uff0fevil.test",
    "/pages//evil.test",
    "/pages/../..//evil.test",
    "/pages\r\nSet-Cookie: x=1",
    "/pages\\..\\evil.test",
    "/%2f%2fevil.test",
    "/sign-out",
    "pages",
    "",
    "/pages?" + "a" * 600,
    "/pages?next=//evil.test",
    "/pages#//evil.test",
]


@pytest.mark.parametrize("path", EVIL)
def test_an_address_that_may_lead_elsewhere_is_dropped(path: str) -> None:
    assert safe_next(path) is None


@pytest.mark.parametrize(
    "path", ["/pages", "/pages/", "/pages/Ab_-9/design", "/leads?page=2&q=a%20b", "/settings/users"]
)
def test_our_own_addresses_are_kept(path: str) -> None:
    assert safe_next(path) == path


def test_signed_in_people_land_on_the_start_page_for_every_evil_next(alice: Person) -> None:
    for path in EVIL:
        answer = alice.client.get("/sign-in", query_string={"next": path})

        assert answer.status_code == 303
        assert answer.location == "/"


def test_the_asked_for_page_opens_after_signing_in(alice: Person, client: Client) -> None:
    asked = client.get("/settings/users?x=1")

    assert asked.location == "/sign-in?next=/settings/users?x%3D1"
    assert alice.client.get(asked.location).location == "/settings/users?x=1"
