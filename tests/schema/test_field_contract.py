"""The contract that every field type keeps, run over each one that is found, with its examples."""

import json
from typing import Any

import pytest
import wtforms

from hostedpages.schema.answer_form import Checked
from hostedpages.schema.catalogue import catalogue
from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.schema.elements import Field
from hostedpages.schema.fields import TYPES, FieldType
from hostedpages.schema.fields.base import Bad, Good
from hostedpages.schema.form_schema import FormSchema
from hostedpages.schema.show_if import OPERATORS
from tests.schema.samples import refusal

WIDGETS = {"input", "textarea", "choices", "select", "checkbox", "hidden"}
ALL = pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES.keys())


def _page(kind: FieldType, **keys: Any) -> FormSchema:
    field = {"kind": "field", "key": "sample", "type": kind.key, "label": "Sample"}
    field |= dict(kind.examples.field or {}) | keys
    return FormSchema.load({"format": 1, "name": "Page", "elements": [field]})


def _field(kind: FieldType, **keys: Any) -> Field:
    return _page(kind, **keys).fields[0]


def _check(kind: FieldType, raw: list[str], **keys: Any) -> Checked:
    return _page(kind, **keys).check({"sample": raw})


def _good(kind: FieldType) -> list[Good]:
    return list(kind.examples.good)


def _bad(kind: FieldType) -> list[Bad]:
    return list(kind.examples.bad)


@ALL
def test_it_says_what_the_designer_needs_to_know(kind: FieldType) -> None:
    assert kind.label
    assert kind.icon
    assert kind.widget in WIDGETS
    assert kind.compare in {"text", "number", "moment", "list", "flag"}
    assert set(kind.operators) <= set(OPERATORS)
    assert {"is_empty", "is_not_empty"} <= set(kind.operators)
    assert set(kind.can_bind_to) <= set(CONTACT_FIELDS)
    assert len(_good(kind)) >= 1
    assert len(_bad(kind)) >= 1


@ALL
def test_its_settings_are_keys_of_the_document(kind: FieldType) -> None:
    names = {field.short_name for field in kind.settings()}
    assert names <= {*Field.model_fields, *kind.own_keys}
    assert set(kind.own_keys) <= names


@ALL
def test_its_sample_field_can_be_published(kind: FieldType) -> None:
    schema = _page(kind)
    assert [each for each in schema.publish_problems() if each.path.startswith("elements[0]")] == []
    assert FormSchema.load(schema.to_bytes()) == schema


@ALL
def test_good_answers_are_cleaned(kind: FieldType) -> None:
    for example in _good(kind):
        checked = _check(kind, example.raw)
        assert checked.errors == {}
        assert checked.values["sample"] == kind.to_json(example.value)


@ALL
def test_bad_answers_are_refused_in_words(kind: FieldType) -> None:
    for example in _bad(kind):
        checked = _check(kind, example.raw)
        assert checked.errors == {"sample": [example.message]}, example.raw
        assert "sample" not in checked.values
        assert checked.raw["sample"]


@ALL
def test_a_bad_answer_shows_the_fields_own_message(kind: FieldType) -> None:
    checked = _check(kind, _bad(kind)[0].raw, error="Not like this.")
    assert checked.errors == {"sample": ["Not like this."]}


@ALL
def test_values_survive_json(kind: FieldType) -> None:
    field = _field(kind)
    for example in _good(kind):
        stored = json.loads(json.dumps(kind.to_json(kind.clean(example.raw, field))))
        assert kind.from_json(stored) == example.value


@ALL
def test_values_read_well(kind: FieldType) -> None:
    field = _field(kind)
    for example in _good(kind):
        assert kind.to_text(example.value, field) == example.text


@ALL
def test_cleaning_what_goes_back_into_the_inputs_gives_the_same_value(kind: FieldType) -> None:
    field = _field(kind)
    for example in _good(kind):
        raw = kind.form_values(example.value, field)
        assert all(isinstance(each, str) for each in raw)
        assert kind.clean(raw, field) == example.value


@ALL
def test_nothing_given_is_empty_and_never_an_error(kind: FieldType) -> None:
    field = _field(kind, default=None) if kind.is_shown else _field(kind, default="")
    for raw in ([], [""], ["   "], ["\n"]):
        value = kind.clean(raw, field)
        assert kind.is_empty(value)
        assert kind.form_values(value, field) == []
        assert isinstance(kind.to_text(value, field), str)
    assert kind.to_text(None, field) in ("", "No")


@ALL
def test_a_required_answer_is_asked_for_by_its_label(kind: FieldType) -> None:
    if not kind.is_shown:
        assert any("required" in p.path for p in _page(kind, required=True).publish_problems())
        return
    (message,) = _check(kind, [""], required=True).errors["sample"]
    assert message.startswith("Please")
    assert "Sample" in message
    assert _check(kind, _good(kind)[0].raw, required=True).errors == {}


@ALL
def test_it_gives_one_field_of_the_answer_form(kind: FieldType) -> None:
    form = _page(kind).answer_form_class()
    assert isinstance(form["f_sample"], wtforms.Field)
    assert form["f_sample"].name == "sample"


@ALL
def test_its_choices_have_values_and_labels(kind: FieldType) -> None:
    choices = kind.choices(_field(kind))
    assert all(each.value and each.label for each in choices)
    assert len({each.value for each in choices}) == len(choices)
    assert bool(choices) == (kind.widget in {"select", "choices"})


@ALL
def test_it_stands_in_the_catalogue(kind: FieldType) -> None:
    (found,) = [each for each in catalogue()["field_types"] if each["key"] == kind.key]
    assert json.loads(json.dumps(found)) == found


@ALL
def test_hostile_text_gives_a_value_or_words(kind: FieldType) -> None:
    field = _field(kind)
    hostile = [
        "\0", "\ud800", "'", '"><script>', "{{7*7}}", "=1+1", "²", "١٢٣", "1_000", "0x10", "1e308",
        "9" * 5_000, "a@" * 50_000, "(" * 100_000, "1," * 50_000, "-" * 100_000, " " * 100_000,
        "e\u0301" * 100, "\ufdfa" * 1_000, "\u202e", "x" * 100_000, "NaN", "-0", "\x85", "\u2028",
    ]  # fmt: skip
    for text in hostile:
        refused = refusal(_journey, kind, field, text)
        assert refused == "" or "Sample" in refused or refused.startswith("Please")


def _journey(kind: FieldType, field: Field, text: str) -> None:
    value = kind.clean([text], field)
    json.dumps(kind.to_json(value))
    kind.to_text(value, field)


class Rating(FieldType):
    """A throw-away type: stars."""

    key = "rating"
    label = "Rating"
    icon = "star"
    compare = "number"
    operators = ("equals", "greater_than", "is_empty", "is_not_empty")

    def clean_text(self, text: str, field: Any) -> str:
        if text not in ("1", "2", "3", "4", "5"):
            raise ValueError(f"Please give {field.label} one to five stars.")
        return text

    def to_text(self, value: Any, field: Any) -> str:
        return "★" * int(value or 0)


@pytest.fixture
def _rating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TYPES, "rating", Rating())


@pytest.mark.usefixtures("_rating")
def test_a_new_type_appears_everywhere_with_no_other_edit() -> None:
    schema = FormSchema.load(
        {
            "format": 1,
            "name": "Page",
            "options": {"mode": "note_only"},
            "elements": [
                {"kind": "field", "key": "stars", "type": "rating", "label": "Stars"},
                {
                    "kind": "field",
                    "key": "why",
                    "type": "text",
                    "label": "Why?",
                    "show_if": {
                        "all": [{"field": "stars", "operator": "greater_than", "value": 3}]
                    },
                },
            ],
        }
    )
    assert schema.publish_problems() == []
    assert "rating" in [each["key"] for each in catalogue()["field_types"]]
    assert schema.check({"stars": ["9"]}).errors == {
        "stars": ["Please give Stars one to five stars."]
    }
    checked = schema.check({"stars": ["4"], "why": ["Good"]})
    assert checked.values == {"stars": "4", "why": "Good"}
    assert schema.fields[0].type.to_text("4", schema.fields[0]) == "★★★★"
    assert FormSchema.load(schema.to_bytes()).to_bytes() == schema.to_bytes()


def test_a_type_whose_file_is_gone_is_kept_but_never_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(TYPES, "rating", Rating())
        document = _page(TYPES["rating"]).to_bytes()
    schema = FormSchema.load(document)
    (field,) = schema.fields
    assert not field.type.is_known
    assert schema.to_bytes() == document
    assert [str(each) for each in schema.faults()] == [
        "elements[0].type: There is no field type “rating”."
    ]
    assert field.type.to_text("4", field) == "4"
    assert schema.check({"sample": ["4"]}).errors == {}
