"""A mail server stops: the alarm arrives by another way within a quarter of an hour.

The real worker and the real chore, minute by minute, against servers on the loopback.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import chores, webhooks, worker
from hostedpages.models import Account, Alarm, Delivery
from hostedpages.vault import Vault
from tests import factories
from tests.servers import free_port, smtp_sink
from tests.webhook_sink import WebhookSink, webhook_sink

pytestmark = pytest.mark.both_databases

LIMIT = timedelta(minutes=15)
SECRET = webhooks.new_secret()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"private_hosts": "allow", "mail_from": "Leads <leads@ours.example>"}
    )


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account(name="Northside", alarm_emails=["boss@example.org"])


def a_minute(settings: Settings, clock: FrozenClock) -> None:
    """What the worker does in a minute."""
    worker.run_until_idle(settings)
    for chore in chores.CHORES:
        if chore.name == "alarms":
            asyncio.run(chore.run(settings))
    worker.run_until_idle(settings)
    clock.advance(timedelta(minutes=1))


def minutes_until(
    is_there: Callable[[], object], settings: Settings, clock: FrozenClock
) -> timedelta:
    """Let minutes pass until it is there, an hour at most; returns how long it took."""
    start = clock.at
    while not is_there() and clock.at - start < timedelta(hours=1):
        a_minute(settings, clock)
    return clock.at - start


def notification(owner: Account, sender_id: int) -> Delivery:
    lead = factories.submission(factories.page(owner), factories.contact(owner))
    return factories.delivery(
        owner,
        kind="notify_user",
        payload={"template": "new_lead", "user_id": None, "returning": False},
        recipient="sales@example.org",
        submission_id=lead.id,
        sender_id=sender_id,
    )


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def hook(owner: Account, sink: WebhookSink, settings: Settings) -> None:
    with db.transaction():
        owner.alarm_webhook_url = sink.url
        owner.alarm_webhook_sealed = Vault(settings.secret_keys).seal(
            SECRET, place=owner.alarm_webhook_place
        )


def is_signed(sink: WebhookSink) -> bool:
    posted = sink.posted[0]
    signed = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode()
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, signed + posted.body, hashlib.sha256).digest()
    return posted.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_the_accounts_server_stops_and_the_platform_and_the_webhook_tell_it(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(owner, smtp_port=free_port())
    notification(owner, sender.id)

    with smtp_sink() as platform, webhook_sink() as sink:
        at = settings.model_copy(update={"smtp_url": platform.url})
        hook(owner, sink, at)
        took = minutes_until(lambda: platform.received and sink.posted, at, clock)
        (mail,) = platform.to("boss@example.org")
        text = plain(mail)

        assert took <= LIMIT
        assert "leads@ours.example" in mail["From"]
        assert mail["Subject"] == "Mail cannot be sent (Northside)"
        assert "Mail through office@example.com (127.0.0.1) fails." in text
        assert "What to do: Test the sender and correct its settings." in text
        assert f"http://localhost/settings/mail/{sender.public_id}" in text
        assert is_signed(sink)
        event = json.loads(sink.posted[0].body)
        assert (event["type"], event["data"]["alarm"]["kind"]) == ("alarm.opened", "sender")

        # The server is back: the lead reaches its people, and the alarm is over.
        with smtp_sink(sender.smtp_port) as back:
            minutes_until(lambda: back.to("sales@example.org"), at, clock)
            a_minute(at, clock)
            assert back.to("sales@example.org")
        types = [json.loads(each.body)["type"] for each in sink.posted]
        assert types == ["alarm.opened", "alarm.closed"]
        assert len(platform.received) == 1
    db.session().rollback()
    (alarm,) = db.session().scalars(select(Alarm))
    assert alarm.closed_at is not None


def test_the_platforms_server_stops_and_the_accounts_own_tells_it(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    at = settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{free_port()}?tls=none"})

    with smtp_sink() as own:
        sender = factories.sender(owner, smtp_port=own.port)
        notification(owner, 0)
        took = minutes_until(lambda: own.received, at, clock)
        (mail,) = own.to("boss@example.org")

    assert took <= LIMIT
    assert sender.email in mail["From"]
    assert "the Hosted Pages server" in plain(mail)


def test_both_servers_stop_and_the_webhook_tells_it(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    at = settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{free_port()}?tls=none"})
    notification(owner, factories.sender(owner, smtp_port=free_port()).id)
    notification(owner, 0)

    with webhook_sink() as sink:
        hook(owner, sink, at)
        took = minutes_until(lambda: len(sink.posted) == 2, at, clock)
        subjects = {json.loads(each.body)["data"]["alarm"]["text"][:20] for each in sink.posted}

    assert took <= LIMIT
    assert len(subjects) == 2
