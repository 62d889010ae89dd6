"""Senders in every state that a screen must show, with names as long as people's are.

Must never be what a test of behavior relies on: those make the few rows they speak of.
"""

from datetime import timedelta

from hostedpages import clock
from hostedpages.models import Delivery, Sender, SenderHealth
from tests import factories
from tests.browser.northside import Northside

REFUSAL = (
    "The mail server refused the sign-in: 535 5.7.8 Username and Password not accepted. For more "
    "information, go to support.example.com/llanfairpwllgwyngyllgogerychwyrndrobwllllantysilio"
)


def made(northside: Northside) -> tuple[Sender, Sender, Delivery]:
    """A sender that works and is nearly full, one that fails, and what the latter holds back."""
    account, now = northside.account, clock.now()
    hourly = {"count": 20, "seconds": 3600}
    daily = {"count": 500, "seconds": 86_400}
    works = factories.sender(
        account,
        preset="gmail",
        smtp_host="smtp.gmail.com",
        smtp_port=587,
        security="starttls",
        email="office@northside.example.com",
        from_name="Northside Roofing",
        scope="all_emails",
        imap_enabled=True,
        imap_host="imap.gmail.com",
        imap_problem="The mailbox refused the sign-in: NO [AUTHENTICATIONFAILED]",
        limits={"windows": [hourly, daily], "max_bytes": 10 * 2**20},
        tested_at=now - timedelta(days=1),
    )
    for minute in range(17):
        sent = factories.delivery(account, state="delivered", sender_id=works.id, attempts=1)
        at = now - timedelta(minutes=minute)
        times = {"started_at": at, "finished_at": at}
        factories.attempt(sent, sender_id=works.id, outcome="delivered", **times)
    fails = factories.sender(
        account,
        slot="marketing",
        smtp_host="mail.a-provider-with-a-long-name.example.com",
        smtp_port=465,
        security="ssl",
        email="news@northside-roofing-and-siding-of-the-northeast-kingdom.example.com",
        from_name="Northside Roofing, the metal roof people of the Northeast Kingdom",
        limits={"windows": [{"count": 100, "seconds": 3600}]},
    )
    factories.store(
        SenderHealth(
            sender_id=fails.id,
            refusals=3,
            problem_kind="authentication",
            problem=REFUSAL,
            failing_since=now - timedelta(hours=2),
            paused_until=now + timedelta(minutes=30),
        )
    )
    held = [
        factories.delivery(
            account,
            state="held",
            attempts=1,
            sender_id=fails.id,
            due_at=now + timedelta(minutes=30),
            error=REFUSAL,
        )
        for _ in range(3)
    ]
    newcomer = factories.user(account, name="Bartholomew Featherstonehaugh-Cholmondeley")
    factories.sender(
        account,
        slot=f"user:{newcomer.public_id}",
        user_id=newcomer.id,
        enabled=False,
        state="untested",
        email="bartholomew.featherstonehaugh.cholmondeley@long-subdomain.mail.example.com",
    )
    return works, fails, held[0]
