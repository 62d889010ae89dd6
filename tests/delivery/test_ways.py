"""The connections of one process to the servers of accounts: how many there are, and their end."""

import asyncio
from functools import partial

import pytest
from sqlalchemy.orm import Session

from hostedpages import clock
from hostedpages.config import Settings
from hostedpages.delivery import senders
from hostedpages.delivery.origins import Origin
from hostedpages.delivery.ways import TransportLimits, Ways
from hostedpages.mail.message import build
from hostedpages.mail.smtp import ACCOUNT_CONNECTIONS
from tests import factories
from tests.delivery.own_servers import sender_at, with_private_hosts
from tests.scripted_smtp import scripted_smtp


def test_mails_that_wait_for_one_access_token_together_leave_by_the_same_connections(
    unit: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow_token(*_: object) -> None:
        await asyncio.sleep(0.05)

    async def go_on() -> None:
        pass

    monkeypatch.setattr(senders, "token_of", slow_token)
    patient = partial(TransportLimits, quit=60)
    monkeypatch.setattr("hostedpages.delivery.ways.TransportLimits", patient)
    with scripted_smtp() as server:
        sender = sender_at(server, factories.account(), settings)
        unit.expunge(sender)
        origin = Origin(sender.email, "ours.example", frozenset(), sender)
        mail = build(
            delivery_id="d" * 22,
            mail_from=sender.email,
            recipient="ann@example.org",
            subject="Hello",
            text="Hello",
            html=None,
            date=clock.now(),
        )

        async def send_together() -> None:
            ways = Ways(with_private_hosts(settings))
            await asyncio.gather(*(ways.send(origin, mail, go_on) for _ in range(6)))
            await ways.close()

        asyncio.run(send_together())
        goodbyes = server.commands.count("QUIT")

    assert len(server.accepted) == 6
    assert goodbyes == server.connections <= ACCOUNT_CONNECTIONS
