"""The journey without a script: screens, conditional fields, errors, tokens, limits."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.models import Page, Submission
from tests import factories
from tests.factories import field
from tests.people import Client
from tests.visitor import Visitor

KINDS = [{"value": "house", "label": "A house"}, {"value": "flat", "label": "A flat"}]
IS_HOUSE = {"all": [{"field": "kind", "operator": "equals", "value": "house"}]}


def three_screens() -> Page:
    return factories.page(
        factories.account(),
        field("name", "Your name", required=True, binds_to="full_name"),
        field("email", "Email", type="email", required=True, binds_to="email"),
        {"kind": "separator", "title": "Your home"},
        field("kind", "What do you own?", type="radio", required=True, choices=KINDS),
        field("floors", "How many floors?", type="number", show_if=IS_HOUSE),
        {"kind": "separator", "title": "The end"},
        field("words", "Anything else?", type="textarea"),
    )


def visitor(client: Client, page: Page) -> Visitor:
    return Visitor(client, f"/f/{page.public_id}").open()


def stored(unit: Session) -> list[Submission]:
    return list(unit.scalars(select(Submission).order_by(Submission.id)))


def test_the_whole_journey_needs_no_script(client: Client, unit: Session) -> None:
    person = visitor(client, three_screens())
    person.fill(name="Ann Lee", email="ann@example.org")
    assert person.press("next").status_code == 200
    assert person.shown == ["kind"]
    person.fill(kind="house")
    assert person.press("next").status_code == 200
    assert person.shown == ["kind", "floors"]
    person.fill(floors="2")
    person.press("next")
    assert person.shown == ["words"]
    person.fill(words="Line one\nline two")
    assert person.press().status_code == 303
    assert stored(unit)[0].answers == {
        "name": "Ann Lee",
        "email": "ann@example.org",
        "kind": "house",
        "floors": "2",
        "words": "Line one\nline two",
    }


def test_next_complains_about_its_own_screens_only(client: Client, unit: Session) -> None:
    person = visitor(client, three_screens())
    person.fill(name="Ann")
    response = person.press("next")
    assert response.status_code == 422
    assert "Please fill in Email." in person.text
    assert "Please check one answer" in person.text
    assert person.values["name"] == ["Ann"]
    assert stored(unit) == []


def test_back_keeps_everything_and_never_complains(client: Client, unit: Session) -> None:
    person = visitor(client, three_screens())
    person.fill(name="Ann", email="ann@example.org").press("next")
    response = person.press("back")
    assert response.status_code == 200
    assert person.values["email"] == ["ann@example.org"]
    assert "Step 1 of 3" in person.text


def test_the_last_screen_posted_alone_is_refused(client: Client, unit: Session) -> None:
    person = visitor(client, three_screens())
    response = client.post(person.path, data={"_token": person.values["_token"], "words": "x"})
    assert response.status_code == 422
    assert stored(unit) == []


def test_a_hidden_answer_is_not_stored(client: Client, unit: Session) -> None:
    person = visitor(client, three_screens())
    response = client.post(
        person.path,
        data={
            "_token": person.values["_token"],
            "name": "Ann",
            "email": "ann@example.org",
            "kind": "flat",
            "floors": "2",
        },
    )
    assert response.status_code == 303
    assert "floors" not in stored(unit)[0].answers


def test_keys_that_the_form_does_not_have_are_left_alone(client: Client, unit: Session) -> None:
    person = visitor(client, factories.page(factories.account()))
    person.fill(email="ann@example.org")
    hostile = ["account_id", "is_admin", "score", "a[<svg onload=x>]", "__proto__", "id", "_method"]
    hostile += ["submission_id", "success_url", "redirect", "to", "constructor"]
    person.values |= {key: ["1"] for key in hostile}
    assert person.press().status_code == 303
    assert stored(unit)[0].answers == {"email": "ann@example.org"}


def test_fields_called_like_parts_of_a_form_still_work(client: Client, unit: Session) -> None:
    keys = ["submit", "action", "constructor", "data", "errors", "validate", "c", "id", "name"]
    page = factories.page(factories.account(), *(field(key, f"Field {key}") for key in keys))
    person = visitor(client, page)
    person.fill(**{key: f"answer {key}" for key in keys})
    assert person.press().status_code == 303
    assert stored(unit)[0].answers == {key: f"answer {key}" for key in keys}


def test_a_page_open_for_days_can_still_be_sent(
    client: Client, unit: Session, clock: FrozenClock
) -> None:
    person = visitor(client, factories.page(factories.account()))
    clock.advance(timedelta(days=6, hours=23))
    assert person.fill(email="ann@example.org").press().status_code == 303


def test_a_too_old_page_comes_back_with_its_answers_and_can_be_sent_once(
    client: Client, unit: Session, clock: FrozenClock
) -> None:
    person = visitor(client, factories.page(factories.account()))
    clock.advance(timedelta(days=8))
    response = person.fill(email="ann@example.org").press()
    assert response.status_code == 409
    assert person.values["email"] == ["ann@example.org"]
    assert person.press().status_code == 303
    assert len(stored(unit)) == 1


def test_a_too_old_page_keeps_an_answer_whose_field_a_newer_version_does_not_have(
    client: Client, unit: Session, clock: FrozenClock
) -> None:
    color = factories.field("color", "Color")
    page = factories.page(factories.account(), factories.field("email", "Email"), color)
    person = visitor(client, page)
    with db.transaction():
        page.draft = factories.document(factories.field("email", "Email"))
    factories.publish(page)
    clock.advance(timedelta(days=8))

    person.fill(email="ann@example.org", color="green").press()

    assert person.values["color"] == ["green"]
    assert person.press().status_code == 303
    assert stored(unit)[0].answers == {"email": "ann@example.org", "color": "green"}


def test_a_clock_two_minutes_ahead_is_no_reason_to_refuse(
    client: Client, unit: Session, clock: FrozenClock
) -> None:
    person = visitor(client, factories.page(factories.account()))
    clock.advance(timedelta(minutes=-2))
    assert person.fill(email="ann@example.org").press().status_code == 303


def test_a_token_of_another_page_or_an_edited_one_is_not_taken(
    client: Client, unit: Session
) -> None:
    owner = factories.account()
    other = visitor(client, factories.page(owner))
    person = visitor(client, factories.page(owner))
    good = person.values["_token"][0]
    for token in (
        other.values["_token"][0],
        ("A" if good[0] != "A" else "B") + good[1:],
        "",
        "x",
    ):
        person.fill(email="ann@example.org", _token=token)
        assert person.press().status_code == 409
        assert person.values["email"] == ["ann@example.org"]
    assert stored(unit) == []


def test_a_newer_version_does_not_disturb_who_has_the_old_one_open(
    client: Client, unit: Session
) -> None:
    page = factories.page(factories.account())
    person = visitor(client, page)
    old = page.live_version_id
    page = unit.get_one(Page, page.id)
    draft = {**page.draft, "elements": [field("age", "Age", required=True)]}
    with db.transaction():
        page.draft = draft
    factories.publish(page)
    assert person.fill(email="ann@example.org").press().status_code == 303
    assert stored(unit)[0].page_version_id == old


def test_a_compressed_or_oversized_body_is_refused_with_a_page(
    client: Client, unit: Session
) -> None:
    person = visitor(client, factories.page(factories.account()))
    zipped = client.post(person.path, data=b"x", headers={"Content-Encoding": "gzip"})
    assert zipped.status_code == 415
    large = client.post(person.path, data={"email": "x" * (1024 * 1024 + 1)})
    assert large.status_code == 413


def test_a_very_long_answer_is_an_error_of_its_field(client: Client, unit: Session) -> None:
    person = visitor(client, factories.page(factories.account()))
    response = person.fill(email="ann@example.org", first_name="x" * 50_000).press()
    assert response.status_code == 422
    assert "Please shorten First name" in person.text
    assert person.values["email"] == ["ann@example.org"]


def test_odd_text_never_breaks_the_page(client: Client, unit: Session) -> None:
    person = visitor(client, factories.page(factories.account()))
    odd = ["a\0b", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "\ufdfa" * 18]
    odd += ["e" + "\u0301" * 100, "👩‍👩‍👧‍👦", "\r\nBcc: x", "١٢٣", "²"]
    for at, text in enumerate(odd):
        person.open()
        response = person.fill(first_name=text, email=f"ann{at}@example.org").press()
        assert response.status_code == 303


def test_too_many_posts_keep_the_answers_and_say_when(app: Flask, unit: Session) -> None:
    services = app.extensions["hostedpages"]
    tight = services.settings.model_copy(update={"rate_per_minute": 2})
    app.extensions["hostedpages"] = type(services)(tight, services.tokens)
    client = app.test_client()
    account = factories.account()
    page, other = factories.page(account), factories.page(account, slug="other")
    person = Visitor(client, f"/f/{page.public_id}").open()
    for at in range(2):
        assert person.open().fill(email=f"ann{at}@example.org").press().status_code == 303
    response = person.open().fill(email="late@example.org").press()
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert person.values["email"] == ["late@example.org"]
    assert unit.scalar(select(func.count()).select_from(Submission)) == 2
    elsewhere = Visitor(client, f"/f/{other.public_id}").open().fill(email="ann@example.org")
    assert elsewhere.press().status_code == 303
