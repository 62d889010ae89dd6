"""Options: what the form holds, what it saves, what it refuses, and what it leaves alone."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from hostedpages import clock, db
from hostedpages.builder.editor import service as editor
from hostedpages.models import LeadSource, Page
from hostedpages.schema.form_schema import FormSchema
from hostedpages.schema.options import PageOptions
from tests import factories
from tests.factories import field
from tests.people import Person

JSON = {"Accept": "application/json"}


def path(page: Page) -> str:
    return f"/pages/{page.public_id}/options"


def seen(person: Person, page: Page) -> str:
    shown = person.client.get(path(page)).get_data(as_text=True)
    found = re.search(r'name="seen" value="([^"]+)"', shown)
    assert found, shown
    return found[1]


def save(person: Person, page: Page, **values: Any) -> Any:
    """Post the form as a browser would: everything it shows, with some of it changed."""
    data = {"seen": seen(person, page), "mode": "lead", "notify_personal_data": "1", **values}
    return person.client.post(path(page), data=data, headers=JSON)


def options(page: Page) -> PageOptions:
    return FormSchema.load(page.draft).options


def test_the_form_shows_every_option(alice: Person) -> None:
    page = factories.page(alice.account)

    shown = alice.client.get(path(page)).get_data(as_text=True)

    # The theme is chosen elsewhere when there is more than one; prefill needs a field for it.
    for name in PageOptions.model_fields.keys() - {"theme", "prefill"}:
        assert f'name="{name}"' in shown, name


def test_saving_stores_what_was_given(bob: Person) -> None:
    page = factories.page(bob.account)

    response = save(
        bob,
        page,
        lead_source="",
        success_url="https://example.com/thanks",
        base_color="#ABC",
        pii_visibility="mask",
        notify_emails="a@example.com\r\nb@example.com",
        notify_users=[bob.user.email],
        submit_label="Get my estimate",
        max_submissions="1,500",
        title="A roof for everybody",
    )

    stored = options(page)
    assert response.get_json()["message"] == "Saved"
    assert stored.base_color == "#aabbcc"
    assert stored.notify_emails == ["a@example.com", "b@example.com"]
    assert stored.notify_users == [bob.user.email]
    assert (stored.pii_visibility, stored.max_submissions) == ("mask", 1500)
    assert page.draft["title"] == "A roof for everybody"


def test_what_visitors_see_stays_until_the_page_is_published(alice: Person) -> None:
    page = factories.page(alice.account)
    live = dict(page.live_version.document) if page.live_version else {}

    answer = save(alice, page, submit_label="New").get_json()

    assert page.live_version is not None
    assert page.live_version.document == live
    assert answer["state"] == "Live v1 · changes not published"


def test_unticking_switches_off(alice: Person) -> None:
    page = factories.page(alice.account, options={"index": True, "prefill": ["first_name"]})

    save(alice, page)

    assert options(page).index is False
    assert options(page).prefill == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("success_url", "javascript:alert(1)"),
        ("error_url", "http://example.com/"),
        ("base_color", "blue"),
        ("notify_emails", "nobody"),
        ("max_submissions", "many"),
        ("closes_at", "tomorrow"),
        ("allowed_frame_origins", "https://example.com/path/"),
        ("submit_label", "x" * 61),
    ],
)
def test_what_is_wrong_is_said_under_its_field_and_nothing_is_saved(
    alice: Person, name: str, value: str
) -> None:
    page = factories.page(alice.account)
    before = page.draft

    response = save(alice, page, **{name: value})

    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [name]
    assert page.draft == before


def test_without_a_script_the_form_comes_back_with_what_was_typed(alice: Person) -> None:
    page = factories.page(alice.account)
    data = {"seen": seen(alice, page), "mode": "lead", "base_color": "blue", "title": "Kept"}

    response = alice.client.post(path(page), data=data)

    shown = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'value="blue"' in shown
    assert 'value="Kept"' in shown
    assert 'href="#base_color"' in shown


def test_options_of_another_window_are_not_overwritten(alice: Person) -> None:
    page = factories.page(alice.account)
    old = seen(alice, page)
    save(alice, page, submit_label="First")

    response = alice.client.post(
        path(page), data={"seen": old, "mode": "lead", "submit_label": "Second"}, headers=JSON
    )

    assert response.status_code == 409
    assert options(page).submit_label == "First"


def test_elements_that_the_designer_saved_meanwhile_stay(alice: Person) -> None:
    page = factories.page(alice.account)
    stamp = seen(alice, page)
    elements = [*page.draft["elements"], field("phone", "Phone", type="phone")]
    editor.save_draft(page, {**page.draft, "elements": elements}, page.lock_version, clock.now())
    stamp_after = seen(alice, page)

    response = save(alice, page, submit_label="Both")

    assert stamp == stamp_after
    assert response.status_code == 200
    assert len(page.draft["elements"]) == len(elements)


def test_a_lead_source_is_made_in_place_and_chosen(alice: Person) -> None:
    page = factories.page(alice.account)
    data = {
        "seen": seen(alice, page),
        "mode": "lead",
        "make_source": "1",
        "new_lead_source": "  Home  show ",
    }

    response = alice.client.post(path(page), data=data)

    assert response.status_code == 303
    assert options(page).lead_source == "Home show"
    assert db.session().scalars(select(LeadSource.name)).all() == ["Home show"]


def test_a_lead_source_needs_a_name(alice: Person) -> None:
    page = factories.page(alice.account)
    data = {"seen": seen(alice, page), "mode": "lead", "make_source": "1"}

    response = alice.client.post(path(page), data=data)

    assert response.status_code == 422
    assert "Please give the lead source a name." in response.get_data(as_text=True)


def test_only_sources_plans_and_people_of_the_account_are_offered(
    alice: Person, charlie: Person
) -> None:
    factories.lead_source(charlie.account, name="Charlie's source")
    factories.plan(charlie.account, name="Charlie's plan")
    page = factories.page(alice.account)

    shown = alice.client.get(path(page)).get_data(as_text=True)

    assert "Charlie" not in shown
    assert alice.user.email in shown


def test_a_closing_time_is_one_of_the_accounts_zone(alice: Person) -> None:
    page = factories.page(alice.account)

    save(alice, page, closes_at="2027-07-01T17:00")

    closes_at = options(page).closes_at
    assert closes_at is not None
    assert closes_at.isoformat() == "2027-07-01T17:00:00-04:00"
    shown = alice.client.get(path(page)).get_data(as_text=True)
    assert 'value="2027-07-01T17:00"' in shown
    assert "New York time" in shown


def test_a_color_that_is_hard_to_read_comes_with_one_that_passes(alice: Person) -> None:
    page = factories.page(alice.account, options={"base_color": "#ffd400"})

    shown = alice.client.get(path(page)).get_data(as_text=True)

    assert "Hard to read for some." in shown
    assert "Nearest that is easy to read: #" in shown


def test_fields_with_personal_data_are_not_offered_for_prefill(alice: Person) -> None:
    page = factories.page(
        alice.account,
        field("email", "Email", type="email", binds_to="email"),
        field("material", "Material"),
    )

    shown = alice.client.get(path(page)).get_data(as_text=True)

    assert 'name="prefill" value="material"' in shown
    assert 'name="prefill" value="email"' not in shown


def test_another_address_takes_effect_at_once(alice: Person) -> None:
    page = factories.page(alice.account, slug="old-one")

    alice.client.post(f"/pages/{page.public_id}/slug", data={"slug": " New-One "})

    assert page.slug == page.draft["slug"] == "new-one"


@pytest.mark.parametrize("slug", ["", "a", "with space", "-edge-", "taken", "thanks"])
def test_an_address_that_cannot_be_is_refused(alice: Person, slug: str) -> None:
    factories.page(alice.account, slug="taken")
    page = factories.page(alice.account, slug="mine")

    response = alice.client.post(f"/pages/{page.public_id}/slug", data={"slug": slug})

    assert response.status_code == 422
    assert page.slug == "mine"


def test_a_stranger_saves_nothing(alice: Person, charlie: Person) -> None:
    page = factories.page(alice.account)
    data = {"seen": seen(alice, page), "mode": "note_only"}

    assert charlie.client.post(path(page), data=data).status_code == 404
    assert options(page).mode == "lead"
