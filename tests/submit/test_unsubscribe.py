"""The way to say stop: footer and headers of a plan mail, the page, the button of programs."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock as clock_module
from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import stop_links, worker
from hostedpages.models import Account, Contact, Delivery, HistoryEntry, SuppressedAddress
from hostedpages.tokens import Tokens
from tests import factories
from tests.people import Client
from tests.servers import smtp_sink

SCANNERS = (
    "Mozilla/5.0 (compatible; Barracuda Link Protection)",
    "Microsoft-SafeLinks/1.0",
    "GoogleImageProxy",
    "Proofpoint URL Defense",
    "curl/8.5",
)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account(
        name="Northside Roofing",
        company_address="12 Lake Street\nSpringfield, IL 62701",
        company_phone="(217) 555-0123",
    )


@pytest.fixture
def contact(owner: Account) -> Contact:
    return factories.contact(owner, email="Pat@Example.org")


@pytest.fixture
def sent(owner: Account, contact: Contact) -> Delivery:
    return plan_mail(owner, contact)


def plan_mail(owner: Account, contact: Contact, **values: object) -> Delivery:
    return factories.delivery(owner, contact_id=contact.id, recipient=contact.email, **values)


def path(settings: Settings, delivery: Delivery) -> str:
    return stop_links.path(Tokens(settings.secret_keys), delivery.public_id)


def stopped() -> list[SuppressedAddress]:
    db.session().rollback()
    db.session().expire_all()
    live = select(SuppressedAddress).where(SuppressedAddress.lifted_at.is_(None))
    return list(db.session().scalars(live))


def test_looking_at_the_link_stops_nothing(
    client: Client, settings: Settings, sent: Delivery
) -> None:
    link = path(settings, sent)
    for agent in SCANNERS:
        for _ in range(10):
            assert client.get(link, headers={"User-Agent": agent}).status_code == 200
            assert client.head(link, headers={"User-Agent": agent}).status_code == 200

    assert stopped() == []


def test_the_page_names_the_company_and_not_the_whole_address(
    client: Client, settings: Settings, sent: Delivery
) -> None:
    answer = client.get(path(settings, sent))
    page = answer.get_data(as_text=True)

    assert "Northside Roofing" in page
    assert "P***@E***.org" in page
    assert "Pat@Example.org".lower() not in page.lower()
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_one_click_of_a_mail_program_stops_without_cookie_or_token_and_only_once(
    app: Flask, client: Client, settings: Settings, sent: Delivery, contact: Contact
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    link = path(settings, sent)

    answers = [client.post(link, data=ONE_CLICK) for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 200]
    (row,) = stopped()
    assert (row.address_key, row.kind, row.reason) == ("pat@example.org", "opted_out", "one_click")
    assert row.delivery_id == sent.id
    (note,) = db.session().scalars(select(HistoryEntry))
    assert (note.contact_id, note.kind) == (contact.id, "opted_out")
    assert db.session().get_one(Contact, contact.id).email == "Pat@Example.org"


def test_one_click_may_come_as_multipart_and_from_another_site(
    client: Client, settings: Settings, sent: Delivery
) -> None:
    answer = client.post(
        path(settings, sent),
        data=ONE_CLICK,
        content_type="multipart/form-data",
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 200
    assert len(stopped()) == 1


def test_the_button_of_the_page_stops(client: Client, settings: Settings, sent: Delivery) -> None:
    answer = client.post(path(settings, sent))

    assert "You are unsubscribed" in answer.get_data(as_text=True)
    assert [each.reason for each in stopped()] == ["unsubscribe_page"]
    assert "You are unsubscribed" in client.get(path(settings, sent)).get_data(as_text=True)


def test_a_forged_or_foreign_token_gets_the_same_words_each_time(
    client: Client, settings: Settings, sent: Delivery, owner: Account
) -> None:
    tokens = Tokens(settings.secret_keys)
    notice = factories.delivery(owner, kind="notify_user", recipient="sales@example.org")
    good = path(settings, sent)
    bad = [
        "/u/x",
        good[:-9] + ("a" if good[-9] != "a" else "b") + good[-8:],
        "/u/" + tokens.sign("known_contact", {"d": sent.public_id}),
        stop_links.path(Tokens(["another key, 0123456789 abcdefghij"]), sent.public_id),
        stop_links.path(tokens, "nobody"),
        path(settings, notice),
    ]

    answers = [client.post(each, data=ONE_CLICK) for each in bad] + [client.get(bad[1])]

    assert {each.status_code for each in answers} == {400}
    assert len({each.get_data() for each in answers}) == 1
    assert stopped() == []


def test_a_mistake_can_be_taken_back_for_an_hour(
    client: Client, settings: Settings, sent: Delivery, clock: FrozenClock
) -> None:
    link = path(settings, sent)
    first = client.post(link).get_data(as_text=True)
    taken_back = client.post(link, data={"again": "1"}).get_data(as_text=True)
    left = stopped()
    client.post(link)
    clock.advance(timedelta(minutes=61))
    late = client.post(link, data={"again": "1"}).get_data(as_text=True)

    assert "Get emails again" in first
    assert "subscribed again" in taken_back
    assert left == []
    assert "You are unsubscribed" in late
    assert "Get emails again" not in late
    assert len(stopped()) == 1


def test_another_link_or_a_person_of_the_account_is_not_overruled(
    client: Client, settings: Settings, sent: Delivery, owner: Account, contact: Contact
) -> None:
    other = plan_mail(owner, contact)
    client.post(path(settings, sent))
    client.post(path(settings, other), data={"again": "1"})
    assert len(stopped()) == 1

    by_hand = factories.contact(owner, email="by-hand@example.org")
    factories.suppressed_address(owner, by_hand.email, reason="manual")
    client.post(path(settings, plan_mail(owner, by_hand)), data={"again": "1"})
    assert len(stopped()) == 2


@pytest.mark.both_databases
def test_an_opt_out_holds_for_one_account_and_for_what_waits_already(
    app: Flask, settings: Settings, owner: Account, contact: Contact
) -> None:
    other = factories.account(name="Southside Plumbing")
    theirs = factories.contact(other, email=contact.email)
    sent = plan_mail(owner, contact, state="delivered")
    waiting, foreign = plan_mail(owner, contact), plan_mail(other, theirs)
    db.session().rollback()
    app.test_client().post(path(settings, sent), data=ONE_CLICK)

    with smtp_sink() as sink:
        worker.run_until_idle(settings.model_copy(update={"smtp_url": sink.url}))

        assert len(sink.received) == 1
        assert "Southside Plumbing" in str(sink.received[0].message)
    db.session().expire_all()
    assert (waiting.state, foreign.state) == ("skipped", "delivered")
    assert "opted out" in waiting.error


def letter(settings: Settings, delivery: Delivery, public_url: str) -> tuple[str, str, object]:
    """The text, the HTML and the whole mail as it leaves."""
    db.session().rollback()
    with smtp_sink() as sink:
        changed = {"smtp_url": sink.url, "public_url": public_url}
        worker.run_until_idle(settings.model_copy(update=changed))
        (got,) = sink.received
    text, html = (got.message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return text, html, got.message


def test_each_plan_mail_says_who_sends_it_and_how_to_stop_it(
    settings: Settings, sent: Delivery
) -> None:
    text, html, message = letter(settings, sent, "https://forms.example")

    link = "https://forms.example" + path(settings, sent)
    for part in (text, html):
        assert "Northside Roofing" in part
        assert "12 Lake Street\nSpringfield, IL 62701" in part.replace("\r", "")
        assert "(217) 555-0123" in part
        assert link in part
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "pat" not in re.sub(r"[^a-z]", "", link.lower()) or "@" not in link


def test_what_is_missing_leaves_no_gap_and_over_plain_http_no_one_click_is_promised(
    settings: Settings, owner: Account, sent: Delivery
) -> None:
    with db.transaction():
        owner.company_address = owner.company_phone = ""

    text, _, message = letter(settings, sent, "http://localhost")

    assert "--\nNorthside Roofing\nUnsubscribe: http://localhost/u/" in text.replace("\r", "")
    assert message["List-Unsubscribe"].startswith("<http://localhost/u/")
    assert message["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    ("reads_mailbox", "answers_to"), [(True, "office@example.com"), (False, "info@example.com")]
)
def test_through_the_installations_server_answers_still_find_the_account(
    settings: Settings, owner: Account, sent: Delivery, reads_mailbox: bool, answers_to: str
) -> None:
    with db.transaction():
        owner.company_email = "info@example.com"
    factories.sender(owner, email="office@example.com", imap_enabled=reads_mailbox)

    _, _, message = letter(settings, sent, "http://localhost")

    assert message["Reply-To"] == answers_to


def test_a_notification_to_our_own_people_offers_no_way_to_stop(
    settings: Settings, owner: Account
) -> None:
    page = factories.page(owner)
    factories.delivery(
        owner,
        kind="notify_user",
        recipient="sales@example.org",
        submission_id=factories.submission(page).id,
        payload={"subject": "Call Pat", "text": "Please."},
    )
    db.session().rollback()
    with smtp_sink() as sink:
        worker.run_until_idle(settings.model_copy(update={"smtp_url": sink.url}))
        (got,) = sink.received

    assert got.message["List-Unsubscribe"] is None
    assert "/u/" not in str(got.message)


def test_a_link_of_years_ago_still_works(
    client: Client, settings: Settings, sent: Delivery
) -> None:
    link = path(settings, sent)

    with clock_module.frozen(clock_module.now() + timedelta(days=2000)):
        assert client.post(link, data=ONE_CLICK).status_code == 200

    assert len(stopped()) == 1
