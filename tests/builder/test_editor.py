"""The designer's server: the screen, saving the draft, the preview."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from hostedpages import db
from hostedpages.builder.editor import service
from hostedpages.clock import FrozenClock
from hostedpages.errors import Conflict
from hostedpages.models import Page
from hostedpages.schema.catalogue import catalogue
from hostedpages.schema.form_schema import DocumentError
from hostedpages.web import static
from tests import factories
from tests.conftest import NOON
from tests.people import Person, signed_in


def save(person: Person, page: Page, document: dict[str, Any], lock_version: int, **more: Any):
    body = {"document": document, "lock_version": lock_version, **more}
    return person.client.post(f"/pages/{page.public_id}/draft", json=body)


def with_field(page: Page, key: str = "phone", label: str = "Phone", **settings: Any):
    added = factories.field(key, label, **settings)
    return {**page.draft, "elements": [*page.draft["elements"], added]}


def start_of(person: Person, page: Page) -> dict[str, Any]:
    html = person.client.get(f"/pages/{page.public_id}/design").get_data(as_text=True)
    found = re.search(r'<script type="application/json" id="designer-data">(.*?)</script>', html)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_saved_draft_is_stored_and_judged(alice: Person) -> None:
    page = factories.page(alice.account, published=False)
    answer = save(alice, page, with_field(page, label=""), page.lock_version)
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["lock_version"] == 2
    assert page.lock_version == 2
    assert page.draft["elements"][-1]["key"] == "phone"
    label = [each for each in body["problems"] if each["path"] == "elements[2].label"]
    assert [each["element_index"] for each in label] == [2]


def test_visitors_see_nothing_of_a_saved_draft(alice: Person) -> None:
    page = factories.page(alice.account)
    answer = save(alice, page, with_field(page), page.lock_version)
    assert "“Phone” added" in " ".join(answer.get_json()["changes"])
    assert answer.get_json()["state"] == "Live v1 · changes not published"
    assert page.live_version is not None
    assert len(page.live_version.document["elements"]) == 2


def test_a_stale_draft_is_refused_with_what_each_side_changed(alice: Person, bob: Person) -> None:
    page = factories.page(alice.account)
    base = page.draft
    mine = {**base, "title": "Mine"}
    assert save(bob, page, {**base, "title": "Theirs"}, 1).status_code == 200
    answer = save(alice, page, mine, 1, base=base)
    assert answer.status_code == 409
    body = answer.get_json()
    assert body["lock_version"] == 2
    assert body["document"]["title"] == "Theirs"
    assert "Theirs" in " ".join(body["theirs"])
    assert "Mine" in " ".join(body["mine"])
    assert page.draft["title"] == "Theirs"


def test_a_save_whose_answer_was_lost_can_be_sent_again(alice: Person) -> None:
    page = factories.page(alice.account)
    document = with_field(page)
    first = save(alice, page, document, 1).get_json()
    again = save(alice, page, document, 1)
    assert again.status_code == 200
    assert again.get_json()["lock_version"] == first["lock_version"] == 2


def test_saving_what_is_stored_changes_nothing(alice: Person, clock: FrozenClock) -> None:
    page = factories.page(alice.account)
    save(alice, page, with_field(page), 1)
    before = page.updated_at
    clock.advance(timedelta(minutes=5))
    assert save(alice, page, page.draft, 2).get_json()["lock_version"] == 2
    assert page.updated_at == before


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"titel": "x"}, "titel"),
        ({"elements": [{"kind": "field"}]}, "elements[0].key"),
        ({"elements": [{"kind": "line", "thickness": 9}]}, "elements[0].thickness"),
        ({"elements": [{"kind": "line"}] * 201}, "elements"),
    ],
)
def test_a_wrong_document_is_refused_by_path(
    change: dict[str, Any], path: str, alice: Person
) -> None:
    page = factories.page(alice.account)
    answer = save(alice, page, {**page.draft, **change}, 1)
    assert answer.status_code == 422
    body = answer.get_json()
    assert path in [each["path"] for each in body["problems"]]
    assert body["message"]
    assert page.lock_version == 1


@pytest.mark.parametrize(
    "body",
    [None, [], {"lock_version": 1}, {"document": {}, "lock_version": "1"}, {"document": []}],
)
def test_a_malformed_request_is_refused(body: Any, alice: Person) -> None:
    page = factories.page(alice.account)
    answer = alice.client.post(f"/pages/{page.public_id}/draft", json=body)
    assert answer.status_code == 422


def test_a_request_nested_without_end_is_refused(alice: Person) -> None:
    page = factories.page(alice.account)
    answer = alice.client.post(
        f"/pages/{page.public_id}/draft", data="[" * 100_000, content_type="application/json"
    )
    assert answer.status_code == 422
    assert "nested too deeply" in answer.get_json()["error"]["message"]


@pytest.mark.parametrize("base", [{"no": "document"}, [[1]], "x", 5, None])
def test_a_wrong_base_does_not_hide_the_conflict(base: Any, alice: Person) -> None:
    page = factories.page(alice.account)
    save(alice, page, with_field(page), 1)
    answer = save(alice, page, {**page.draft, "title": "Mine"}, 1, base=base)
    assert answer.status_code == 409
    assert "theirs" not in answer.get_json()


def test_the_page_keeps_its_own_name_and_address(alice: Person) -> None:
    page = factories.page(alice.account, name="Roof", slug="roof")
    document = {**page.draft, "name": "Other", "slug": "other", "title": "Title"}
    assert save(alice, page, document, 1).status_code == 200
    assert (page.draft["name"], page.draft["slug"]) == ("Roof", "roof")
    assert (page.name, page.slug) == ("Roof", "roof")


def test_the_service_says_conflict_to_its_callers(alice: Person) -> None:
    page = factories.page(alice.account)
    with pytest.raises(Conflict) as caught:
        service.save_draft(page, {**page.draft, "title": "New"}, 7, NOON)
    assert caught.value.document == page.draft
    with pytest.raises(DocumentError):
        service.save_draft(page, {"format": 1}, 1, NOON)


def test_two_hundred_elements_with_rules_are_saved(alice: Person) -> None:
    page = factories.page(alice.account)
    rule = {"all": [{"field": "q0", "operator": "is_not_empty"}]}
    fields = [factories.field("q0", "First")]
    fields += [factories.field(f"q{n}", f"Question {n}", show_if=rule) for n in range(1, 200)]
    assert save(alice, page, {**page.draft, "elements": fields}, 1).status_code == 200
    assert len(page.draft["elements"]) == 200


def test_strangers_find_no_designer(alice: Person, charlie: Person) -> None:
    page = factories.page(alice.account)
    for address in ("design", "preview"):
        assert charlie.client.get(f"/pages/{page.public_id}/{address}").status_code == 404
    assert save(charlie, page, page.draft, 1).status_code == 404


def test_a_salesperson_cannot_edit(app: Any, alice: Person) -> None:
    page = factories.page(alice.account)
    sam = factories.user(alice.account, role="salesperson")
    person = signed_in(app, sam)
    assert person.client.get(f"/pages/{page.public_id}/design").status_code == 403
    assert save(person, page, page.draft, 1).status_code == 403


def test_a_saved_draft_needs_the_form_token(app: Any, alice: Person) -> None:
    page = factories.page(alice.account)
    app.config["WTF_CSRF_ENABLED"] = True
    assert save(alice, page, page.draft, 1).status_code == 403


def test_the_screen_carries_the_draft_and_what_can_be_built(alice: Person) -> None:
    page = factories.page(alice.account)
    start = start_of(alice, page)
    assert start["document"] == page.draft
    assert start["lock_version"] == 1
    assert start["published_keys"] == ["first_name", "email"]
    assert {each["kind"] for each in start["catalogue"]["elements"]} >= {"header", "separator"}


def test_every_picture_of_the_palette_is_in_the_sprite() -> None:
    built = catalogue()
    icons = {each["icon"] for each in [*built["field_types"], *built["elements"]]}
    sprite = (static.FOLDER / "icons.svg").read_text("utf-8")
    assert icons <= set(re.findall(r'id="([^"]+)"', sprite))


@pytest.mark.parametrize(
    "label", ["</script><script>alert(1)</script>", "<!--<script>", "\u2028'\"&", "{{ 7 * 7 }}"]
)
def test_no_label_leaves_its_place_in_the_screen(label: str, alice: Person) -> None:
    page = factories.page(alice.account, factories.field("one", label))
    page_html = alice.client.get(f"/pages/{page.public_id}/design").get_data(as_text=True)
    assert "<script>alert" not in page_html
    assert start_of(alice, page)["document"]["elements"][0]["label"] == label
    preview = alice.client.get(f"/pages/{page.public_id}/preview").get_data(as_text=True)
    assert "<script>alert" not in preview


def test_only_two_policies_may_make_html_in_the_designer(alice: Person) -> None:
    page = factories.page(alice.account)
    answer = alice.client.get(f"/pages/{page.public_id}/design")
    policy = answer.headers["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in policy
    assert "trusted-types lit-html dompurify" in policy
    assert "unsafe" not in policy


def test_the_preview_is_the_draft_for_our_own_frame_only(alice: Person) -> None:
    page = factories.page(alice.account)
    save(alice, page, with_field(page, label="Shoe size"), 1)
    answer = alice.client.get(f"/pages/{page.public_id}/preview?scheme=dark")
    html = answer.get_data(as_text=True)
    assert "Shoe size" in html
    assert 'data-element="2"' in html
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "form-action 'none'" in policy
    assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize(
    ("level", "shown", "absent"),
    [
        ("hide", "Rivera Roofing", "Jordan"),
        ("mask", "J", "Jordan"),
        ("show", "Jordan", "no such thing"),
        ("", "First name", "Jordan"),
        ("nonsense", "First name", "Jordan"),
    ],
)
def test_the_preview_treats_a_made_up_contact_as_the_page_would(
    level: str, shown: str, absent: str, alice: Person
) -> None:
    first = factories.field("first_name", "First name", binds_to="first_name")
    company = factories.field("company", "Company", binds_to="company_name")
    page = factories.page(alice.account, first, company)
    query = f"?known={level}" if level else ""
    html = alice.client.get(f"/pages/{page.public_id}/preview{query}").get_data(as_text=True)
    assert shown in html
    assert absent not in html
    assert not db.session().new


def test_an_unfinished_draft_can_be_looked_at(alice: Person) -> None:
    gaps = [
        {"kind": "separator"},
        factories.field("a", "", type="select"),
        factories.field("b", "B", show_if={"all": [{"field": "no", "operator": "is_empty"}]}),
        factories.field("c", "C", type="rating"),
        {"kind": "separator"},
    ]
    page = factories.page(alice.account, *gaps, published=False)
    assert alice.client.get(f"/pages/{page.public_id}/preview").status_code == 200
    assert start_of(alice, page)["problems"]


def test_the_time_of_a_save_is_the_time_of_the_page(alice: Person) -> None:
    page = factories.page(alice.account)
    later = datetime.fromisoformat("2026-05-01T10:00:00+00:00")
    service.save_draft(page, {**page.draft, "title": "New"}, 1, later)
    assert page.updated_at == later
