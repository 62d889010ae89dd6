"""The three live tests against servers that are well, misconfigured, and hostile."""

import asyncio
import base64
import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from hostedpages.mail import checks
from hostedpages.mail.check import Check
from hostedpages.mail.checks import CHECK_LIMITS, advice, check_login, check_send, check_server
from hostedpages.mail.errors import Reply, from_reply
from hostedpages.mail.server import Server
from hostedpages.mail.smtp import Limits
from tests.certificates import client_side, server_side
from tests.scripted_smtp import DROP, HANG, scripted_smtp
from tests.servers import free_port

QUICK = Limits(connect=30, read=1, total=60, quit=0.5)  # where silence is expected
CANARY = "canary-hunter2"
SIGN_IN = ["PIPELINING", "SIZE 10485760", "AUTH PLAIN LOGIN"]


def ended(steps: AsyncIterator[Check]) -> dict[str, Check]:
    """The finished steps by name; each was said to run first, unless it was skipped at once."""

    async def work() -> list[Check]:
        return [step async for step in steps]

    said = asyncio.run(work())
    running = [step.name for step in said if step.state == "running"]
    done = {step.name: step for step in said if step.state != "running"}
    assert [step.name for step in said if step.state != "running"] == list(done)
    assert set(running) <= set(done)
    assert CANARY not in repr(said)
    return done


def states(done: dict[str, Check]) -> dict[str, str]:
    return {name: step.state for name, step in done.items()}


def problem(done: dict[str, Check]) -> Check:
    (found,) = [step for step in done.values() if step.state == "problem"]
    return found


def at(port: int, security: str, *, signs_in: bool = True, token: str = "") -> Server:
    user, password = ("ann", "" if token else CANARY) if signs_in else ("", "")
    return Server("127.0.0.1", port, security, user, password, token, allow_private=True)


def test_a_server_that_is_well_shows_each_step(authority: trustme.CA) -> None:
    with scripted_smtp(extensions=["STARTTLS", *SIGN_IN], tls=server_side(authority)) as server:
        done = ended(check_server(at(server.port, "starttls"), tls_context=client_side(authority)))

        assert states(done) == {
            "name": "ok",
            "connection": "ok",
            "greeting": "ok",
            "tls": "ok",
            "offers": "ok",
            "password": "skipped",
        }
        assert "127.0.0.1" in done["name"].detail
        assert "scripted ESMTP" in done["greeting"].detail
        assert "TLSv1.3" in done["tls"].detail
        assert "trustme" in done["tls"].detail
        assert "valid until" in done["tls"].detail
        assert "LOGIN, PLAIN" in done["offers"].detail
        assert "10 MB" in done["offers"].detail


def test_server_test_passes_with_a_wrong_password_and_says_so_login_test_fails(
    authority: trustme.CA,
) -> None:
    with scripted_smtp(
        extensions=["STARTTLS", *SIGN_IN],
        tls=server_side(authority),
        always={"AUTH": f"535 5.7.8 {CANARY} is wrong"},
    ) as server:
        wrong, trust = at(server.port, "starttls"), client_side(authority)

        done = ended(check_server(wrong, tls_context=trust))
        assert "problem" not in states(done).values()
        assert "does not check the password" in done["password"].detail
        assert not any(each.startswith("AUTH") for each in server.commands)

        login = ended(check_login(wrong, tls_context=trust))["login"]
        assert login.state == "problem"
        assert "535 5.7.8 [removed] is wrong" in login.detail
        assert "user name and the password" in login.hint
        assert sum(each.startswith("AUTH") for each in server.commands) == 1


@pytest.mark.parametrize(
    ("offered", "used"),
    [("PLAIN", "PLAIN"), ("LOGIN", "LOGIN"), ("XOAUTH2 LOGIN CRAM-MD5 PLAIN", "PLAIN")],
)
def test_a_sign_in_that_works_says_who_and_how(
    authority: trustme.CA, offered: str, used: str
) -> None:
    answers = {"AUTH": "334 VXNlcm5hbWU6"} if used == "LOGIN" else {}
    password = base64.b64encode(CANARY.encode()).decode().upper()
    with scripted_smtp(
        extensions=[f"AUTH {offered}"],
        tls=server_side(authority),
        is_implicit_tls=True,
        always={**answers, "YW5U": "334 UGFzc3dvcmQ6", password: "235 2.7.0 welcome"},
    ) as server:
        done = ended(check_login(at(server.port, "ssl"), tls_context=client_side(authority)))
        assert done["login"].detail == f"ann is signed in ({used})."


def test_a_token_signs_in_with_xoauth2(authority: trustme.CA) -> None:
    with scripted_smtp(
        extensions=["AUTH XOAUTH2 PLAIN"], tls=server_side(authority), is_implicit_tls=True
    ) as server:
        with_token = at(server.port, "ssl", token=CANARY)
        done = ended(check_login(with_token, tls_context=client_side(authority)))
        assert "ann is signed in (XOAUTH2)" in done["login"].detail
        (command,) = [each for each in server.commands if each.startswith("AUTH")]
        assert command.startswith("AUTH XOAUTH2 ")


def test_a_server_that_takes_only_passwords_or_none_is_told(authority: trustme.CA) -> None:
    tls, trust = server_side(authority), client_side(authority)
    with scripted_smtp(extensions=["AUTH XOAUTH2"], tls=tls, is_implicit_tls=True) as server:
        done = ended(check_login(at(server.port, "ssl"), tls_context=trust))
        assert "takes no passwords" in problem(done).detail
        assert not any(each.startswith("AUTH") for each in server.commands)
    with scripted_smtp(extensions=["AUTH PLAIN"], tls=tls, is_implicit_tls=True) as server:
        done = ended(check_login(at(server.port, "ssl", token="x" * 20), tls_context=trust))
        assert "XOAUTH2" in problem(done).detail


def test_a_message_is_sent_and_its_id_shown(authority: trustme.CA) -> None:
    with scripted_smtp(extensions=["STARTTLS", *SIGN_IN], tls=server_side(authority)) as server:
        done = ended(
            check_send(
                at(server.port, "starttls"),
                mail_from="Leads <leads@ours.example>",
                to="ann@example.org",
                tls_context=client_side(authority),
                limits=replace(CHECK_LIMITS, quit=60),
            )
        )
        assert done["send"].state == "ok"
        (mail,) = server.mails
        assert mail["Message-ID"] in done["send"].detail
        assert mail["From"] == "Leads <leads@ours.example>"
        assert server.connections == 1
        assert server.commands[-1] == "QUIT"


def test_a_refused_recipient_is_a_problem_of_the_last_step() -> None:
    with scripted_smtp(always={"RCPT": "550 5.1.1 no such user", "DATA": "503 no"}) as server:
        done = ended(
            check_send(
                at(server.port, "none", signs_in=False), mail_from="a@b.example", to="c@d.example"
            )
        )
        assert states(done)["login"] == "skipped"
        assert "550 5.1.1 no such user" in done["send"].detail
        assert "Check the address that the test goes to; the sender" in done["send"].hint


@pytest.mark.parametrize("to", ["nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: x@y.z"])
def test_an_address_that_is_not_one_is_never_sent_to(to: str) -> None:
    with scripted_smtp() as server:
        plain = at(server.port, "none", signs_in=False)
        done = ended(check_send(plain, mail_from="a@b.example", to=to))
        assert done["send"].state == "problem"
        assert not any(each.startswith("MAIL") for each in server.commands)


def test_a_missing_name_a_closed_port_and_a_silent_one_are_told_apart() -> None:
    unknown = Server("no-such-host.invalid", 587, "starttls")
    done = ended(check_server(unknown))
    assert problem(done).name == "name"
    assert states(done)["connection"] == "skipped"

    closed = problem(ended(check_server(at(free_port(), "starttls"))))
    assert closed.name == "connection"
    assert "nothing takes connections" in closed.detail
    assert "587" in closed.hint


def test_a_private_host_is_refused_in_words() -> None:
    done = ended(check_server(Server("127.0.0.1", 587, "starttls")))

    assert problem(done).name == "name"
    assert "HOSTEDPAGES_PRIVATE_HOSTS=allow" in problem(done).detail


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "0177.0.0.1", "2130706433", "::1", "::ffff:127.0.0.1"]
    + ["0.0.0.0", "169.254.169.254", "10.0.0.1", "192.168.1.1", "100.64.0.1", "fe80::1"],
)
def test_no_test_of_settings_is_a_scanner_of_the_inside(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with scripted_smtp() as server:
        said = set()
        for port in (server.port, free_port()):
            monkeypatch.setattr("hostedpages.mail.connect.PORTS", {port})
            typed = Server(host, port, "none", "ann", CANARY)
            for steps in (
                check_server(typed),
                check_login(typed),
                check_send(typed, mail_from="a@b.example", to="c@d.example"),
            ):
                found = problem(ended(steps))
                said.add((found.name, found.detail, found.hint))
        assert server.connections == 0
    # An open port and a closed one cannot be told apart.
    assert len(said) == 1


def test_tls_asked_for_where_the_server_speaks_plainly_first(authority: trustme.CA) -> None:
    with scripted_smtp() as server:
        found = problem(ended(check_server(at(server.port, "ssl"))))
        assert found.name == "tls"
        assert "does not speak TLS at port" in found.detail
        assert "choose STARTTLS" in found.hint
        assert not any(CANARY in each for each in server.commands)


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_a_server_that_waits_for_tls_is_recognized_by_its_silence(
    authority: trustme.CA, security: str
) -> None:
    with scripted_smtp(tls=server_side(authority), is_implicit_tls=True) as server:
        found = problem(ended(check_server(at(server.port, security), limits=QUICK)))
        assert found.name == "greeting"
        assert "choose SSL/TLS" in found.hint
        assert server.commands == []


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_a_port_that_begins_with_tls_is_found_out_after_a_short_silence(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setattr(checks, "PATIENCE", 1.5)

    with scripted_smtp(tls=server_side(authority), is_implicit_tls=True) as server:
        found = problem(ended(check_login(at(server.port, security))))
        assert server.commands == []
        assert found.detail.startswith(f"Port {server.port} begins with TLS")

    assert (found.name, found.hint) == ("greeting", "Choose SSL/TLS.")


def test_a_server_that_greets_late_is_waited_for(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "PATIENCE", 0.05)
    with scripted_smtp(greeting_pause=0.5) as server:
        done = ended(check_server(at(server.port, "none")))
    assert done["greeting"].state == "ok"


def test_a_silence_is_explained_while_it_lasts(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "PATIENCE", 0.01)

    async def said(port: int) -> list[Check]:
        return [step async for step in check_server(at(port, "starttls"), limits=QUICK)]

    with scripted_smtp(tls=server_side(authority), is_implicit_tls=True) as server:
        steps = [step for step in asyncio.run(said(server.port)) if step.name == "greeting"]
    assert [step.state for step in steps] == ["running", "running", "problem"]
    assert "a server that begins with TLS stays silent like this" in steps[1].detail


def test_missing_starttls_is_a_problem_and_nothing_is_said_in_clear() -> None:
    with scripted_smtp(extensions=["AUTH PLAIN"]) as server:
        found = problem(ended(check_login(at(server.port, "starttls"))))
        assert found.name == "tls"
        assert "STARTTLS" in found.detail
        assert "Choose SSL/TLS (usually port 465), or another port" in found.hint
        assert not any(each.startswith("AUTH") for each in server.commands)


@pytest.mark.parametrize("security", ["starttls", "ssl"])
@pytest.mark.parametrize(
    ("name", "days", "trusted", "words"),
    [
        ("127.0.0.1", 10, False, "no authority that this machine trusts"),
        ("other.example", 10, True, "another name than 127.0.0.1"),
        ("127.0.0.1", -10, True, "expired"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_shown_with_the_reason(
    authority: trustme.CA, security: str, name: str, days: int, *, trusted: bool, words: str
) -> None:
    until = datetime.now(UTC) + timedelta(days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=until).configure_cert(context)
    with scripted_smtp(
        extensions=["STARTTLS", "AUTH PLAIN"], tls=context, is_implicit_tls=security == "ssl"
    ) as server:
        trust = client_side(authority if trusted else trustme.CA())
        done = ended(check_login(at(server.port, security), tls_context=trust))
        found = problem(done)
        assert found.name == "tls"
        assert words in found.detail
        assert name in found.detail
        assert f"{until:%d %B %Y}" in found.detail
        assert found.hint
        assert not any(each.startswith("AUTH") for each in server.commands)


def test_old_versions_of_tls_are_refused_with_that_reason(authority: trustme.CA) -> None:
    context = server_side(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):  # the test is about what is too old
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with scripted_smtp(tls=context, is_implicit_tls=True) as server:
        done = ended(check_server(at(server.port, "ssl"), tls_context=client_side(authority)))
        assert "not safe any more" in problem(done).detail


def test_an_answer_that_is_no_smtp_is_not_repeated() -> None:
    with scripted_smtp(always={"banner": "HTTP/1.1 400 inside information"}) as server:
        found = problem(ended(check_server(at(server.port, "none"))))
        assert "does not speak SMTP" in found.detail
        assert "inside" not in found.detail


@pytest.mark.parametrize("stage", ["banner", "EHLO", "AUTH", "MAIL"])
@pytest.mark.parametrize("fault", [HANG, DROP])
def test_a_server_that_goes_silent_is_given_up_in_time(stage: str, fault: str) -> None:
    with scripted_smtp(extensions=SIGN_IN, always={stage: fault}) as server:
        plain = at(server.port, "none")
        limits = QUICK if fault == HANG else CHECK_LIMITS
        done = ended(check_send(plain, mail_from="a@b.example", to="c@d.example", limits=limits))
        assert list(states(done).values()).count("problem") == 1


def test_the_whole_test_has_a_deadline() -> None:
    limits = Limits(connect=5, read=5, total=0.3, quit=0.2)
    with scripted_smtp(always={"EHLO": HANG}) as server:
        found = problem(ended(check_server(at(server.port, "none"), limits=limits)))
        assert "longer than" in found.detail


def test_a_login_test_left_in_the_middle_closes_its_connection() -> None:
    async def work(port: int) -> None:
        steps = check_server(at(port, "none"))
        async for step in steps:
            if step.name == "greeting" and step.state == "ok":
                break
        await steps.aclose()

    with scripted_smtp() as server:
        asyncio.run(work(server.port))
        assert server.connections == 1


def test_the_providers_own_advice_follows_the_general_one() -> None:
    error = from_reply(Reply(535, "5.7.8 no"), "the sign-in")
    hint = advice(Server("smtp.gmail.com", 587, "starttls"), error)

    assert hint.startswith("In this order")
    assert "Google account" in hint


def test_a_space_at_the_edge_of_a_refused_password_is_said() -> None:
    error = from_reply(Reply(535, "5.7.8 no"), "the sign-in")
    spaced = Server("mail.example", 587, "starttls", "ann", "secret ")
    assert advice(spaced, error).startswith("Your password begins or ends with a space.")
    plain = Server("mail.example", 587, "starttls", "ann", "a secret")
    assert "space" not in advice(plain, error)
