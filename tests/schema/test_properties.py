"""Properties that hold for any document and any answers."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hostedpages.schema.fields import TYPES
from hostedpages.schema.form_schema import DocumentError, FormSchema, changes
from hostedpages.schema.show_if import OPERATORS
from tests.schema.samples import document, page

KITCHEN_SINK = FormSchema.load(document("kitchen_sink"))
texts = st.text(max_size=40)
whole = st.integers(-(10**9), 10**9)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
rules = st.fixed_dictionaries(
    {"field": keys, "operator": st.sampled_from(sorted(OPERATORS)), "value": texts | whole}
)
fields = st.fixed_dictionaries(
    {
        "kind": st.just("field"),
        "key": keys,
        "type": st.sampled_from(sorted(TYPES)),
        "label": texts,
    },
    optional={
        "help": texts,
        "required": st.booleans(),
        "width": st.sampled_from(["full", "half"]),
        "default": texts | st.booleans() | whole,
        "choices": st.lists(st.fixed_dictionaries({"value": texts, "label": texts}), max_size=3),
        "min": texts | whole,
        "max": texts | st.floats(-1e6, 1e6),
        "min_length": st.integers(0, 50),
        "max_length": st.integers(0, 50),
        "binds_to": keys,
        "error": texts,
        "show_if": st.one_of(
            st.fixed_dictionaries({"all": st.lists(rules, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"any": st.lists(rules, min_size=1, max_size=3)}),
        ),
    },
)
others = st.one_of(
    st.fixed_dictionaries({"kind": st.just("header"), "text": texts}),
    st.fixed_dictionaries({"kind": st.just("notes"), "html": texts}),
    st.just({"kind": "line"}),
    st.fixed_dictionaries({"kind": st.just("separator"), "title": texts}),
)
documents = st.lists(fields | others, max_size=8, unique_by=lambda each: each.get("key", id(each)))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=10,
)


def _load(elements: list[dict[str, Any]]) -> FormSchema:
    return page(*elements)


def _problems(data: Any) -> list[str]:
    try:
        return [each.message for each in FormSchema.load(data).publish_problems()]
    except DocumentError as error:
        return [each.message for each in error.problems] or [""]


@given(documents)
def test_loading_what_was_dumped_gives_the_same_document(elements: list[dict[str, Any]]) -> None:
    schema = _load(elements)
    exported = schema.to_bytes()
    again = FormSchema.load(exported)
    assert again.to_bytes() == exported
    assert again == schema == FormSchema.load(schema.dump())
    assert changes(schema, again) == []
    assert all(problem.message for problem in schema.publish_problems())


@given(documents, st.dictionaries(keys, st.lists(st.text(max_size=30), max_size=3)))
def test_any_answers_to_any_draft_are_checked_without_an_accident(
    elements: list[dict[str, Any]], answers: dict[str, list[str]]
) -> None:
    schema = _load(elements)
    checked = schema.check(answers)
    assert set(checked.values) <= checked.visible
    assert set(checked.errors) <= checked.visible
    json.dumps(checked.values)
    again = schema.check(
        {
            key: field.type.form_values(field.type.from_json(checked.values[key]), field)
            for key in checked.values
            if (field := schema.field(key))
        }
    )
    assert {key: again.values.get(key, checked.values[key]) for key in checked.values} == (
        checked.values
    )


@given(st.dictionaries(st.sampled_from([each.key for each in KITCHEN_SINK.fields]), texts))
def test_hostile_answers_give_values_or_words(answers: dict[str, str]) -> None:
    checked = KITCHEN_SINK.check(answers)
    for messages in checked.errors.values():
        assert all(messages)
    for key, value in checked.values.items():
        field = KITCHEN_SINK.field(key)
        assert field is not None
        assert isinstance(field.type.to_text(value, field), str)


@given(anything)
def test_any_json_is_read_or_refused_with_paths(data: Any) -> None:
    for given_data in (data, {"format": 1, "name": "Page", "elements": [data], "options": data}):
        assert all(_problems(given_data if isinstance(given_data, dict) else json.dumps(data)))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert all(_problems(data))
