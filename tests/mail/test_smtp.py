"""The SMTP transport against servers that refuse, hang, cut and lie."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
import trustme

from hostedpages.mail.errors import MailError
from hostedpages.mail.message import OutgoingMessage, build
from hostedpages.mail.smtp import Limits, Server, Transport
from tests.certificates import client_side, server_side
from tests.scripted_smtp import DROP, HANG, RESET, ScriptedSmtp, scripted_smtp
from tests.servers import free_port

PATIENT = Limits(quit=60)
QUICK = Limits(read=1)  # where silence is expected
AFTER_DOT = Limits(read=60, total=10)  # where silence is expected only after the message
SECRET = "hunter2-%40-canary"


def mail(text: str = "Hello") -> OutgoingMessage:
    return build(
        delivery_id="d" * 22,
        mail_from="Leads <leads@ours.example>",
        recipient="ann@example.org",
        subject="Hello",
        text=text,
        html=None,
        date=datetime(2026, 3, 3, tzinfo=UTC),
    )


async def nothing() -> None:
    pass


def send(
    url: str,
    *messages: OutgoingMessage,
    before_final: Callable[[], Awaitable[None]] = nothing,
    tls: ssl.SSLContext | None = None,
    limits: Limits = PATIENT,
) -> list[str | MailError]:
    """Send one after the other over one transport; what came of each."""

    async def work() -> list[str | MailError]:
        transport = Transport(Server.from_url(url), limits=limits, tls_context=tls)
        results: list[str | MailError] = []
        for each in messages:
            try:
                results.append(await transport.send(each, before_final))
            except MailError as error:
                results.append(error)
        await transport.close()
        return results

    return asyncio.run(work())


def failure(result: str | MailError) -> MailError:
    assert isinstance(result, MailError), result
    return result


def test_a_connection_is_kept_and_said_goodbye_to() -> None:
    with scripted_smtp() as server:
        assert send(server.url, mail(), mail(), mail()) == ["250 2.0.0 kept"] * 3
        assert server.connections == 1
        assert server.commands[-1] == "QUIT"
        assert len(server.accepted) == 3


def test_a_server_without_pipelining_is_asked_step_by_step() -> None:
    with scripted_smtp(extensions=[]) as server:
        assert send(server.url, mail(), mail()) == ["250 2.0.0 kept"] * 2


def test_lines_that_begin_with_a_dot_arrive_unchanged() -> None:
    text = ".\n..\n\n.\nMAIL FROM:<x@y.test>\n"
    with scripted_smtp() as server:
        send(server.url, mail(text))
        (message,) = server.mails
        assert str(message.get_content()).replace("\r\n", "\n") == text
        assert len(server.accepted) == 1


def test_a_refused_recipient_does_not_spoil_the_connection() -> None:
    with scripted_smtp(script={"RCPT": ["550 5.1.1 no such user"]}, always={}) as server:
        server.script["DATA"] = ["503 5.5.1 no valid recipients"]
        first, second = send(server.url, mail(), mail())
        assert failure(first).permanent
        assert failure(first).kind == "no_such_address"
        assert "550 5.1.1 no such user" in failure(first).message
        assert second == "250 2.0.0 kept"
        assert server.connections == 1


def test_nothing_is_sent_when_a_refused_recipient_meets_an_eager_server() -> None:
    with scripted_smtp(script={"RCPT": ["550 5.1.1 no such user"]}) as server:
        first, second = send(server.url, mail(), mail())
        assert failure(first).permanent
        assert second == "250 2.0.0 kept"
        assert len(server.taken) == 1


def test_a_kept_connection_that_the_server_closed_is_replaced() -> None:
    with scripted_smtp(script={"MAIL": ["250 2.1.0 ok", DROP]}) as server:
        assert send(server.url, mail(), mail()) == ["250 2.0.0 kept"] * 2
        assert server.connections == 2


@pytest.mark.parametrize("enough", ["421 4.7.0 enough", "452 4.5.3 too many recipients"])
@pytest.mark.parametrize("extensions", [["PIPELINING"], []])
def test_a_server_that_takes_few_mails_a_connection_gets_them_all(
    enough: str, extensions: list[str]
) -> None:
    script = {"MAIL": ["250 ok", enough, "250 ok", "250 ok", enough, "250 ok", "250 ok"]}
    with scripted_smtp(script=script, extensions=extensions) as server:
        assert send(server.url, *[mail() for _ in range(5)]) == ["250 2.0.0 kept"] * 5
        assert len(server.taken) == 5
        assert server.connections == 3


def test_a_fresh_connection_that_is_refused_stops_the_sender_and_does_not_hammer() -> None:
    with scripted_smtp(always={"MAIL": "421 4.7.0 not today"}) as server:
        (result,) = send(server.url, mail())
        assert (failure(result).kind, failure(result).scope) == ("busy", "sender")
        assert server.connections == 1


def test_a_connection_is_left_politely_when_it_had_its_share() -> None:
    limits = Limits(mails_per_connection=2, quit=60)
    with scripted_smtp() as server:
        assert (
            send(server.url, *[mail() for _ in range(5)], limits=limits) == ["250 2.0.0 kept"] * 5
        )
        assert server.connections == 3
        assert server.commands.count("QUIT") == 3


def test_idle_connections_are_closed_without_being_asked() -> None:
    async def work(transport: Transport, server: ScriptedSmtp) -> None:
        await asyncio.gather(transport.send(mail(), nothing), transport.send(mail(), nothing))
        while server.commands.count("QUIT") < 2:
            await asyncio.sleep(0.02)
        await transport.send(mail(), nothing)
        await transport.close()

    limits = Limits(idle=0.1, quit=60)
    with scripted_smtp() as server:
        asyncio.run(work(Transport(Server.from_url(server.url), limits=limits), server))
        assert server.connections == 3
        assert len(server.taken) == 3


def test_no_more_connections_are_open_than_allowed() -> None:
    async def work(transport: Transport) -> None:
        await asyncio.gather(*[transport.send(mail(), nothing) for _ in range(20)])
        await transport.close()

    with scripted_smtp() as server:
        asyncio.run(work(Transport(Server.from_url(server.url))))
        assert server.connections == 2
        assert len(server.taken) == 20


@pytest.mark.parametrize("stage", ["banner", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", [DROP, RESET, HANG])
def test_a_fault_before_the_message_is_passing_and_nothing_left(stage: str, fault: str) -> None:
    with scripted_smtp(always={stage: fault}) as server:
        (result,) = send(server.url, mail(), limits=QUICK if fault == HANG else PATIENT)
        assert failure(result).server
        assert not failure(result).permanent
        assert not failure(result).unknown
        assert server.taken == []


@pytest.mark.parametrize("fault", [DROP, RESET, HANG, "25"])
def test_a_fault_after_the_final_dot_is_unknown(fault: str) -> None:
    with scripted_smtp(script={"DOT": [fault]}) as server:
        (result,) = send(server.url, mail(), limits=AFTER_DOT if fault == HANG else PATIENT)
        assert failure(result).unknown
        assert len(server.taken) == 1


def test_a_server_that_never_answers_quit_counts_as_delivered() -> None:
    with scripted_smtp(always={"QUIT": HANG}) as server:
        assert send(server.url, mail(), limits=Limits(quit=0.5)) == ["250 2.0.0 kept"]


def test_what_stops_the_last_step_stops_the_mail() -> None:
    async def lost() -> None:
        raise MailError("the lease is lost", kind="lost")

    with scripted_smtp() as server:
        first, second = send(server.url, mail(), mail(), before_final=lost)
        assert failure(first).kind == failure(second).kind == "lost"
        assert server.taken == []


def test_nobody_listening_is_a_passing_fault_of_the_server() -> None:
    (result,) = send(f"smtp://127.0.0.1:{free_port()}?tls=none", mail())
    assert failure(result).kind == "connection"
    assert failure(result).server


def test_starttls_is_used_and_the_certificate_checked(authority: trustme.CA) -> None:
    with scripted_smtp(extensions=["STARTTLS", "AUTH PLAIN"], tls=server_side(authority)) as server:
        url = f"smtp://user:{SECRET}@127.0.0.1:{server.port}"
        assert send(url, mail(), tls=client_side(authority)) == ["250 2.0.0 kept"]
        assert [each.split()[0] for each in server.commands[:4]] == [
            "EHLO",
            "STARTTLS",
            "EHLO",
            "AUTH",
        ]
        (result,) = send(url, mail())
        assert failure(result).held
        assert "certificate" in failure(result).message


def test_implicit_tls_is_used_when_the_address_says_so(authority: trustme.CA) -> None:
    with scripted_smtp(tls=server_side(authority), is_implicit_tls=True) as server:
        url = f"smtps://127.0.0.1:{server.port}"
        assert send(url, mail(), tls=client_side(authority)) == ["250 2.0.0 kept"]


def test_a_certificate_of_another_name_is_refused(authority: trustme.CA) -> None:
    tls = server_side(authority, "other.example")
    with scripted_smtp(tls=tls, is_implicit_tls=True) as server:
        (result,) = send(f"smtps://127.0.0.1:{server.port}", mail(), tls=client_side(authority))
        assert failure(result).held
        assert failure(result).kind == "configuration"


@pytest.mark.parametrize(
    "settings",
    [
        {"extensions": ["AUTH PLAIN"]},
        {"extensions": ["STARTTLS", "AUTH PLAIN"], "always": {"STARTTLS": "454 4.7.0 not now"}},
        {"extensions": ["STARTTLS", "AUTH PLAIN"], "always": {"STARTTLS": DROP}},
    ],
)
def test_without_tls_no_password_and_no_mail_leave(settings: dict[str, object]) -> None:
    with scripted_smtp(**settings) as server:
        (result,) = send(f"smtp://user:{SECRET}@127.0.0.1:{server.port}", mail())
        assert failure(result).server
        assert not any(each.startswith(("AUTH", "MAIL")) for each in server.commands)


def test_a_wrong_password_is_held_and_never_shown(authority: trustme.CA) -> None:
    with scripted_smtp(
        extensions=["AUTH PLAIN"],
        tls=server_side(authority),
        is_implicit_tls=True,
        always={"AUTH": "535 5.7.8 bad password hunter2-@-canary"},
    ) as server:
        url = f"smtps://user:{SECRET}@127.0.0.1:{server.port}"
        (result,) = send(url, mail(), tls=client_side(authority))
        assert failure(result).held
        assert failure(result).kind == "authentication"
        assert "canary" not in failure(result).message


def test_an_endless_answer_is_cut() -> None:
    with scripted_smtp(script={"MAIL": ["\r\n".join(["250-more"] * 5000)]}) as server:
        (result,) = send(server.url, mail())
        assert "too long" in failure(result).message


def test_an_answer_that_is_no_smtp_ends_the_conversation() -> None:
    with scripted_smtp(script={"MAIL": ["HTTP/1.1 400 Bad Request"]}) as server:
        (result,) = send(server.url, mail())
        assert failure(result).server
        assert server.taken == []


@pytest.mark.parametrize(
    ("url", "host", "port", "security"),
    [
        ("smtp://u:p@mail.example", "mail.example", 587, "starttls"),
        ("smtps://mail.example", "mail.example", 465, "ssl"),
        ("smtp://mail.example?tls=none", "mail.example", 25, "none"),
        ("smtp://u:p@127.0.0.1:2525?tls=none", "127.0.0.1", 2525, "none"),
    ],
)
def test_the_address_says_port_and_security(url: str, host: str, port: int, security: str) -> None:
    parsed = Server.from_url(url)
    assert (parsed.host, parsed.port, parsed.security) == (host, port, security)


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:port",
        "smtp://mail.example?tls=off",
        "smtps://mail.example?tls=none",
        "smtp://user:canary@mail.example?tls=none",
        "smtp://mail.example/path",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="HOSTEDPAGES_SMTP_URL") as refusal:
        Server.from_url(url)
    assert "canary" not in str(refusal.value)


def test_a_password_in_the_address_is_decoded_and_not_in_its_repr() -> None:
    server = Server.from_url("smtp://us%40er:p%2Fw@mail.example")
    assert (server.user, server.password) == ("us@er", "p/w")
    assert "p/w" not in repr(server)
