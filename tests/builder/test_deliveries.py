"""The delivery log: what people see of each delivery, and what they can do about it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from hostedpages import clock as clock_module
from hostedpages.builder.deliveries import queries, service, words
from hostedpages.delivery import kinds
from hostedpages.models import Delivery, HistoryEntry, SenderHealth
from hostedpages.models.delivery import STATES
from tests import factories, people
from tests.people import Person


def text_of(person: Person, address: str) -> str:
    answer = person.client.get(address)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def address(delivery: Delivery, verb: str = "") -> str:
    return f"/deliveries/{delivery.public_id}{verb}"


def test_every_state_and_every_filter_has_words() -> None:
    assert set(words.STATES) == set(STATES)
    filtered = [state for _, states in words.FILTERS.values() for state in states]
    assert sorted(filtered) == sorted(STATES)


def test_an_empty_log_says_what_will_stand_here(alice: Person) -> None:
    assert "Nothing to deliver yet" in text_of(alice, "/deliveries")


def test_the_log_says_where_mail_goes_and_who_can_change_that(alice: Person, bob: Person) -> None:
    hers, his = text_of(alice, "/deliveries"), text_of(bob, "/deliveries")
    for page in (hers, his):
        assert "reaches nobody" in page
        assert "HOSTEDPAGES" not in page
        assert "/mail.eml" not in page
    assert 'href="/settings/mail">Set up mail' in hers
    assert "/settings/mail" not in his
    assert "An owner or admin of your account" in his

    factories.sender(alice.account)
    assert "Mail of action plans cannot leave yet" in text_of(bob, "/deliveries")
    factories.sender(alice.account, slot="marketing", email="news@example.com")
    page = text_of(alice, "/deliveries")
    assert "Notifications leave through office@example.com, mail of action plans through" in page
    assert "news@example.com" in page


def test_what_waits_for_a_limit_says_which_one_and_when_it_is_expected(
    alice: Person, clock: clock_module.FrozenClock
) -> None:
    now = clock_module.now()
    limits = {"windows": [{"count": 2, "seconds": 3600}, {"count": 50, "seconds": 86_400}]}
    sender = factories.sender(alice.account, limits=limits)
    for minutes in (30, 20):
        sent = factories.delivery(alice.account, state="delivered", sender_id=sender.id)
        at = now - timedelta(minutes=minutes)
        times = {"started_at": at, "finished_at": at}
        factories.attempt(sent, sender_id=sender.id, outcome="delivered", **times)
    factories.store(SenderHealth(sender_id=sender.id, full_until=now + timedelta(minutes=30)))
    old = "The mail server refused the sign-in: 535 5.7.8 no"
    waits = factories.delivery(alice.account, sender_id=sender.id, attempts=1, error=old)
    factories.attempt(waits, sender_id=sender.id, outcome="held", reply=old)

    page = text_of(alice, address(waits))
    assert "Waits for 2 an hour" in page
    assert page.index("Attempts</h2>") < page.index("535 5.7.8 no")  # it is not the reason now
    assert "<dt>Due</dt>" not in page
    assert "It waits for the hourly limit of office@example.com. Expected at 10:30 am." in page
    row = text_of(alice, "/deliveries").partition("<tbody>")[2]
    assert "Waits for 2 an hour" in row
    assert "Expected at 10:30 am" in row
    assert "535 5.7.8" not in row
    later = factories.delivery(
        alice.account, sender_id=sender.id, due_at=now + timedelta(days=2), summary="Later"
    )
    assert "Waiting until" in text_of(alice, address(later))
    assert "<dt>Due</dt>" in text_of(alice, address(later))


def test_what_a_failing_sender_holds_back_says_since_when(
    alice: Person, clock: clock_module.FrozenClock
) -> None:
    now = clock_module.now()
    sender = factories.sender(alice.account)
    factories.store(
        SenderHealth(
            sender_id=sender.id,
            refusals=1,
            failing_since=now - timedelta(minutes=46),
            paused_until=now + timedelta(minutes=5),
            problem="535 5.7.8 no",
        )
    )
    held = factories.delivery(
        alice.account,
        sender_id=sender.id,
        state="held",
        attempts=1,
        due_at=now + timedelta(minutes=5),
        error="The mail server refused the password: 535 5.7.8 no",
    )
    page = text_of(alice, address(held))
    assert "mail through office@example.com has failed since 9:14 am" in page
    assert "535 5.7.8 no" in page
    waits = factories.delivery(alice.account, sender_id=sender.id)
    assert "Waits for its server" in text_of(alice, address(waits))


def test_a_delivery_names_its_sender_and_who_took_it_instead(alice: Person) -> None:
    sender = factories.sender(alice.account)
    usual = factories.delivery(alice.account, state="delivered", sender_id=sender.id)
    factories.attempt(usual, sender_id=sender.id, outcome="delivered")
    assert "<dd>office@example.com</dd>" in text_of(alice, address(usual))
    assert "through office@example.com" in text_of(alice, "/deliveries?state=sent")

    instead = factories.delivery(
        alice.account,
        state="delivered",
        sender_id=sender.id,
        receipt="Sent through the Hosted Pages server, because: it does not answer. 250 ok",
    )
    factories.attempt(instead, outcome="delivered")
    page = text_of(alice, address(instead))
    assert "The Hosted Pages server, instead of office@example.com" in page
    assert "because: it does not answer" in page
    webhook = factories.delivery(alice.account, kind="account_mail", sender_id=0)
    assert "<dd>The Hosted Pages server</dd>" in text_of(alice, address(webhook))
    removed = factories.delivery(alice.account, state="delivered", sender_id=sender.id + 1)
    assert "A sender that was removed" in text_of(alice, address(removed))


def test_a_row_says_what_to_whom_for_what_and_how_it_stands(
    alice: Person, clock: clock_module.FrozenClock
) -> None:
    page = factories.page(alice.account, name="Free estimate")
    contact = factories.contact(alice.account, first_name="Maria", last_name="Santos")
    submission = factories.submission(page, contact)
    plan = factories.plan(alice.account, name="New estimate")
    factories.delivery(
        alice.account,
        summary="Email “Welcome”",
        recipient="maria@example.org",
        due_at=clock_module.now() + timedelta(days=2),
        page_id=page.id,
        contact_id=contact.id,
        submission_id=submission.id,
        enrollment_id=factories.enrollment(plan, contact).id,
    )
    row = text_of(alice, "/deliveries").partition("<tbody>")[2]
    for words_ in ("Email “Welcome”", "maria@example.org", "Maria Santos", "Free estimate"):
        assert words_ in row
    assert f"/leads/{submission.public_id}" in row
    assert f"/plans/{plan.public_id}" in row
    assert "Waiting until Thu, Mar 5, 10:00 am EST" in row


def test_what_needs_a_person_is_failed_or_unknown_and_a_lost_alarm_counts_elsewhere(
    alice: Person, charlie: Person
) -> None:
    for state in STATES:
        factories.delivery(alice.account, state=state, recipient=f"{state}@example.org")
    factories.delivery(charlie.account, state="failed", recipient="other@example.org")
    rows = text_of(alice, "/deliveries?state=needs-a-person").partition("<tbody>")[2]
    shown = [state for state in STATES if f"{state}@example.org" in rows]
    assert shown == ["failed", "unknown"]
    alarm = factories.delivery(alice.account, kind="alarm_mail", state="failed", summary="Alarm")
    assert queries.needs_person_count(alice.account) == 2
    page = text_of(alice, "/deliveries?state=needs-a-person")
    assert "2 need a person" in page
    assert 'Needs a person <span class="badge">2</span>' in page
    assert "Try the failed one again" in page
    assert "of 2 deliveries" in page
    assert address(alarm) not in page
    assert address(alarm) in text_of(alice, "/deliveries")
    alice.client.post("/deliveries/retry-failed")
    assert alarm.state == "failed"


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ({"kind": "email"}, {"a@example.org"}),
        ({"kind": "notify_user"}, {"b@example.org", "c_d@example.org"}),
        ({"q": "C_D"}, {"c_d@example.org"}),
        ({"q": "santos"}, {"b@example.org"}),
        ({"state": "sent"}, {"c_d@example.org"}),
        ({"hosted_page": "PAGE"}, {"b@example.org"}),
        ({"hosted_page": "of nobody"}, set()),
        ({"state": "nonsense"}, {"a@example.org", "b@example.org", "c_d@example.org"}),
    ],
)
def test_the_log_is_narrowed_by_kind_page_state_and_recipient(
    alice: Person, narrowed: dict[str, str], found: set[str]
) -> None:
    page = factories.page(alice.account)
    maria = factories.contact(alice.account, first_name="Maria", last_name="Santos")
    factories.delivery(alice.account, recipient="a@example.org")
    factories.delivery(
        alice.account,
        kind="notify_user",
        recipient="b@example.org",
        page_id=page.id,
        contact_id=maria.id,
    )
    factories.delivery(
        alice.account, kind="notify_user", recipient="c_d@example.org", state="delivered"
    )
    if narrowed.get("hosted_page") == "PAGE":
        narrowed = {"hosted_page": page.public_id}
    answer = alice.client.get("/deliveries", query_string=narrowed)
    rows = answer.get_data(as_text=True).partition("<tbody>")[2]
    shown = {each for each in ("a", "b", "c_d") if f"{each}@example.org" in rows}
    assert {f"{each}@example.org" for each in shown} == found


def test_the_log_is_shown_page_by_page(alice: Person) -> None:
    for number in range(12):
        factories.delivery(alice.account, recipient=f"number-{number:02d}@example.org")
    first = text_of(alice, "/deliveries?size=10")
    second = text_of(alice, "/deliveries?size=10&page=2")
    assert first.count("number-") == 10
    assert "1 to 10 of 12 deliveries" in first
    assert "number-11@" in first
    assert "number-00@" in second


def test_one_delivery_shows_each_attempt_with_the_servers_words(
    alice: Person, clock: clock_module.FrozenClock
) -> None:
    delivery = factories.delivery(
        alice.account, state="failed", attempts=2, error="550 No such user"
    )
    started = clock_module.now()
    factories.attempt(
        delivery,
        outcome="passing",
        reply="451 <try> later",
        started_at=started,
        finished_at=started + timedelta(milliseconds=1400),
    )
    factories.attempt(delivery, number=2, outcome="failed", reply="550 No such user")
    page = text_of(alice, address(delivery))
    assert "451 &lt;try&gt; later" in page
    assert "took 1.4 s" in page
    assert "Not accepted, to be tried again" in page
    assert page.index("2. Refused for good") < page.index("1. Not accepted")


def test_a_link_that_opens_an_account_is_never_shown(alice: Person) -> None:
    delivery = factories.delivery(
        alice.account,
        kind="account_mail",
        payload={"template": "reset", "path": "/reset/a-secret-link", "text": "a-secret-link"},
    )
    assert "a-secret-link" not in text_of(alice, address(delivery))
    assert "a-secret-link" not in text_of(alice, "/deliveries")


def test_a_failed_delivery_is_sent_again(
    alice: Person, bob: Person, unit: Session, clock: clock_module.FrozenClock
) -> None:
    contact = factories.contact(alice.account)
    delivery = factories.delivery(
        alice.account, state="failed", attempts=12, contact_id=contact.id, error="550 no"
    )
    answer = bob.client.post(address(delivery, "/retry"))
    assert answer.status_code == 303
    assert answer.headers["Location"] == address(delivery)
    assert (delivery.state, delivery.due_at, delivery.attempts) == ("pending", clock.at, 12)
    history = unit.query(HistoryEntry).filter_by(contact_id=contact.id).one()
    assert history.by_user_id == bob.user.id


def test_what_was_sent_is_not_sent_again_and_says_why(alice: Person) -> None:
    delivery = factories.delivery(alice.account, state="delivered")
    answer = alice.client.post(address(delivery, "/retry"))
    assert answer.status_code == 409
    assert "cannot be sent again" in answer.get_data(as_text=True)
    assert "Try again" not in text_of(alice, address(delivery))


def test_a_waiting_delivery_is_canceled(alice: Person) -> None:
    delivery = factories.delivery(alice.account)
    answer = alice.client.post(
        address(delivery, "/cancel"), data={"next": "/deliveries?state=waiting"}
    )
    assert answer.headers["Location"] == "/deliveries?state=waiting"
    assert delivery.state == "canceled"


def test_a_failed_delivery_is_set_aside(alice: Person) -> None:
    delivery = factories.delivery(alice.account, state="failed")
    assert "Set aside" in text_of(alice, address(delivery))
    alice.client.post(address(delivery, "/cancel"))
    assert delivery.state == "canceled"
    assert queries.needs_person_count(alice.account) == 0


@pytest.mark.parametrize("verb", ["/retry", "/cancel"])
def test_nobody_is_led_to_another_site(alice: Person, verb: str) -> None:
    delivery = factories.delivery(alice.account, state="unknown")
    answer = alice.client.post(address(delivery, verb), data={"next": "//evil.example/deliveries"})
    assert answer.headers["Location"] == address(delivery)


@pytest.mark.parametrize("state", STATES)
def test_what_is_offered_is_what_the_outbox_does(alice: Person, state: str) -> None:
    for attempts in (0, 1):
        for verb, offered in (("/retry", service.can_retry), ("/cancel", service.can_cancel)):
            delivery = factories.delivery(
                alice.account, kind="notify_user", state=state, attempts=attempts
            )
            is_offered = offered(delivery)
            status = alice.client.post(address(delivery, verb)).status_code
            assert (status == 303) == is_offered, (state, attempts, verb, status)


def test_all_that_failed_is_sent_again_at_once(alice: Person, charlie: Person) -> None:
    failed = [factories.delivery(alice.account, state="failed") for _ in range(3)]
    unsure = factories.delivery(alice.account, state="unknown")
    foreign = factories.delivery(charlie.account, state="failed")
    assert "Try all 3 failed again" in text_of(alice, "/deliveries")
    answer = alice.client.post("/deliveries/retry-failed")
    assert answer.headers["Location"] == "/deliveries?state=waiting"
    assert {each.state for each in failed} == {"pending"}
    assert (unsure.state, foreign.state) == ("unknown", "failed")


def test_a_salesperson_does_not_enter(app: Flask, alice: Person) -> None:
    delivery = factories.delivery(alice.account, state="failed")
    seller = people.signed_in(app, factories.user(alice.account, role="salesperson"))
    assert seller.client.get("/deliveries").status_code == 403
    assert seller.client.get(address(delivery)).status_code == 403
    assert seller.client.post(address(delivery, "/retry")).status_code == 403
    assert seller.client.post("/deliveries/retry-failed").status_code == 403
    assert delivery.state == "failed"


def test_to_a_stranger_it_is_not_there(alice: Person, charlie: Person) -> None:
    delivery = factories.delivery(alice.account, state="failed", recipient="hers@example.org")
    assert charlie.client.get(address(delivery)).status_code == 404
    assert charlie.client.post(address(delivery, "/retry")).status_code == 404
    assert charlie.client.post(address(delivery, "/cancel")).status_code == 404
    assert "hers@example.org" not in text_of(charlie, "/deliveries")
    assert delivery.state == "failed"


def test_all_deliveries_come_the_oldest_first(alice: Person, charlie: Person) -> None:
    made = [factories.delivery(alice.account) for _ in range(3)]
    factories.delivery(charlie.account)
    assert [each.id for each in queries.all_deliveries(alice.account)] == [each.id for each in made]


def test_an_unknown_kind_is_shown_and_not_a_crash(alice: Person) -> None:
    delivery = factories.delivery(alice.account, kind="pigeon", summary="")
    assert kinds.kind_of("pigeon").label in text_of(alice, "/deliveries")
    assert "pigeon" in text_of(alice, address(delivery))
