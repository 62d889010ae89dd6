"""Page files: read strictly, written canonically, refused with one path for one fault."""

import json
import re
from typing import Any

import pytest

from hostedpages.schema.fields import TYPES
from hostedpages.schema.form_schema import DocumentError, FormSchema, json_schema
from tests.schema.samples import DOCUMENTS, document, field, page

BROKEN = document("broken")
PYDANTIC_WORDS = re.compile(
    r"Input should|Field required|Extra inputs|Value error|valid (?:string|integer|list|dictionary)"
    r"|pydantic|permitted|at least \d+ item|tag",
)


def _faults(data: Any) -> list[tuple[str, str]]:
    try:
        problems = FormSchema.load(data).faults()
    except DocumentError as error:
        problems = error.problems
    return [(each.path, each.message) for each in problems]


@pytest.mark.parametrize("name", ["tiny", "kitchen_sink"])
def test_a_file_that_was_exported_imports_to_the_same_bytes(name: str) -> None:
    exported = (DOCUMENTS / f"{name}.json").read_bytes()
    schema = FormSchema.load(exported)
    assert schema.to_bytes() == exported
    assert schema.publish_problems() == []
    assert FormSchema.load(schema.dump()).digest == schema.digest


@pytest.mark.parametrize("value", [True, False, 2, "1", None])
def test_the_format_is_the_number_one_and_nothing_that_equals_it(value: object) -> None:
    ((path, message),) = _faults({"format": value, "name": "Page"})

    assert path == "format"
    assert message.endswith("The format must be 1.")


def test_the_order_of_keys_does_not_matter() -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(each) for each in value] if isinstance(value, list) else value

    data = document("kitchen_sink")
    assert FormSchema.load(turned(data)).to_bytes() == FormSchema.load(data).to_bytes()


def test_defaults_that_are_written_out_are_left_out() -> None:
    plain = page(field("city"))
    written = page(
        field("city", required=False, width="full", choices=[], show_if=None, help=""),
        base_color="#0d6efd",
        submit_label="Submit",
        closes_at=None,
    )
    assert written.to_bytes() == plain.to_bytes()


@pytest.mark.parametrize("row", BROKEN, ids=[each["why"] for each in BROKEN])
def test_a_broken_file_gives_one_problem_with_its_path(row: dict[str, Any]) -> None:
    assert _faults(row.get("text") or row["document"]) == [(row["path"], row["message"])]
    assert not PYDANTIC_WORDS.search(row["message"])


def test_every_fault_of_a_file_is_told() -> None:
    data = document("tiny")
    data["elements"][0]["requird"] = True
    data["elements"][1]["label"] = 5
    data["options"]["base_color"] = "red"
    assert {path for path, _ in _faults(data)} == {
        "options.base_color",
        "elements[1].label",
        "elements[0].requird",
    }


def test_values_of_a_wrong_kind_never_show_a_librarys_words() -> None:
    sound = document("kitchen_sink")
    small = sound | {"elements": [], "options": {}}
    one_of_each = {
        (each["kind"], key): each for each in reversed(sound["elements"]) for key in each
    }
    documents: list[Any] = []
    for value in (None, True, 1, 1.5, "x", "", [], {}, ["x"], {"x": 1}, "x" * 20_000, -1):
        documents += [sound | {key: value} for key in sound]
        documents += [small | {"options": {key: value}} for key in sound["options"]]
        documents += [
            small | {"elements": [each | {key: value}]} for (_, key), each in one_of_each.items()
        ]
    for data in documents:
        for path, message in _faults(data):
            assert not PYDANTIC_WORDS.search(message), (path, message)


def test_a_page_without_slug_and_title_gets_them_from_its_name() -> None:
    schema = FormSchema.load({"format": 1, "name": "  Free roof — estimate! "})
    assert (schema.name, schema.slug) == ("Free roof — estimate!", "free-roof-estimate")
    assert schema.title == schema.name
    assert "title" not in schema.dump()
    assert FormSchema.load({"format": 1, "name": "Ü"}).slug == "page"


def test_an_unfinished_draft_loads_and_says_what_is_missing() -> None:
    schema = page(field("roof", "select", label=""), {"kind": "header", "text": ""})
    assert [str(each) for each in schema.publish_problems()] == [
        "elements[0].label: Give the field “roof” a label.",
        "elements[0].choices: Give “roof” at least one choice.",
        "elements[1].text: Write the text of this header, or remove it.",
    ]
    assert schema.faults() == []
    assert FormSchema.load(schema.to_bytes()) == schema


def test_notes_are_made_safe_on_load_and_safe_notes_stay_as_they_are() -> None:
    html = '<p onclick="x()">Hi <script>alert(1)</script><a href="javascript:x">you</a></p>'
    (notes,) = page({"kind": "notes", "html": html}).elements
    assert "script" not in notes.model_dump()["html"]
    assert "onclick" not in notes.model_dump()["html"]
    again = page(notes.model_dump())
    assert again.elements == [notes]


def test_text_is_storable_everywhere() -> None:
    schema = FormSchema.load(
        '{"format": 1, "name": "Cafe\\u0301 \\ud800\\u0000", "description": "a\\r\\nb\\u0007"}'
    )
    assert schema.name == "Café \ufffd\ufffd"
    assert schema.description == "a\nb"


def test_colors_are_stored_in_one_spelling() -> None:
    options = page(base_color="#ABC", highlight_color="#0B5394").options
    assert (options.base_color, options.highlight_color) == ("#aabbcc", "#0b5394")


def test_the_largest_page_is_read_and_a_larger_one_is_not() -> None:
    many = [field(f"k{at}") for at in range(200)]
    assert len(page(*many).fields) == 200
    assert len(page(*many).publish_problems()) == 0
    big = {"format": 1, "name": "Page", "description": "x" * (3 * 1024 * 1024)}
    for data in (big, json.dumps(big), json.dumps(big).encode()):
        assert _faults(data) == [("", "The document is larger than 2 MB. Please make it smaller.")]


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"format": 1e400, "name": "Page"}',
        '{"format": 1, "name": "Page", "options": {"max_submissions": -Infinity}}',
        b"\xff\xfe\x00",
        b"",
        "null",
        '"text"',
    ],
    ids=["lists", "objects", "too large", "infinite", "not text", "nothing", "null", "a text"],
)
def test_what_only_looks_like_json_is_refused(bomb: str | bytes) -> None:
    assert len(_faults(bomb)) == 1


def test_data_that_no_json_holds_is_refused_with_its_path() -> None:
    assert _faults({"format": 1, "name": "Page", "elements": [object()]})[0][0] == "elements[0]"
    assert _faults({"format": 1, "name": "Page", 5: "x"})[0][0] == ""
    endless: list[Any] = []
    endless.append(endless)
    assert len(_faults({"format": 1, "name": "Page", "elements": endless})) == 1


def test_screens_follow_the_separators() -> None:
    schema = page(
        field("a"),
        {"kind": "separator", "title": "Second", "next_label": "On", "back_label": "Off"},
        {"kind": "line"},
        field("b"),
        submit_label="Send",
    )
    first, second = schema.screens
    assert (first.index, first.title, first.next_label, first.back_label) == (0, "", "On", "")
    assert (second.index, second.title, second.next_label, second.back_label) == (
        1, "Second", "Send", "Off",
    )  # fmt: skip
    assert [each.key for each in second.fields] == ["b"]
    assert len(page().screens) == 1


def test_the_json_schema_names_every_key_and_type() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["properties"]) == set(document("kitchen_sink"))
    assert set(schema["$defs"]["PageOptions"]["properties"]) >= set(
        document("kitchen_sink")["options"]
    )
    defined = schema["$defs"]["Field"]["properties"]
    assert set(defined["type"]["enum"]) == set(TYPES)
    for element in document("kitchen_sink")["elements"]:
        kind = element["kind"].capitalize()
        assert set(element) <= set(schema["$defs"][kind]["properties"])
        assert schema["$defs"][kind]["additionalProperties"] is False
