"""Reading a mailbox of a real Dovecot, and the test of its settings."""

import asyncio
import base64
import logging
import ssl
from collections.abc import Iterator
from datetime import timedelta

import pytest
import trustme

from hostedpages import clock
from hostedpages.mail import imap
from hostedpages.mail.check import Check
from hostedpages.mail.imap import ImapError, ImapServer, Position, Visit
from tests.certificates import server_side
from tests.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.scripted_smtp import scripted_smtp
from tests.servers import free_port

NEVER = Position(None, 0, None)


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    with dovecot() as made:
        yield made


def server(running: Dovecot, **values: object) -> ImapServer:
    made = {
        "host": "127.0.0.1",
        "port": running.tls_port,
        "user": USER,
        "password": PASSWORD,
        "allow_private": True,
    } | values
    return ImapServer(**made)


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def visit(running: Dovecot, position: Position, **values: object) -> Visit:
    return imap.visit(server(running, **values), position, tls_context=trusting(running.authority))


def check(running: Dovecot, **values: object) -> list[Check]:
    async def all_steps() -> list[Check]:
        context = trusting(running.authority)
        return [
            each
            async for each in imap.check_imap_login(server(running, **values), tls_context=context)
        ]

    return asyncio.run(all_steps())


def after(seen: Visit) -> Position:
    return Position(seen.validity, seen.last_uid, None)


def test_the_first_visit_begins_where_reading_was_turned_on(running: Dovecot) -> None:
    running.put(b"Subject: first\n\ncame before the first visit\n")

    first = visit(running, NEVER)
    in_a_week = Position(None, 0, clock.now() + timedelta(days=7))
    assert visit(running, in_a_week).messages == []
    running.put(b"Subject: new\n\nhello\n")
    second = visit(running, after(first))
    third = visit(running, after(second))

    assert [each.content.split(b"\r\n")[0] for each in first.messages] == [b"Subject: first"]
    assert [each.content for each in second.messages] == [b"Subject: new\r\n\r\nhello\r\n"]
    assert third.messages == []
    assert running.is_untouched


def test_a_giant_message_is_cut_and_holds_nobody_up(running: Dovecot) -> None:
    start = visit(running, NEVER)
    running.put(b"Subject: giant\n\n" + b"0123456789abcde\n" * 300_000)
    running.put(b"Subject: small\n\nhello\n")

    seen = visit(running, after(start))

    assert [len(each.content) for each in seen.messages] == [256 * 1024, 25]


def test_at_most_so_many_are_read_at_a_visit_and_the_rest_at_the_next(running: Dovecot) -> None:
    start = visit(running, NEVER)
    for number in range(5):
        running.put(f"Subject: {number}\n\nhello\n".encode())

    found, position = [], after(start)
    for _ in range(3):
        seen = imap.visit(
            server(running), position, limit=2, tls_context=trusting(running.authority)
        )
        found.append(len(seen.messages))
        position = after(seen)

    assert found == [2, 2, 1]


def test_a_mailbox_that_was_numbered_anew_is_read_again_from_the_last_days(
    running: Dovecot,
) -> None:
    running.put(b"Subject: today\n\nhello\n")
    start = visit(running, NEVER)

    seen = visit(running, Position(start.validity + 1, 900_000, None))

    assert b"Subject: today" in seen.messages[-1].content
    assert seen.last_uid == start.last_uid


def test_starttls_is_used_on_a_port_that_begins_in_clear(running: Dovecot) -> None:
    seen = visit(running, NEVER, port=running.starttls_port, starts_tls=True)

    assert seen.validity > 0


def test_a_port_of_its_own_that_begins_in_clear_is_used_with_starttls(running: Dovecot) -> None:
    found = check(running, port=running.starttls_port)

    assert [each.state for each in found] == ["running", "ok"] * 4
    assert f"Connected to port {running.starttls_port} with TLSv1" in found[3].detail
    assert "no name has to be looked up" in found[1].detail


@pytest.mark.parametrize("is_encrypted", [True, False])
def test_a_server_for_sending_is_told_from_an_inbox(
    authority: trustme.CA, *, is_encrypted: bool
) -> None:
    with scripted_smtp(
        tls=server_side(authority) if is_encrypted else None, is_implicit_tls=is_encrypted
    ) as smtp:
        asked = ImapServer("127.0.0.1", smtp.port, USER, PASSWORD, allow_private=True)
        with pytest.raises(ImapError) as caught:
            imap.visit(asked, NEVER, tls_context=trusting(authority))
        assert not any("LOGIN" in each or "AUTH" in each for each in smtp.commands)

    said = caught.value
    assert said.message == f"Port {asked.port} answers, but it is a mail server for sending."
    assert said.hint == "The inbox is usually at port 993."


def test_a_closed_port_is_named_with_the_usual_ones() -> None:
    port = free_port()
    asked = ImapServer("127.0.0.1", port, USER, PASSWORD, allow_private=True)

    with pytest.raises(ImapError, match=f"nothing takes connections at port {port} of") as caught:
        imap.visit(asked, NEVER)

    assert "993 with TLS from the start and 143" in caught.value.hint


def test_the_four_steps_of_a_good_mailbox(running: Dovecot) -> None:
    found = check(running)

    assert [(each.name, each.state) for each in found] == [
        (name, state)
        for name in ("imap_name", "imap_connection", "imap_login", "imap_inbox")
        for state in ("running", "ok")
    ]
    assert "TLSv1" in found[3].detail
    assert "nothing is changed" in found[-1].detail


def test_a_wrong_password_is_said_in_words_and_never_shown(running: Dovecot) -> None:
    found = check(running, password="a canary, not the password")

    assert [each.state for each in found if each.state != "running"] == [
        "ok",
        "ok",
        "problem",
        "skipped",
    ]
    refused = found[5]
    assert "refused the sign-in" in refused.detail
    assert "app password" in refused.hint
    assert not any("canary" in f"{each}" for each in found)


def test_no_log_holds_the_password_in_any_form(
    running: Dovecot, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)

    visit(running, NEVER)
    with pytest.raises(ImapError):
        visit(running, NEVER, password="a canary, not the password")

    said = caplog.text + "".join(capfd.readouterr())
    for secret in (PASSWORD, "a canary, not the password"):
        coded = base64.b64encode(f"\0{USER}\0{secret}".encode()).decode()
        assert secret not in said
        assert coded not in said
    assert PASSWORD not in repr(server(running))


def test_an_unknown_authority_gets_no_password(running: Dovecot) -> None:
    with pytest.raises(ImapError, match="certificate of 127.0.0.1 is not valid") as caught:
        imap.visit(server(running), NEVER)

    assert caught.value.kind == "tls"


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({"port": None}, "connection", "cannot be reached"),
        ({"allow_private": False, "port": 993}, "host", "private or local network"),
        ({"allow_private": False, "port": 6379}, "host", "not one of IMAP"),
        ({"user": "a\r\nb"}, "login", "line break"),
    ],
)
def test_what_cannot_work_is_said_before_a_password_leaves(
    running: Dovecot, values: dict[str, object], kind: str, words: str
) -> None:
    if values == {"port": None}:
        values = {"port": free_port()}
    with pytest.raises(ImapError, match=words) as caught:
        visit(running, NEVER, **values)

    assert caught.value.kind == kind


def test_a_password_in_any_script_and_with_quotes_reaches_the_server_whole(
    running: Dovecot,
) -> None:
    with pytest.raises(ImapError) as caught:
        visit(running, NEVER, password='pässwörd "quoted" \\ back')

    assert caught.value.kind == "login"
