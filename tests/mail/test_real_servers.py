"""Each live test, and real sending, against a real Postfix and Dovecot."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from hostedpages.mail.check import Check
from hostedpages.mail.checks import check_login, check_send, check_server
from hostedpages.mail.errors import MailError
from hostedpages.mail.imap import ImapServer, Position, visit
from hostedpages.mail.message import OutgoingMessage, build
from hostedpages.mail.server import Server
from hostedpages.mail.smtp import Limits, Transport
from hostedpages.supervisor import ROOT
from tests.dovecot import PASSWORD, USER
from tests.mail_servers import MailServers

CANARY = "canary, not the password"
QUICK = Limits(read=1)  # where silence is expected
FIVE_STEPS = {"name": "ok", "connection": "ok", "greeting": "ok", "tls": "ok", "offers": "ok"}


def ended(steps: AsyncIterator[Check]) -> dict[str, Check]:
    async def work() -> list[Check]:
        return [step async for step in steps if step.state != "running"]

    done = {step.name: step for step in asyncio.run(work())}
    assert PASSWORD not in repr(done)
    assert CANARY not in repr(done)
    return done


def states(done: dict[str, Check]) -> dict[str, str]:
    return {name: step.state for name, step in done.items()}


def problem(done: dict[str, Check]) -> Check:
    (found,) = [step for step in done.values() if step.state == "problem"]
    return found


def imap(servers: MailServers, password: str = PASSWORD) -> ImapServer:
    return ImapServer("127.0.0.1", servers.mailbox.tls_port, USER, password, allow_private=True)


def position(servers: MailServers) -> Position:
    """Where the mailbox stands: what comes later is found after this."""
    seen = visit(imap(servers), Position(None, 0, None), tls_context=servers.trust)
    return Position(seen.validity, seen.last_uid, None)


def arrived(servers: MailServers, since: Position, count: int) -> list[EmailMessage]:
    """The messages that came since then, read over IMAP, when there are `count` of them."""
    until = time.monotonic() + 90
    while True:
        found = visit(imap(servers), since, limit=100, tls_context=servers.trust).messages
        if len(found) >= count or time.monotonic() > until:
            break
        asyncio.run(asyncio.sleep(0.05))
    mails = [message_from_bytes(each.content, policy=default) for each in found]
    return [each for each in mails if isinstance(each, EmailMessage)]


def mail(number: int = 0, *, sender: str = USER, to: str = USER, text: str = "") -> OutgoingMessage:
    return build(
        delivery_id=f"real-{number}",
        mail_from=f"Ann's office <{sender}>",
        recipient=to,
        subject=f"Neuer Lead: Renée {number}",
        text=text or f"Text {number}\n.\n..\nQUIT\n",
        html="<p>Grüße</p>",
        date=datetime(2026, 3, 3, tzinfo=UTC),
        reply_to="visitor@example.org",
    )


def send(servers: MailServers, server: Server, *mails: OutgoingMessage) -> list[str | MailError]:
    async def one(transport: Transport, message: OutgoingMessage) -> str | MailError:
        try:
            return await transport.send(message, nothing)
        except MailError as error:
            return error

    async def work() -> list[str | MailError]:
        transport = Transport(server, tls_context=servers.trust)
        results = await asyncio.gather(*[one(transport, each) for each in mails])
        await transport.close()
        return list(results)

    return asyncio.run(work())


async def nothing() -> None:
    pass


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_every_test_passes_with_the_right_settings(real_mail: MailServers, security: str) -> None:
    server, trust = real_mail.server(security), real_mail.trust

    assert states(ended(check_server(server, tls_context=trust))) == {
        **FIVE_STEPS,
        "password": "skipped",
    }
    login = ended(check_login(server, imap(real_mail), tls_context=trust))
    assert states(login) == {
        **FIVE_STEPS,
        "login": "ok",
        "imap_name": "ok",
        "imap_connection": "ok",
        "imap_login": "ok",
        "imap_inbox": "ok",
    }
    since = position(real_mail)
    sent = ended(check_send(server, mail_from=USER, to=USER, tls_context=trust))
    assert states(sent) == {**FIVE_STEPS, "login": "ok", "send": "ok"}
    (found,) = arrived(real_mail, since, 1)
    assert found["Message-ID"] in sent["send"].detail


def test_the_certificate_and_the_offers_are_shown(real_mail: MailServers) -> None:
    done = ended(check_server(real_mail.server("starttls"), tls_context=real_mail.trust))

    assert "TLSv1.3. Certificate for 127.0.0.1; issued by trustme" in done["tls"].detail
    assert done["offers"].detail == "Signing in: LOGIN, PLAIN. Messages of up to 5 MB."


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_wrong_password_is_seen_by_the_login_test_alone(
    real_mail: MailServers, security: str
) -> None:
    server, trust = real_mail.server(security, password=CANARY), real_mail.trust

    assert "problem" not in states(ended(check_server(server, tls_context=trust))).values()
    found = problem(ended(check_login(server, tls_context=trust)))
    assert found.name == "login"
    assert "535 5.7.8" in found.detail
    assert "app password" in found.hint
    done = ended(check_send(server, mail_from=USER, to=USER, tls_context=trust))
    assert (problem(done).name, states(done)["send"]) == ("login", "skipped")


def test_smtp_and_the_mailbox_are_tested_apart(real_mail: MailServers) -> None:
    done = ended(
        check_login(
            real_mail.server("starttls"), imap(real_mail, CANARY), tls_context=real_mail.trust
        )
    )
    assert states(done)["login"] == "ok"
    assert problem(done).name == "imap_login"


@pytest.mark.parametrize("security", ["starttls", "ssl"])
@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ("self", "self-signed"),
        ("expired", "has expired"),
        ("foreign", "another name than 127.0.0.1. TLSv1.3. Certificate for other.example"),
    ],
)
def test_a_wrong_certificate_is_named_and_nothing_is_said(
    real_mail: MailServers, security: str, certificate: str, words: str
) -> None:
    server = real_mail.server(security, certificate=certificate, password=CANARY)

    found = problem(ended(check_login(server, tls_context=real_mail.trust)))
    assert found.name == "tls"
    assert words in found.detail
    (result,) = send(real_mail, server, mail())
    assert isinstance(result, MailError)
    assert (result.kind, result.held) == ("configuration", True)


def test_security_that_does_not_fit_the_port_is_recognized(real_mail: MailServers) -> None:
    ports, trust = real_mail.ports, real_mail.trust

    def at(port: int, security: str) -> Server:
        return Server("127.0.0.1", port, security, USER, CANARY, allow_private=True)

    ssl_on_587 = problem(ended(check_login(at(ports["starttls"], "ssl"), tls_context=trust)))
    assert "choose STARTTLS" in ssl_on_587.hint
    starttls_on_465 = problem(
        ended(check_login(at(ports["ssl"], "starttls"), tls_context=trust, limits=QUICK))
    )
    assert "choose SSL/TLS" in starttls_on_465.hint
    ssl_on_25 = problem(ended(check_login(at(ports["none"], "ssl"), tls_context=trust)))
    assert "does not speak TLS at port" in ssl_on_25.detail
    none_on_587 = problem(ended(check_login(at(ports["starttls"], "none"))))
    assert "only after STARTTLS" in none_on_587.detail


@pytest.mark.parametrize("security", ["starttls", "ssl", "none"])
def test_mails_arrive_as_they_were_built(real_mail: MailServers, security: str) -> None:
    since = position(real_mail)

    results = send(real_mail, real_mail.server(security), *[mail(each) for each in range(10)])

    assert all(isinstance(each, str) and each.startswith("250") for each in results), results
    found = sorted(arrived(real_mail, since, 10), key=lambda each: str(each["Subject"]))
    assert [each["Subject"] for each in found] == [f"Neuer Lead: Renée {n}" for n in range(10)]
    for number, each in enumerate(found):
        assert each["From"] == f"Ann's office <{USER}>"
        assert each["Reply-To"] == "visitor@example.org"
        assert each["Return-Path"] == f"<{USER}>"
        body = each.get_body(("plain",))
        assert body is not None
        assert body.get_content().replace("\r\n", "\n") == f"Text {number}\n.\n..\nQUIT\n"


def test_refusals_of_a_real_server_are_understood(real_mail: MailServers) -> None:
    (foreign,) = send(real_mail, real_mail.server("starttls"), mail(sender="boss@example.com"))
    assert isinstance(foreign, MailError)
    assert (foreign.kind, foreign.scope) == ("sender_refused", "sender")

    (relay,) = send(real_mail, real_mail.server("none"), mail(to="ann@example.org"))
    assert isinstance(relay, MailError)
    assert (relay.kind, relay.held) == ("configuration", True)

    (nobody,) = send(real_mail, real_mail.server("ssl"), mail(to="nobody@example.com"))
    assert isinstance(nobody, MailError)
    assert (nobody.kind, nobody.suppresses) == ("no_such_address", True)

    (big,) = send(real_mail, real_mail.server("ssl"), mail(text="漢" * 500_000 * 4))
    assert not isinstance(big, MailError)  # a text is cut before it is too big for any server

    found = problem(
        ended(
            check_send(
                real_mail.server("starttls"),
                mail_from="boss@example.com",
                to=USER,
                tls_context=real_mail.trust,
            )
        )
    )
    assert found.name == "send"
    assert "From address" in found.hint


class CheckMail:
    """Runs `hostedpages check-mail` on these servers."""

    def __init__(self, servers: MailServers, folder: Path) -> None:
        self.servers, self.folder = servers, folder
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith("HOSTEDPAGES_")}
        self.environ["SSL_CERT_FILE"] = str(servers.trust_file(folder))

    def __call__(self, *words: str, password: str = PASSWORD, code: int = 0) -> str:
        file = self.folder / "password"
        file.write_text(f"{password}\n")
        command = [
            "check-mail",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.servers.ports["starttls"]),
        ]
        if "--user" in words:
            command += ["--password-file", str(file)]
        done = subprocess.run(
            [sys.executable, "-m", "hostedpages", *command, *words],
            env=self.environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert password not in done.stdout + done.stderr
        return done.stdout


def test_the_command_line_tells_the_same(real_mail: MailServers, tmp_path: Path) -> None:
    run = CheckMail(real_mail, tmp_path)
    mailbox = ("--imap-host", "127.0.0.1", "--imap-port", str(real_mail.mailbox.tls_port))

    lines = run("--allow-private", "--user", USER, "--send-to", USER, *mailbox, "--json")
    steps = [json.loads(line) for line in lines.splitlines()]
    assert [each["name"] for each in steps] == [
        *FIVE_STEPS,
        "login",
        "send",
        "imap_name",
        "imap_connection",
        "imap_login",
        "imap_inbox",
    ]
    assert {each["state"] for each in steps} == {"ok"}
    assert all({"detail", "hint", "milliseconds"} <= each.keys() for each in steps)

    wrong = run("--allow-private", "--user", USER, "--json", password=CANARY, code=1)
    last = json.loads(wrong.splitlines()[-1])
    assert (last["name"], last["state"]) == ("login", "problem")

    words = run("--allow-private")
    assert "does not check the password" in words
    assert "ok       Encrypt the connection" in words


def test_the_command_line_refuses_a_private_host(real_mail: MailServers, tmp_path: Path) -> None:
    run = CheckMail(real_mail, tmp_path)

    refused = run("--port", "587", "--user", USER, password=CANARY, code=1)
    assert "HOSTEDPAGES_PRIVATE_HOSTS=allow" in refused
    run.environ["HOSTEDPAGES_PRIVATE_HOSTS"] = "allow"
    run()
