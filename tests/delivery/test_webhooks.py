"""Webhooks: signed as the standard says, to nowhere but where they may go, whatever answers."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import trustme

from hostedpages import net
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import backoff, egress, webhooks
from hostedpages.delivery.egress import Egress, NoAnswer, UrlRefused, checked_url
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import DeliveryError, Endpoint
from hostedpages.delivery.webhooks import Webhooks, asked_wait, body_of
from hostedpages.vault import Vault
from tests.webhook_sink import OK, WebhookSink, answer, webhook_sink

EVENT = {
    "type": "alarm.opened",
    "timestamp": "2026-03-03T15:00:00+00:00",
    "data": {"name": "Müller"},
}
PLACE = "account:x:alarm_webhook"


def endpoint(settings: Settings, url: str, stored: str) -> Endpoint:
    return Endpoint(url, Vault(settings.secret_keys).seal(stored, place=PLACE), PLACE)


def post(settings: Settings, url: str, stored: str = "", *, tls: Any = None) -> str:
    sender = Webhooks(settings, Egress(allow_private=settings.allows_private_hosts, tls=tls))
    stored = stored or webhooks.new_secret()
    return asyncio.run(sender.post(endpoint(settings, url, stored), "msg_1", EVENT))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation that may talk to its own network, so that the loopback can be reached."""
    return settings.model_copy(update={"private_hosts": "allow"})


def verifies(secret: str, sink: WebhookSink) -> bool:
    """The construction of the specification, written down from its text."""
    (posted,) = sink.posted
    key = base64.b64decode(secret.split("_", 1)[1])
    content = b".".join(
        [
            posted.headers["webhook-id"].encode(),
            posted.headers["webhook-timestamp"].encode(),
            posted.body,
        ]
    )
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(
        version == "v1" and hmac.compare_digest(value, expected)
        for version, _, value in (
            each.partition(",") for each in posted.headers["webhook-signature"].split(" ")
        )
    )


def test_the_example_of_the_specification_has_its_signature() -> None:
    assert (
        webhooks.signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp=1614265330,
            body=b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_message_is_signed_over_the_bytes_that_arrive(
    settings: Settings, clock: FrozenClock
) -> None:
    secret = webhooks.new_secret()
    with webhook_sink() as sink:
        receipt = post(settings, sink.url, secret)
        (posted,) = sink.posted

        assert receipt == "200 ok"
        assert verifies(secret, sink)
        assert not verifies(webhooks.new_secret(), sink)
    assert posted.line == "POST /alarms HTTP/1.1"
    assert posted.headers["webhook-id"] == "msg_1"
    assert posted.headers["webhook-timestamp"] == str(int(clock.at.timestamp()))
    assert posted.headers["content-type"] == "application/json"
    assert json.loads(posted.body) == EVENT


def test_while_a_secret_is_changed_both_verify(settings: Settings, clock: FrozenClock) -> None:
    old, new = webhooks.new_secret(), webhooks.new_secret()
    with webhook_sink() as sink:
        post(settings, sink.url, webhooks.ring(new, old=old, now=clock.at))
        assert verifies(old, sink)
        assert verifies(new, sink)
    clock.advance(timedelta(hours=25))
    with webhook_sink() as sink:
        post(settings, sink.url, webhooks.ring(new, old=old, now=clock.at - timedelta(hours=25)))
        assert verifies(new, sink)
        assert not verifies(old, sink)


def server_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def client_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def test_https_checks_the_name_that_was_typed(settings: Settings) -> None:
    authority = trustme.CA()
    server, client = server_tls(), client_tls()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    with webhook_sink(server) as sink:
        url = sink.url.replace("http:", "https:")
        assert post(settings, url, tls=client) == "200 ok"
        with pytest.raises(DeliveryError, match="certificate of “localhost” cannot be trusted"):
            post(settings, url.replace("127.0.0.1", "localhost"), tls=client)
        with pytest.raises(DeliveryError, match="certificate of “127.0.0.1” cannot be trusted"):
            post(settings, url, tls=client_tls())
    assert len(sink.posted) == 1


# Where it may go

INSIDE = [
    "https://127.0.0.1:{port}/x",
    "https://localhost:{port}/x",
    "https://[::1]:{port}/x",
    "https://[::ffff:127.0.0.1]:{port}/x",
    "https://127.1:{port}/x",
    "https://0x7f000001:{port}/x",
    "https://2130706433:{port}/x",
    "https://0177.0.0.1:{port}/x",
    "https://0.0.0.0:{port}/x",
    "https://10.0.0.1/x",
    "https://172.16.0.1/x",
    "https://192.168.1.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/x",
    "https://[fd00::1]/x",
    "https://[fe80::1]/x",
    "https://[64:ff9b::7f00:1]/x",
    "https://[2002:7f00:1::]/x",
]


@pytest.mark.parametrize("url", INSIDE)
def test_nothing_reaches_a_listener_inside(
    url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = settings.model_copy(update={"private_hosts": "refuse"})
    with webhook_sink() as sink:
        monkeypatch.setattr(egress, "PORTS", frozenset({443, sink.port}))
        with pytest.raises(DeliveryError) as caught:
            post(refusing, url.format(port=sink.port))
        assert caught.value.permanent
        assert (sink.connections, sink.received_bytes) == (0, 0)


def test_a_name_that_changes_its_mind_is_asked_once_and_pinned(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_more: Any) -> list[Any]:
        """Public at first, inside ever after."""
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    reached: list[Any] = []

    async def connect(_self: Any, host: str, port: int, *_rest: Any, **_more: Any) -> Any:
        reached.append((host, port))
        raise egress.httpcore2.ConnectError("far away")

    monkeypatch.setattr(net.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(egress.httpcore2.AnyIOBackend, "connect_tcp", connect)
    refusing = settings.model_copy(update={"private_hosts": "refuse"})
    with webhook_sink() as sink:
        monkeypatch.setattr(egress, "PORTS", frozenset({443, sink.port}))
        url = f"https://rebinding.example:{sink.port}/x"
        with pytest.raises(DeliveryError, match="cannot be reached"):
            post(refusing, url)
        assert reached == [("93.184.215.14", sink.port)]
        with pytest.raises(DeliveryError, match="private or local network"):
            post(refusing, url)
        assert (asked, len(reached)) == (["rebinding.example"] * 2, 1)
        assert sink.connections == 0


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "308 Moved"])
def test_a_redirect_is_a_failure_and_not_followed(status: str, settings: Settings) -> None:
    with webhook_sink() as inside, webhook_sink() as sink:
        sink.always = answer(status, f"Location: {inside.url}")
        with pytest.raises(DeliveryError, match="not followed") as caught:
            post(settings, sink.url)
        assert not caught.value.permanent
        assert inside.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///x",
        "//example.com/x",
        "file:///etc/passwd",
        "gopher://example.com/x",
        "https://user:password@example.com/x",
        "https://user@example.com/x",
        "https://example.com@127.0.0.1/x",
        "https://example.com\\@127.0.0.1/x",
        "https://example.com:99999/x",
        "https://example.com:22/x",
        "https://exa mple.com/x",
        "https://example.com/x\r\nHost: other",
        "https://example.com/" + "x" * 2000,
        "http://example.com/x",
    ],
)
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        checked_url(url, allow_private=False)


def test_a_name_in_another_script_is_asked_for_in_its_ascii_form() -> None:
    url = checked_url("https://bücher.example/x?y=1", allow_private=False)

    assert (url.host, url.target) == (b"xn--bcher-kva.example", b"/x?y=1")


# What answers

REFUSED = "The other side refused: 500 no"


@pytest.mark.parametrize(
    ("said", "words", "permanent", "wait"),
    [
        (answer("500 No", body=b"no"), REFUSED, False, None),
        (answer("400 No"), "refused: 400", False, None),
        (answer("410 Gone"), "gone for good: 410", True, None),
        (answer("429 Slow", "Retry-After: 120"), "refused: 429", False, 120),
        (answer("503 Busy", "Retry-After: 99999999999"), "refused: 503", False, 86400),
        (answer("500 No", "Retry-After: 120"), "refused: 500", False, None),
        (b"", "broke off", False, None),
        (b"HTTP/1.1 2", "broke off", False, None),
        (b"SSH-2.0-OpenSSH_9\r\n", "broke off", False, None),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60_000, "broke off", False, None),
    ],
)
def test_every_bad_answer_has_its_consequence(
    said: bytes, words: str, permanent: bool, wait: int | None, settings: Settings
) -> None:
    with webhook_sink() as sink:
        sink.always = said
        with pytest.raises(DeliveryError, match=words) as caught:
            post(settings, sink.url)
    assert caught.value.permanent is permanent
    seconds = caught.value.retry_after and caught.value.retry_after.total_seconds()
    assert seconds == wait


def test_nobody_listening_is_tried_again(settings: Settings) -> None:
    with webhook_sink() as sink:
        url = sink.url
    with pytest.raises(DeliveryError, match="“127.0.0.1” cannot be reached") as caught:
        post(settings, url)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "said",
    [
        answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(b"0" * 10_000_000)),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 204 None\r\n\r\n",
        answer("202 Fine", body=b"x" * 1_000_000),
    ],
)
def test_once_it_was_accepted_the_rest_of_the_answer_does_not_matter(
    said: bytes, settings: Settings
) -> None:
    with webhook_sink() as sink:
        sink.always = said
        receipt = post(settings, sink.url)
    assert receipt[:2] == "20"
    assert len(receipt) <= egress.MAX_SHOWN_CHARACTERS + 4


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100, OK])
def test_whoever_hangs_or_drips_is_cut_off(
    said: bytes, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.2)
    with webhook_sink() as sink:
        sink.always, sink.drip = said, 0.15
        with pytest.raises(NoAnswer, match="did not answer in time"):
            asyncio.run(Egress(allow_private=True).post(sink.url, headers={}, body=b""))


def test_a_secret_that_cannot_be_opened_is_said_and_not_shown(settings: Settings) -> None:
    other = settings.model_copy(update={"secret_key": "another secret for tests, 01234567"})
    sealed = endpoint(other, "http://127.0.0.1:1/x", webhooks.new_secret())
    with pytest.raises(DeliveryError, match="Make a new one") as caught:
        asyncio.run(Webhooks(settings).post(sealed, "msg_1", EVENT))
    assert caught.value.permanent
    assert sealed.sealed not in repr(sealed)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("99999999999999999999", 86400),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("1e9", None),
        ("Tue, 03 Mar 2026 15:10:00 GMT", 600),
        ("Tue, 03 Mar 2026 14:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400),
        ("Fri, 99 Foo 9999 23:59:59 GMT", None),
    ],
)
def test_how_long_the_other_side_asks_to_wait(value: str, seconds: int | None) -> None:
    wait = asked_wait(value, datetime(2026, 3, 3, 15, tzinfo=UTC))

    assert (wait and wait.total_seconds()) == seconds or (wait == timedelta(0) and seconds == 0)


def test_the_bytes_do_not_depend_on_how_a_database_orders_keys() -> None:
    assert body_of({"b": {"d": 1, "c": "ü"}, "a": 2}) == '{"a":2,"b":{"c":"ü","d":1}}'.encode()


def test_it_is_tried_for_a_little_over_three_days() -> None:
    schedule = kind_of("webhook").schedule
    waits = [backoff.wait(number, Random(1), schedule) for number in range(1, 11)]

    assert waits[-1] is None
    total = sum((each for each in waits if each), timedelta())
    assert timedelta(hours=60) < total < timedelta(hours=92)
    assert schedule[0] == timedelta(seconds=5)
