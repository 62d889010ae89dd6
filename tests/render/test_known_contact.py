"""Personal links: the table of hide, mask and show, to the letter, and nothing but the table."""

import logging
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.models import Account, Contact, HistoryEntry, Page, Submission
from hostedpages.render import known_contact
from hostedpages.tokens import Tokens
from tests import factories
from tests.factories import field
from tests.people import Client
from tests.visitor import Visitor

RAW = {
    "last_name": "Quillfeather",
    "email": "jane.quillfeather@example-mail.com",
    "cell_phone": "+18015550123",
    "address": "77 Wintergreen Lane",
    "city": "Provo",
}
# Spellings under which a value could slip out.
PERSONAL = ("Quillfeather", "quillfeather", "8015550123", "(801) 555-0123", "Wintergreen")
FIELDS = (
    field("last", "Last name", binds_to="last_name", required=True),
    field("mail", "Email", type="email", binds_to="email", required=True),
    field("phone", "Phone", type="phone", binds_to="cell_phone"),
    field("street", "Street", binds_to="address"),
    field("town", "Town", binds_to="city"),
    field("note", "Note", type="textarea", binds_to="whiteboard"),
)
MASKS = ("Q.", "j***@e***.com", "***-***-0123", "***")


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account()


@pytest.fixture
def contact(owner: Account) -> Contact:
    return factories.contact(
        owner, first_name="Jane", full_name="Jane Quillfeather", whiteboard="Owes us money.", **RAW
    )


def page_of(owner: Account, level: str, **options: object) -> Page:
    return factories.page(owner, *FIELDS, options={"pii_visibility": level, **options})


def token_of(page: Page, contact: Contact, settings: Settings, **values: object) -> str:
    link = factories.contact_link(page, contact, **values)
    return known_contact.sign(link, page.public_id, Tokens(settings.secret_keys))


def see(client: Client, page: Page, token: str) -> Visitor:
    return Visitor(client, f"/f/{page.public_id}?c={token}").open()


@pytest.mark.parametrize(
    ("level", "personal", "hint", "town"),
    [("hide", None, "", "Provo"), ("mask", "", "shown", "Provo"), ("show", "filled", "", "Provo")],
)
def test_a_known_contact_sees_the_table(
    client: Client, owner: Account, contact: Contact, settings: Settings,
    level: str, personal: str | None, hint: str, town: str,
) -> None:  # fmt: skip
    page = page_of(owner, level)
    person = see(client, page, token_of(page, contact, settings))
    assert person.response is not None
    html = person.response.text
    assert person.values["town"] == [town]
    assert person.values["note"] == [""]
    assert "Owes us money" not in html
    if personal is None:
        assert person.shown == ["town", "note"]
    elif personal == "":
        assert all(person.values[key] == [""] for key in ("last", "mail", "phone", "street"))
    else:
        assert person.values["last"] == ["Quillfeather"]
        assert person.values["mail"] == [RAW["email"]]
        assert person.values["phone"] == ["(801) 555-0123"]
        assert person.values["street"] == ["77 Wintergreen Lane"]
    assert all((mask in html) == (hint == "shown") for mask in MASKS)
    assert any(raw in html for raw in PERSONAL) == (personal == "filled")


@pytest.mark.parametrize("level", ["hide", "mask", "show"])
@pytest.mark.parametrize(
    "case", ["none", "expired", "revoked", "other page", "tampered", "archived", "random", "number"]
)
def test_any_other_visitor_sees_the_empty_form_and_no_hint(
    client: Client, unit: Session, owner: Account, contact: Contact, settings: Settings,
    clock: FrozenClock, level: str, case: str,
) -> None:  # fmt: skip
    page, other = page_of(owner, level), page_of(owner, level)
    empty = Visitor(client, f"/f/{page.public_id}").open().response
    good = token_of(page, contact, settings)
    tokens = {
        "none": "",
        "expired": token_of(page, contact, settings, expires_at=clock.at - timedelta(seconds=1)),
        "revoked": token_of(page, contact, settings, revoked_at=clock.at),
        "other page": token_of(other, contact, settings),
        "tampered": good[:-3] + ("AAA" if not good.endswith("AAA") else "BBB"),
        "archived": good,
        "random": "x" * 60,
        "number": str(contact.id),
    }
    if case == "archived":
        with db.transaction():
            contact.archived_at = clock.at
    person = see(client, page, tokens[case])
    assert person.response is not None
    assert empty is not None
    assert person.response.status_code == 200
    assert person.response.text == empty.text
    assert "no-store" in person.response.headers["Cache-Control"]


def test_a_token_with_any_byte_changed_is_not_taken(
    app: Flask, unit: Session, owner: Account, contact: Contact, settings: Settings
) -> None:
    page = page_of(owner, "show")
    tokens = Tokens(settings.secret_keys)
    good = token_of(page, contact, settings)
    for at in range(len(good) - 1):
        changed = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
        found = known_contact.read(
            changed, page_id=page.id, page_public_id=page.public_id, tokens=tokens
        )
        assert found is None


def test_a_token_of_another_purpose_opens_nothing(
    client: Client, owner: Account, contact: Contact, settings: Settings
) -> None:
    page = page_of(owner, "show")
    link = factories.contact_link(page, contact)
    for purpose in ("form", "receipt", "unsubscribe"):
        token = Tokens(settings.secret_keys).sign(
            purpose, {"l": link.public_id, "p": page.public_id}
        )
        assert see(client, page, token).values["town"] == [""]


def test_a_personal_page_is_kept_by_nobody_and_framed_only_where_allowed(
    client: Client, owner: Account, contact: Contact, settings: Settings
) -> None:
    page = page_of(owner, "show")
    listed = page_of(owner, "show", allowed_frame_origins=["https://shop.example.com"])
    for each, ancestors in ((page, "'none'"), (listed, "'self' https://shop.example.com")):
        response = see(client, each, token_of(each, contact, settings)).response
        assert response is not None
        assert response.headers["Cache-Control"] == "private, no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert f"frame-ancestors {ancestors};" in response.headers["Content-Security-Policy"] + ";"


def test_hidden_required_answers_count_as_given_and_are_kept(
    client: Client, unit: Session, owner: Account, contact: Contact, settings: Settings
) -> None:
    page = page_of(owner, "hide")
    person = see(client, page, token_of(page, contact, settings))
    person.fill(town="Ogden")
    assert person.press().status_code == 303
    unit.refresh(contact)
    assert (contact.last_name, contact.email, contact.city) == (
        "Quillfeather", RAW["email"], "Ogden",
    )  # fmt: skip
    submission = unit.scalars(select(Submission)).one()
    assert submission.contact_id == contact.id
    assert submission.result == "ok_updated"
    assert submission.answers == {"town": "Ogden"}


def test_a_hidden_required_field_with_nothing_stored_is_asked(
    client: Client, unit: Session, owner: Account, settings: Settings
) -> None:
    page = page_of(owner, "hide")
    nameless = factories.contact(owner, last_name="", email="a@example.org")
    person = see(client, page, token_of(page, nameless, settings))
    assert person.shown == ["last", "town", "note"]
    assert person.press().status_code == 422
    assert person.fill(last="Lee").press().status_code == 303
    unit.refresh(nameless)
    assert nameless.last_name == "Lee"


def test_what_is_typed_into_a_field_that_got_hidden_meanwhile_waits_for_a_person(
    client: Client, unit: Session, owner: Account, settings: Settings
) -> None:
    page = page_of(owner, "hide")
    nameless = factories.contact(owner, last_name="", email="a@example.org")
    person = see(client, page, token_of(page, nameless, settings))
    assert person.fill(last="Leee").press().status_code == 303

    person.fill(last="Lee", _key="another-key-of-the-script")  # Back in the browser, corrected
    assert person.press().status_code == 303

    unit.refresh(nameless)
    assert nameless.last_name == "Leee"
    (waiting,) = nameless.needs_review
    assert (waiting["field"], waiting["value"]) == ("last_name", "Lee")
    newest = unit.scalars(select(Submission).order_by(Submission.id.desc())).first()
    assert newest is not None
    assert newest.answers == {"last": "Lee"}
    assert newest.contact_id == nameless.id


def test_what_was_typed_into_a_field_that_got_hidden_survives_a_refusal(
    client: Client, owner: Account, settings: Settings
) -> None:
    page = page_of(owner, "hide")
    nameless = factories.contact(owner, last_name="", email="a@example.org")
    person = see(client, page, token_of(page, nameless, settings))
    assert person.fill(last="Leee").press().status_code == 303

    person.fill(last="Lee", _token="too old")
    response = person.press()

    assert response.status_code == 409
    assert 'value="Lee"' in response.text
    assert "Leee" not in response.text


def test_an_empty_box_keeps_a_masked_value_and_typing_replaces_it(
    client: Client, unit: Session, owner: Account, contact: Contact, settings: Settings
) -> None:
    page = page_of(owner, "mask")
    person = see(client, page, token_of(page, contact, settings))
    person.fill(mail="jane@new.example.com")
    assert person.press().status_code == 303
    unit.refresh(contact)
    assert contact.last_name == "Quillfeather"
    assert (contact.email, contact.email_key) == ("jane@new.example.com", "jane@new.example.com")
    changed = unit.scalars(select(HistoryEntry)).one().details["changed"]
    assert changed == [{"field": "email", "old": RAW["email"], "new": "jane@new.example.com"}]


def test_no_default_stands_beside_a_masked_value(
    client: Client, unit: Session, owner: Account, settings: Settings
) -> None:
    choices = [{"value": "f", "label": "Woman"}, {"value": "m", "label": "Man"}]
    asked = field(
        "gender", "Gender", type="select", binds_to="gender", choices=choices, default="m"
    )
    page = factories.page(owner, *FIELDS, asked, options={"pii_visibility": "mask"})
    contact = factories.contact(owner, gender="f", **RAW)
    person = see(client, page, token_of(page, contact, settings))
    person.fill(note="Please call.")
    assert person.press().status_code == 303
    unit.refresh(contact)
    assert contact.gender == "f"


def test_another_contacts_address_waits_for_a_person(
    client: Client, unit: Session, owner: Account, contact: Contact, settings: Settings
) -> None:
    factories.contact(owner, email="taken@example.org")
    page = page_of(owner, "mask")
    person = see(client, page, token_of(page, contact, settings))
    assert person.fill(mail="taken@example.org").press().status_code == 303
    unit.refresh(contact)
    assert contact.email == RAW["email"]
    assert [each["field"] for each in contact.needs_review] == ["email"]


def test_a_link_passed_on_to_a_friend_changes_nothing(
    client: Client, unit: Session, owner: Account, contact: Contact, settings: Settings
) -> None:
    page = page_of(owner, "mask")
    person = see(client, page, token_of(page, contact, settings))
    person.fill(last="Friend", mail="friend@example.org", town="Ogden").press()
    unit.refresh(contact)
    assert (contact.last_name, contact.city, contact.needs_review) == ("Quillfeather", "Provo", [])
    made = unit.scalars(select(Contact).where(Contact.email == "friend@example.org")).one()
    assert unit.scalars(select(Submission)).one().contact_id == made.id


@pytest.mark.parametrize("level", ["hide", "mask"])
def test_no_raw_value_stands_in_any_answer_or_log(
    client: Client, unit: Session, owner: Account, contact: Contact, settings: Settings,
    level: str, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    page = page_of(owner, level)
    person = see(client, page, token_of(page, contact, settings))
    seen = [person.response]
    seen.append(person.fill(town="").press("submit"))
    again = see(client, page, token_of(page, contact, settings))
    seen.append(again.response)
    again.fill(mail="nope")
    seen.append(again.press())
    again.fill(_token="too old")
    seen.append(again.press())
    for response in seen:
        assert response is not None
        whole = response.text + str(response.headers)
        assert not any(raw in whole for raw in PERSONAL)
    for record in caplog.records:
        assert not any(raw in record.getMessage() + str(record.__dict__) for raw in PERSONAL)


def test_known_contact_token_for_page_a_does_not_work_on_page_b(
    client: Client, unit: Session, contact: Contact, owner: Account, settings: Settings
) -> None:
    first, second = page_of(owner, "show"), page_of(owner, "show")
    token = token_of(first, contact, settings)
    person = Visitor(client, f"/f/{second.public_id}").open()
    person.fill(last="Quillfeather", mail="other@example.org", _known=token, town="Ogden")
    assert person.press().status_code == 303
    unit.refresh(contact)
    assert contact.city == "Provo"
