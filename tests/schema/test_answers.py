"""Answers of visitors: cleaned, checked, shown or hidden by the rules."""

from werkzeug.datastructures import MultiDict

from tests.schema.samples import choices, field, page, when

ROOF = field("roof", "radio", required=True, choices=choices("metal", "tile"))
PANEL = field("panel", required=True, show_if=when("roof", "equals", "metal"))


def test_every_visible_field_has_a_value_and_a_hidden_one_has_none() -> None:
    schema = page(ROOF, PANEL, field("notes", "textarea"), field("tags", "multi_select",
                  choices=choices("a", "b")), field("ok", "checkbox"))  # fmt: skip
    checked = schema.check(
        MultiDict([("roof", "tile"), ("panel", "XL"), ("tags", "b"), ("tags", "a"), ("x", "y")])
    )
    assert checked.is_valid
    assert checked.values == {"roof": "tile", "notes": "", "tags": ["a", "b"], "ok": False}
    assert checked.visible == {"roof", "notes", "tags", "ok"}
    assert checked.raw == {"roof": ["tile"], "panel": ["XL"], "tags": ["b", "a"]}


def test_a_required_answer_is_asked_for_only_where_it_is_shown() -> None:
    schema = page(ROOF, PANEL)
    assert schema.check({}).errors == {"roof": ["Please choose one of the options of Roof."]}
    assert schema.check({"roof": "tile"}).is_valid
    assert schema.check({"roof": "metal"}).errors == {"panel": ["Please fill in Panel."]}


def test_a_field_that_depends_on_a_hidden_field_sees_no_answer() -> None:
    schema = page(
        ROOF,
        field("panel", show_if=when("roof", "equals", "metal")),
        field("profile", show_if=when("panel", "is_not_empty")),
    )
    hidden = schema.check({"roof": "tile", "panel": "XL", "profile": "9"})
    assert hidden.values == {"roof": "tile"}
    shown = schema.check({"roof": "metal", "panel": "XL", "profile": "9"})
    assert shown.values == {"roof": "metal", "panel": "XL", "profile": "9"}


def test_only_screens_that_were_shown_can_be_in_error() -> None:
    schema = page(field("a", required=True), {"kind": "separator"}, field("b", required=True))
    assert set(schema.check({}).errors) == {"a", "b"}
    assert set(schema.check({}, screens=0).errors) == {"a"}
    assert schema.check({"a": "1"}, screens=0).is_valid
    assert schema.check({"a": "1"}, screens=0).visible == {"a", "b"}


def test_what_a_known_contact_has_stored_counts_as_an_answer() -> None:
    schema = page(
        field("email", "email", required=True, binds_to="email"),
        field("why", show_if=when("email", "is_not_empty")),
    )
    checked = schema.check({"why": "because"}, known={"email": "ada@example.org"})
    assert checked.is_valid
    assert checked.values == {"why": "because"}
    assert not schema.check({}, known={"email": ""}).is_valid
    replaced = schema.check({"email": "bob@example.org"}, known={"email": "ada@example.org"})
    assert replaced.values["email"] == "bob@example.org"


def test_keys_that_are_methods_of_a_form_are_only_keys() -> None:
    names = ["data", "errors", "validate", "process", "populate_obj", "meta", "hidden_tag"]
    schema = page(*[field(name, required=True) for name in names])
    assert schema.check({name: [name] for name in names}).values == {name: name for name in names}
    assert set(schema.check({}).errors) == set(names)


def test_the_class_is_built_once() -> None:
    schema = page(ROOF)
    assert schema.answer_form_class is schema.answer_form_class


def test_names_lose_inner_spaces_and_other_text_does_not() -> None:
    schema = page(field("name", binds_to="full_name"), field("city"))
    checked = schema.check({"name": "  Ada \t Lovelace ", "city": " New  York\nCity\u2028 "})
    assert checked.values == {"name": "Ada Lovelace", "city": "New  York City"}


def test_a_hidden_field_has_its_default_until_the_address_brings_another() -> None:
    schema = page(field("source", "hidden", default="direct"), field("a"))
    assert schema.check({}).values["source"] == "direct"
    assert schema.check({"source": "spring"}).values["source"] == "spring"


def test_an_answer_that_was_refused_still_shows_what_depends_on_it() -> None:
    schema = page(field("email", "email"), field("b", show_if=when("email", "is_not_empty")))
    checked = schema.check({"email": "nobody", "b": "x"})
    assert checked.visible == {"email", "b"}
    assert set(checked.errors) == {"email"}


def test_answers_are_storable_text() -> None:
    schema = page(field("a"), field("b", "textarea"))
    checked = schema.check({"a": "Cafe\u0301\x00\ud800", "b": "one\r\ntwo\x07"})
    assert checked.values == {"a": "Café\ufffd\ufffd", "b": "one\ntwo"}


def test_what_is_not_text_is_no_answer() -> None:
    assert page(field("a")).check({"a": [None, 5, {"x": 1}]}).values == {"a": ""}
