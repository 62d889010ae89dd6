"""Settings, Alarms: who sees what, what is stored, and the test of both ways."""

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select

from hostedpages import db, net
from hostedpages.builder import hosts
from hostedpages.clock import FrozenClock, now
from hostedpages.config import Settings
from hostedpages.delivery import webhooks
from hostedpages.models import NO_SENDER, PLATFORM, Account, Alarm, Delivery, Heartbeat
from hostedpages.vault import Vault
from tests import factories
from tests.people import Person

HOOK = "https://93.184.215.14/alarms"


def alarm(owner: Account, **values: Any) -> Alarm:
    made = {
        "kind": "silent_page",
        "subject": "page:x",
        "text": "“Quote” has had no lead for 3 days.",
        "path": "/pages/x/results",
        "details": {},
    } | values
    return factories.store(Alarm(account_id=owner.id, **made))


def fill_in(person: Person, **changes: Any) -> Any:
    data = {"alarm_emails": "", "alarm_webhook_url": "", "daily_digest": "y"} | changes
    return person.client.post("/settings/alarms", data=data)


def text_of(person: Person, path: str = "/settings/alarms") -> str:
    answer = person.client.get(path)
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def sent(owner: Account) -> list[Delivery]:
    return list(
        db.session().scalars(
            select(Delivery).where(Delivery.account_id == owner.id).order_by(Delivery.id)
        )
    )


def test_the_screen_is_for_owners_and_admins(
    alice: Person, bob: Person, charlie: Person, clock: FrozenClock
) -> None:
    alarm(alice.account)

    assert bob.client.get("/settings/alarms").status_code == 403
    assert bob.client.post("/settings/alarms/test").status_code == 403
    assert "no lead for 3 days" in text_of(alice)
    assert "no lead for 3 days" not in text_of(charlie)


def test_what_endangers_leads_is_shown_to_everybody_on_every_screen(
    alice: Person, bob: Person, charlie: Person
) -> None:
    alarm(alice.account, text="“Quote” has had no lead for 3 days. It usually gets nine.")
    alarm(alice.account, kind="mailbox", subject="mailbox:x", text="Nobody reads it.")
    alarm(alice.account, kind="outbox", subject="outbox", text="It is over.", closed_at=now())

    for person in (alice, bob):
        page = text_of(person, "/leads")
        assert "no lead for 3 days." in page
        assert "usually gets" not in page
        assert 'href="/pages/x/results"' in page
        assert "Nobody reads it" not in page
        assert "It is over" not in page
    assert "no lead for 3 days" not in text_of(charlie, "/leads")


def test_a_banner_leads_nobody_to_a_screen_that_is_closed_to_them(
    alice: Person, bob: Person
) -> None:
    alarm(alice.account, kind="outbox", path="/settings/mail")

    assert 'href="/settings/mail">Open' in text_of(alice, "/leads")
    assert 'href="/settings/mail">Open' not in text_of(bob, "/leads")


def test_an_empty_screen_says_whether_anybody_looks(alice: Person, clock: FrozenClock) -> None:
    assert "Nobody looks for alarms" in text_of(alice)

    factories.store(Heartbeat(name="chore:alarms", at=clock.at, details={}))
    page = text_of(alice)
    assert "All is quiet" in page
    assert "Nobody looks for alarms" not in page

    clock.advance(timedelta(minutes=6))
    assert "Nobody looks for alarms" in text_of(alice)


def test_addresses_and_digest_are_stored(alice: Person) -> None:
    assert f"Told at present: {alice.user.email}" in text_of(alice)

    answer = fill_in(alice, alarm_emails="Boss@Example.org\nops@example.org, boss@example.org")

    assert answer.status_code == 303
    assert alice.account.alarm_emails == ["boss@example.org", "ops@example.org"]
    assert alice.account.daily_digest
    fill_in(alice, daily_digest="")
    assert not alice.account.daily_digest


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"alarm_emails": "boss"}, "valid email address"),
        ({"alarm_emails": "\n".join(f"a{n}@example.org" for n in range(11))}, "at most 10"),
        ({"alarm_webhook_url": "http://93.184.215.14/x"}, "Use an https address"),
        ({"alarm_webhook_url": "https://u:p@93.184.215.14/x"}, "Leave user name and password out"),
        ({"alarm_webhook_url": "https://93.184.215.14:22/x"}, "Only the ports 443 and 8443"),
        ({"alarm_webhook_url": "ftp://93.184.215.14/x"}, "Enter one web address"),
        ({"alarm_webhook_url": "https://a b/x"}, "Enter one web address"),
        ({"alarm_webhook_url": "https://[::1/x"}, "There is a mistake"),
        ({"alarm_webhook_url": "https://127.0.0.1/x"}, "private or local network"),
        ({"alarm_webhook_url": "https://localhost/x"}, "private or local network"),
        ({"alarm_webhook_url": "https://[::1]/x"}, "private or local network"),
        ({"alarm_webhook_url": "https://[::ffff:10.0.0.1]/x"}, "private or local network"),
        ({"alarm_webhook_url": "https://169.254.169.254/latest"}, "private or local network"),
        ({"alarm_webhook_url": "https://2130706433/x"}, "private or local network"),
        ({"alarm_webhook_url": "https://0x7f.1/x"}, "private or local network"),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_field(
    changes: dict[str, str], words: str, alice: Person
) -> None:
    answer = fill_in(alice, **changes)

    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert (alice.account.alarm_emails, alice.account.alarm_webhook_url) == ([], "")


def test_a_webhook_whose_name_servers_are_silent_is_refused_without_waiting_for_them(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, silent = Event(), Event()
    monkeypatch.setattr(net, "resolve", lambda *_, **__: begun.set() or silent.wait())
    monkeypatch.setattr(hosts, "wait", lambda *_: begun.wait(60))

    answer = fill_in(alice, alarm_webhook_url="https://silent.example/x")
    silent.set()

    assert answer.status_code == 422
    assert "do not answer" in answer.get_data(as_text=True)
    assert alice.account.alarm_webhook_url == ""


def test_hosts_of_new_webhooks_are_looked_up_only_so_often(
    alice: Person, clock: FrozenClock
) -> None:
    answers = [
        fill_in(alice, alarm_webhook_url=f"https://127.0.0.1/{each}").status_code
        for each in range(21)
    ]

    assert answers == [422] * 20 + [429]
    assert fill_in(alice, alarm_emails="boss@example.org").status_code == 303
    assert "changed very often" in fill_in(alice, alarm_webhook_url=HOOK).get_data(as_text=True)


def test_the_signing_secret_is_shown_once_and_stored_sealed(
    alice: Person, settings: Settings, clock: FrozenClock
) -> None:
    answer = fill_in(alice, alarm_webhook_url=HOOK)
    page = answer.get_data(as_text=True)
    secret = page.split('<code id="signing-secret">')[1].split("<")[0]

    assert answer.status_code == 201
    assert secret.startswith("whsec_")
    account = alice.account
    assert secret not in account.alarm_webhook_sealed
    vault = Vault(settings.secret_keys)
    assert vault.open(account.alarm_webhook_sealed, place=account.alarm_webhook_place) == secret
    assert "whsec_" not in text_of(alice)

    # Saved again it stays; a new one signs beside it for a day.
    assert fill_in(alice, alarm_webhook_url=HOOK).status_code == 303
    page = alice.client.post("/settings/alarms/secret").get_data(as_text=True)
    new = page.split('<code id="signing-secret">')[1].split("<")[0]
    stored = vault.open(account.alarm_webhook_sealed, place=account.alarm_webhook_place)
    assert webhooks.live_secrets(stored, clock.at) == [new, secret]
    assert webhooks.live_secrets(stored, clock.at + timedelta(hours=24)) == [new]

    fill_in(alice)
    assert (account.alarm_webhook_url, account.alarm_webhook_sealed) == ("", "")


def test_without_a_webhook_there_is_no_secret_to_make(alice: Person) -> None:
    assert alice.client.post("/settings/alarms/secret").status_code == 303
    assert alice.account.alarm_webhook_sealed == ""


def test_a_mended_webhook_gets_what_the_earlier_one_did_not_take(
    alice: Person, clock: FrozenClock
) -> None:
    lost = factories.delivery(
        alice.account,
        kind="webhook",
        state="failed",
        finished_at=clock.at,
        payload={"event": {"type": "alarm.opened"}},
        sender_id=NO_SENDER,
    )
    theirs = factories.delivery(factories.account(), kind="webhook", state="failed")

    fill_in(alice, alarm_webhook_url=HOOK)

    assert (lost.state, theirs.state) == ("pending", "failed")


def test_a_test_alarm_goes_to_every_address_by_every_way(
    alice: Person, clock: FrozenClock, settings: Settings
) -> None:
    sender = factories.sender(alice.account)
    fill_in(alice, alarm_emails="boss@example.org", alarm_webhook_url=HOOK)

    answer = alice.client.post("/settings/alarms/test")

    assert answer.headers["Location"] == "/settings/alarms#test"
    rows = sent(alice.account)
    assert [(each.recipient, each.sender_id) for each in rows] == [
        ("boss@example.org", sender.id),
        ("93.184.215.14", NO_SENDER),
    ]
    page = text_of(alice)
    assert "by mail through office@example.com" in page
    assert "Look again" in page
    assert "data-again" in text_of(alice, "/settings/alarms/test")

    with db.transaction():
        rows[0].state, rows[0].finished_at = "delivered", clock.at
        rows[1].state, rows[1].error = "failed", "The other side refused: 500 <b>no</b>"
    page = text_of(alice)
    assert "Arrived at their server" in page
    assert "500 &lt;b&gt;no&lt;/b&gt;" in page
    assert "Look again" not in page
    clock.advance(timedelta(hours=2))
    assert "boss@example.org</span>" not in text_of(alice)


def test_without_a_sender_of_its_own_the_test_leaves_through_the_installation(
    alice: Person,
) -> None:
    alice.client.post("/settings/alarms/test")

    assert [(each.recipient, each.sender_id) for each in sent(alice.account)] == [
        (alice.user.email, PLATFORM)
    ]


def test_at_most_ten_tests_a_day_are_sent(alice: Person, clock: FrozenClock) -> None:
    for _ in range(12):
        alice.client.post("/settings/alarms/test")

    assert len(sent(alice.account)) == 10


def copy_of(told: Alarm, **values: Any) -> Delivery:
    """A mail that tells this alarm."""
    made = {
        "kind": "alarm_mail",
        "payload": {"template": "alarm", "alarms": [{"id": told.public_id}]},
        "recipient": "boss@example.org",
    } | values
    owner = db.session().get_one(Account, told.account_id)
    return factories.delivery(owner, **made)


@pytest.mark.parametrize(
    ("copies", "is_told", "words"),
    [
        ([{"state": "delivered", "receipt": "250 OK"}], True, ""),
        ([{"state": "failed", "error": "550 No."}, {"state": "delivered"}], True, ""),
        ([{}], False, "being told …"),
        ([{"state": "held"}, {"state": "failed", "error": "550 No."}], False, "being told …"),
        (
            [
                {"state": "failed", "error": "550 No."},
                {"state": "delivered", "receipt": "Written to mail/1.eml"},
            ],
            False,
            "Could not be told: 550 No. Hosted Pages has no mail server yet, so",
        ),
        ([{"state": "skipped", "error": "Stopped."}], False, "Could not be told: Stopped."),
        (
            [{"state": "delivered", "bounced_at": now()}],
            False,
            "Could not be told: The mail came back.",
        ),
        ([], False, "Could not be told: There was no way left to tell it by."),
    ],
)
def test_an_alarm_is_told_when_one_copy_arrived(
    copies: list[dict[str, Any]], is_told: bool, words: str, alice: Person, clock: FrozenClock
) -> None:
    told = alarm(alice.account, told_at=clock.at)
    for values in copies:
        copy_of(told, finished_at=clock.at, **values)

    page = text_of(alice)

    assert ("· told <time" in page) == is_told
    assert words in page
    assert ("being told" in page) == (words == "being told …")
    assert ("Could not be told" in page) == words.startswith("Could")


def test_an_alarm_is_told_when_the_webhook_answered(alice: Person, clock: FrozenClock) -> None:
    told = alarm(alice.account, told_at=clock.at)
    copy_of(told, state="failed")
    event = {"type": "alarm.opened", "data": {"alarm": {"id": told.public_id}}}
    hook = copy_of(told, kind="webhook", payload={"event": event}, sender_id=NO_SENDER)
    assert "being told …" in text_of(alice)

    with db.transaction():
        hook.state, hook.finished_at = "delivered", clock.at

    assert "· told <time" in text_of(alice)


NO_SECOND = "There is no second way yet"


def test_two_senders_of_one_mailbox_are_no_second_way(alice: Person, clock: FrozenClock) -> None:
    assert "There is no way to tell anybody yet" in text_of(alice)
    factories.sender(alice.account)
    factories.sender(alice.account, slot="marketing")
    page = text_of(alice)
    assert NO_SECOND in page
    assert "add a webhook, or a" in page
    assert "By a way that is not the failing one" not in page

    alice.client.post("/settings/alarms/test")
    assert len(sent(alice.account)) == 1

    other = factories.sender(alice.account, slot="other", smtp_host="smtp.example.net")
    page = text_of(alice)
    assert NO_SECOND not in page
    assert "By a way that is not the failing one" in page

    with db.transaction():
        other.enabled = False
    assert NO_SECOND in text_of(alice)
    fill_in(alice, alarm_webhook_url=HOOK)
    assert NO_SECOND not in text_of(alice)
