"""The page out of memory: the same answer as the application's, and only where that is allowed."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.models import Page
from tests import factories
from tests.people import Client


@pytest.fixture
def live(app: Flask, unit: Session) -> Client:
    """A client of an application that keeps pages, as in production."""
    app.testing = False
    client = app.test_client()
    assert isinstance(client, Client)
    return client


def page_path(page: Page) -> str:
    return f"/f/{page.public_id}"


def test_the_second_visitor_gets_the_same_page_and_headers(live: Client, unit: Session) -> None:
    path = page_path(factories.page(factories.account()))
    first, second = live.get(path), live.get(path)
    assert first.data == second.data
    own = "X-Request-Id"
    assert first.headers[own] != second.headers[own]
    assert [each for each in first.headers if each[0] != own] == [
        each for each in second.headers if each[0] != own
    ]


def test_a_kept_page_is_not_sent_twice_to_one_browser(live: Client, unit: Session) -> None:
    path = page_path(factories.page(factories.account()))
    etag = live.get(path).headers["ETag"]
    again = live.get(path, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.data) == (304, b"")


def test_compressed_and_plain_are_kept_apart(live: Client, unit: Session) -> None:
    path = page_path(factories.page(factories.account()))
    for _ in range(2):
        assert live.get(path).data.startswith(b"<!doctype")
        assert live.get(path, headers={"Accept-Encoding": "gzip"}).data.startswith(b"\x1f\x8b")
        refused = live.get(path, headers={"Accept-Encoding": "gzip;q=0"})
        assert refused.data.startswith(b"<!doctype")


def test_a_foreign_host_is_refused_although_the_page_is_kept(live: Client, unit: Session) -> None:
    path = page_path(factories.page(factories.account()))
    live.get(path)
    for host in ("evil.test", "localhost.evil.test", "", "localhost:80:evil", "localhost:0"):
        assert live.get(path, headers={"Host": host}).status_code in (400, 404)


def test_what_is_not_for_everybody_is_never_kept(live: Client, unit: Session) -> None:
    page = factories.page(factories.account())
    with db.transaction():
        page.status = "paused"
    assert live.get(page_path(page)).status_code == 410
    assert live.get(page_path(page) + "?c=x").headers["Cache-Control"] == "private, no-store"
    assert live.get("/sign-in").status_code == 200
    assert "no-store" in live.get("/sign-in").headers["Cache-Control"]
