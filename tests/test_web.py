"""What every answer has in common: headers, limits, error pages, logs, static files, addresses."""

import gzip
import io
import json
import logging
import sqlite3
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import NotFound as HttpNotFound
from werkzeug.test import TestResponse

from hostedpages import logs, web
from hostedpages.accounts import guard
from hostedpages.app import create_app
from hostedpages.config import Settings
from hostedpages.errors import Conflict, NotFound, Refused, TooManyTries
from hostedpages.web import static
from tests.people import Client, Person

CANARY = "canary@example.org"


@pytest.fixture
def trouble(settings: Settings, database: None) -> Flask:
    """The product with views that fail in every way, answering as in production."""
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    failures: dict[str, Exception] = {
        "missing": NotFound(),
        "refused": Refused("Please enter a name.", field="name"),
        "conflict": Conflict("Bob saved this a minute ago."),
        "busy": TooManyTries("Please wait.", retry_after_seconds=7.4),
        "abort": HttpNotFound(),
        "locked": OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked")),
        "broken": OperationalError("INSERT", {}, sqlite3.OperationalError("disk I/O error")),
        "crash": RuntimeError(f"cannot reach {CANARY}"),
    }
    for name, error in failures.items():
        app.add_url_rule(f"/fail/{name}", f"fail_{name}", _failing(error), methods=["GET", "POST"])
    return app


def _failing(error: Exception) -> Any:
    @guard.public
    def view() -> str:
        raise error

    return view


def test_every_kind_of_answer_has_the_security_headers(
    alice: Person, client: Client, trouble: Flask
) -> None:
    answers = {
        "page": client.get("/sign-in"),
        "redirect": client.get("/settings/account"),
        "staff page": alice.client.get("/settings/account"),
        "forbidden": client.post("/sign-in", headers={"Sec-Fetch-Site": "cross-site"}),
        "missing": client.get("/nothing-here"),
        "wrong method": client.delete("/sign-in"),
        "static": client.get(web_url(alice)),
        "json": client.get("/healthz"),
        "too large": client.post("/sign-in", data={"email": "x" * 3_000_000}),
        "wrong host": client.get("/sign-in", headers={"Host": "evil.test"}),
        "crash": trouble.test_client().get("/fail/crash"),
        "limit": trouble.test_client().get("/fail/busy"),
    }

    for name, answer in answers.items():
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, name
        assert "object-src 'none'; base-uri 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] in (
            "same-origin",
            "strict-origin-when-cross-origin",
        ), name
        assert "camera=()" in answer.headers["Permissions-Policy"], name
        assert "Access-Control-Allow-Origin" not in answer.headers, name
        assert "Strict-Transport-Security" not in answer.headers, name  # plain http in this test
        assert "Server" not in answer.headers, name


def web_url(person: Person) -> str:
    return f"/static/{static.Shelf(static.FOLDER).digest}/builder/builder.css"


def test_staff_pages_cannot_be_framed_kept_or_scripted_from_elsewhere(alice: Person) -> None:
    answer = alice.client.get("/settings/account")

    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_public_answers_may_be_framed(client: Client) -> None:
    answer = client.get("/healthz")

    assert "X-Frame-Options" not in answer.headers
    assert "frame-ancestors" not in answer.headers["Content-Security-Policy"]


def test_a_view_may_set_its_own_policy_but_nothing_can_break_out_of_it(app: Flask) -> None:
    with app.test_request_context("/"):
        web.set_policy({"default-src": "'none'", "frame-ancestors": "https://a.test"})
        for evil in ("https://a.test; script-src *", "x\r\nSet-Cookie: a=b", "a,b", "häuser"):
            with pytest.raises(ValueError, match="no such characters"):
                web.set_policy({"frame-ancestors": evil})


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("missing", 404, "There is nothing at this address."),
        ("refused", 422, "Please enter a name."),
        ("conflict", 409, "Bob saved this a minute ago."),
        ("busy", 429, "Please wait."),
        ("abort", 404, "Nothing here"),
        ("locked", 503, "Please try again in a moment."),
        ("broken", 500, "Something went wrong on our side"),
        ("crash", 500, "Something went wrong on our side"),
    ],
)
def test_an_error_is_a_page_for_people_and_json_for_scripts(
    trouble: Flask, name: str, status: int, words: str
) -> None:
    client = trouble.test_client()
    page = client.get(f"/fail/{name}", headers={"Accept": "text/html,*/*;q=0.8"})
    answer = client.get(f"/fail/{name}", headers={"Accept": "application/json"})

    assert page.status_code == answer.status_code == status
    assert page.mimetype == "text/html"
    assert words in page.get_data(as_text=True)
    assert page.headers["X-Request-Id"] in page.get_data(as_text=True)
    error = answer.get_json()["error"]
    assert error["status"] == status
    assert error["request_id"] == answer.headers["X-Request-Id"]
    assert "Set-Cookie" not in page.headers


def test_an_error_says_when_to_come_back_and_which_field(trouble: Flask) -> None:
    client = trouble.test_client()

    assert client.get("/fail/busy").headers["Retry-After"] == "7"
    assert client.get("/fail/locked").headers["Retry-After"] == "5"
    refused = client.post("/fail/refused", json={})
    assert refused.get_json()["error"]["field"] == "name"


def test_a_crash_shows_only_a_reference_and_logs_it_without_personal_data(
    trouble: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    answer = trouble.test_client().get("/fail/crash?email=" + CANARY)

    text = answer.get_data(as_text=True)
    assert CANARY not in text
    assert "Traceback" not in text
    lines = [logs.JsonFormatter().format(record) for record in caplog.records]
    crash = next(json.loads(line) for line in lines if "RuntimeError" in line)
    assert crash["error_message"] == "cannot reach [email]"
    assert crash["trace"]
    assert CANARY not in "".join(lines)


def test_there_is_no_debugger(client: Client, trouble: Flask) -> None:
    assert client.get("/console").status_code == 404
    assert client.get("/?__debugger__=yes&cmd=resource&f=style.css").status_code in (303, 404)
    assert trouble.debug is False


@pytest.mark.parametrize("host", ["evil.test", "localhost.evil.test", "evil.test:80", "", "a b"])
def test_a_request_for_another_host_is_refused(client: Client, host: str) -> None:
    answer = client.get("/sign-in", headers={"Host": host})

    assert answer.status_code == 400
    assert "evil" not in answer.get_data(as_text=True)


def test_forwarded_hosts_are_ignored(client: Client) -> None:
    for name in ("X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host"):
        answer = client.get("/settings/account", headers={name: "evil.test"})
        assert answer.location.startswith("/sign-in")


def test_too_much_at_once_is_answered_with_a_clear_page(client: Client, trouble: Flask) -> None:
    public = trouble.test_client()
    answers = [
        client.post("/sign-in", data={"email": "x" * 2_200_000}),
        client.post("/sign-in", data="a&" * 4000, content_type=FORM),
        public.post("/fail/missing", data="x=" + "x" * 1_100_000, content_type=FORM),
    ]

    for answer in answers:
        assert answer.status_code == 413
        assert "can be sent at once" in answer.get_data(as_text=True)
    assert "At most 2 MB" in answers[0].get_data(as_text=True)
    assert "At most 1 MB" in answers[2].get_data(as_text=True)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "identity, gzip"])
def test_a_compressed_request_is_not_unpacked(client: Client, encoding: str) -> None:
    answer = client.post(
        "/sign-in",
        data=gzip.compress(b"0" * 1_000_000),
        headers={"Content-Encoding": encoding},
        content_type=FORM,
    )

    assert answer.status_code == 415


def asked_from(settings: Settings, hops: int, headers: dict[str, str], remote: str) -> list[str]:
    """Address and limit key that a product behind `hops` proxies sees."""
    app = create_app(settings.model_copy(update={"proxy_hops": hops}))

    @guard.public
    def who() -> list[str]:
        return [web.client_address(), web.address_key()]

    app.add_url_rule("/who", "who", who)
    answer: TestResponse = app.test_client().get(
        "/who", headers=headers, environ_overrides={"REMOTE_ADDR": remote}
    )
    found: list[str] = answer.get_json()
    return found


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "1.2.3.4", "198.51.100.7"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 5.6.7.8", "1.2.3.4"),
        (2, "1.2.3.4", "198.51.100.7"),
    ],
)
def test_only_what_counted_proxies_added_is_believed(
    settings: Settings, database: None, hops: int, forwarded: str, expected: str
) -> None:
    headers = {
        "X-Forwarded-For": forwarded,
        "Forwarded": "for=6.6.6.6",
        "X-Real-IP": "6.6.6.6",
        "CF-Connecting-IP": "6.6.6.6",
    }

    assert asked_from(settings, hops, headers, "198.51.100.7") == [expected, expected]


@pytest.mark.parametrize(
    ("remote", "address", "key"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", "203.0.113.5", "203.0.113.5"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("not an address", "unknown", "unknown"),
    ],
)
def test_one_customer_of_ipv6_is_one_key(
    settings: Settings, database: None, remote: str, address: str, key: str
) -> None:
    assert asked_from(settings, 0, {}, remote) == [address, key]


def test_static_files_are_kept_for_ever_under_their_digest(client: Client) -> None:
    shelf = static.Shelf(static.FOLDER)
    answer = client.get(shelf.url("builder/builder.css"), headers={"Accept-Encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    plain = client.get(shelf.url("builder/builder.css"))
    assert gzip.decompress(answer.get_data()) == plain.get_data()
    assert "Content-Encoding" not in plain.headers


def test_an_address_of_an_earlier_release_still_works_but_is_not_kept(client: Client) -> None:
    answer = client.get("/static/0123456789abcdef/builder/builder.css")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get(
        "/static/0123456789abcdef/builder/builder.css",
        headers={"If-None-Match": answer.headers["ETag"]},
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "/etc/passwd", "builder", "builder/", ".hidden", "x.css"]
)
def test_nothing_beyond_the_folder_is_served(client: Client, path: str) -> None:
    assert client.get(f"/static/x/{path}").status_code in (404, 308)


@pytest.mark.both_databases
def test_a_nul_is_never_a_crash(alice: Person) -> None:
    for path in ("/f/%00", "/p/demo/%00", "/f/%00/thanks", "/pages/%00/design", "/reset/%00"):
        assert alice.client.get(path).status_code == 404
    assert alice.client.post("/p/%00/roof", data={"name": "Ann"}).status_code == 404
    for path in ("/leads?q=%00", "/pages?q=%00", "/plans?q=%00", "/deliveries?page=%00"):
        assert alice.client.get(path).status_code in (200, 400)


def test_an_unknown_static_name_is_an_error_of_the_template(app: Flask) -> None:
    with app.app_context(), pytest.raises(KeyError, match=r"builder/nothing\.css"):
        web.static_url("builder/nothing.css")


def test_a_request_is_logged_with_ids_and_nothing_personal(
    alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    alice.client.get(f"/settings/users/{alice.user.public_id}?q={CANARY}")
    alice.client.get("/sign-in/link/SecretSecretSecretSecret")
    alice.client.get(f"/{CANARY}")

    lines = [
        json.loads(logs.JsonFormatter().format(record))
        for record in caplog.records
        if record.name == "hostedpages.access"
    ]
    first = lines[-3]
    assert first["route"] == "/settings/users/<public_id>"
    assert first["user"] == alice.user.public_id
    assert first["account"] == alice.account.public_id
    assert first["status"] == 200
    everything = json.dumps(lines)
    assert CANARY not in everything
    assert "SecretSecret" not in everything
    assert "127.0.0.1" not in everything


@pytest.mark.parametrize(
    "evil",
    ['\r\n{"level":"admin"}', "\x1b[2J", "x" * 1_000_000, "\ud800", "\u2028", '"}', "\0"],
)
def test_a_log_line_is_one_small_json_object_whatever_it_says(evil: str) -> None:
    record = logging.LogRecord("a", logging.INFO, "f", 1, "said %s", (evil,), None)
    record.fields = {f"field{number}": evil for number in range(30)}

    line = logs.JsonFormatter().format(record)

    assert len(line.encode()) <= 4096
    assert "\n" not in line
    assert "\x1b" not in line
    assert json.loads(line)["level"] == "info"


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("GET /sign-in/link/abcDEF123 failed", "GET /sign-in/link/[secret] failed"),
        ("/invite/abc and /reset/def", "/invite/[secret] and /reset/[secret]"),
        ("/p/a/b?c=tok.en&x=1", "/p/a/b?c=[secret]&x=1"),
        ("smtp://user:pass@mail.test", "smtp://user:[email]"),
        ("mail to jane@example.org", "mail to [email]"),
    ],
)
def test_secrets_and_addresses_never_reach_the_log(said: str, logged: str) -> None:
    assert logs.safe_text(said) == logged


def test_logging_goes_to_one_stream_as_json() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, root.handlers = root.handlers, []
    level = root.level
    try:
        logs.configure("info", stream)
        with logs.ids(delivery="D1"):
            try:
                raise ValueError(f"{CANARY} said no\nwith a second line")
            except ValueError:
                logging.getLogger("x").exception("it failed")
    finally:
        root.handlers = before
        root.setLevel(level)

    line = json.loads(stream.getvalue())
    assert line["delivery"] == "D1"
    assert line["error"] == "ValueError"
    assert line["error_message"] == "[email] said no"
