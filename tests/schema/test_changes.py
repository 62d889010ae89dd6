"""What changed between two versions, in words."""

from typing import Any

from hostedpages.schema.form_schema import FormSchema, changes
from tests.schema.samples import choices, document, field, page, when


def test_the_first_version_says_how_large_it_is() -> None:
    two = changes(None, page(field("a"), {"kind": "separator"}, field("b")))
    assert two[0] == "First version: 2 fields on 2 screens"
    assert changes(None, page(field("a")))[0] == "First version: 1 field on 1 screen"


def test_the_first_version_says_where_leads_go() -> None:
    options = {
        "lead_source": "Website",
        "action_plan": "Welcome",
        "notify_emails": ["a@example.org"],
    }
    schema = FormSchema.load({"format": 1, "name": "Page", "options": options})
    assert changes(None, schema)[1:] == [
        "Leads come from “Website” and start the plan “Welcome”",
        "Told of each lead: a@example.org",
    ]


def test_the_same_document_has_no_changes() -> None:
    schema = FormSchema.load(document("kitchen_sink"))
    assert changes(schema, FormSchema.load(schema.to_bytes())) == []


def _told(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    return changes(page(*before), page(*after))


def test_fields_are_named_by_their_labels() -> None:
    assert _told([field("a")], [field("a"), field("phone", "phone")]) == ["Field “Phone” added"]
    assert _told([field("a"), field("phone", "phone")], [field("a")]) == ["Field “Phone” removed"]
    assert _told([field("mail")], [field("mail", label="Email")]) == ["Label “Mail” became “Email”"]
    assert _told([field("a")], [field("a", required=True)]) == ["Field “A” is now required"]
    assert _told([field("a", required=True)], [field("a")]) == ["Field “A” is no longer required"]
    assert _told([field("a")], [field("a", "email", binds_to="email")]) == [
        "Field “A”: type Short text became Email",
        "Field “A” now saves to Email",
    ]
    roof = field("roof", "radio", choices=choices("metal"))
    assert _told(
        [roof, field("b", help="x")],
        [
            roof | {"choices": choices("metal", "tile")},
            field("b", show_if=when("roof", "is_empty")),
        ],
    ) == [
        "Field “Roof”: choices changed",
        "Field “B”: help text removed",
        "Field “B”: show-if rule added",
    ]
    assert _told([field("a", "textarea")], [field("a", "textarea", rows=9)]) == [
        "Field “A”: settings changed"
    ]


def test_other_elements_are_named_by_what_they_say() -> None:
    header = {"kind": "header", "text": "About you"}
    notes = {"kind": "notes", "html": "<p>We call <em>once</em>.</p>"}
    assert _told([header], [header | {"text": "You"}]) == ["Header “About you” became Header “You”"]
    assert _told([], [header, notes, {"kind": "line"}]) == [
        "Header “About you” added",
        "Notes “We call once.” added",
        "Horizontal line added",
    ]
    assert _told([header], [header | {"level": 3}]) == ["Header “About you” changed"]


def test_a_new_order_is_one_change() -> None:
    first, second = field("a"), field("b")
    assert _told([first, second], [second, first]) == ["Order changed"]
    line = {"kind": "line"}
    assert _told([line, first], [first, line]) == ["Order changed"]


def test_options_and_texts_say_what_they_became() -> None:
    before = page(field("a"), notify_emails=["a@example.com"], success_url="https://a.test/x")
    after = page(
        field("a"),
        notify_emails=["b@example.com"],
        base_color="#0b5394",
        index=True,
        submit_label="Send",
    )
    assert changes(before, after) == [
        "Success URL removed",
        "Base color became #0b5394",
        "Addresses that are notified: b@example.com added",
        "Addresses that are notified: a@example.com removed",
        "Submit button became “Send”",
        "Being found by search engines switched on",
    ]
