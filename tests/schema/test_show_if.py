"""Show-if rules, held to the vectors that the browser's scripts are held to as well."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostedpages.schema.fields import TYPES
from hostedpages.schema.form_schema import FormSchema
from hostedpages.schema.show_if import OPERATORS, holds, is_visible
from tests.schema.samples import document, field, page, when

VECTORS = document("show_if_vectors")


@pytest.mark.parametrize("row", VECTORS["comparisons"], ids=str)
def test_a_comparison_holds_as_the_vectors_say(row: dict[str, Any]) -> None:
    assert holds(row["compare"], row["operator"], row["value"], row["expected"]) is row["holds"]


@pytest.mark.parametrize("row", VECTORS["pages"], ids=[each["why"] for each in VECTORS["pages"]])
def test_fields_are_visible_as_the_vectors_say(row: dict[str, Any]) -> None:
    schema = page(*row["elements"])
    for case in row["cases"]:
        assert visible_keys(schema, case["values"]) == set(case["visible"]), case


def test_the_vectors_use_every_operator_and_every_way_of_comparing() -> None:
    assert {row["operator"] for row in VECTORS["comparisons"]} == set(OPERATORS)
    assert {row["compare"] for row in VECTORS["comparisons"]} == {
        each.compare for each in TYPES.values()
    }


def test_a_rule_about_a_field_that_is_gone_finds_no_answer() -> None:
    schema = page(field("a", show_if=when("gone", "is_empty")), field("b"))
    assert visible_keys(schema, {"gone": "x"}) == {"a", "b"}


def visible_keys(schema: FormSchema, values: dict[str, Any]) -> set[str]:
    """The fields that these answers show, one after the other: a hidden one has no answer."""
    seen: dict[str, Any] = {}
    for each in schema.fields:
        if is_visible(each, schema, seen):
            seen[each.key] = values.get(each.key)
    return set(seen)


answer = (
    st.none() | st.text(max_size=20) | st.booleans() | st.lists(st.text(max_size=5), max_size=3)
)


@given(
    st.sampled_from(sorted({each.compare for each in TYPES.values()})),
    st.sampled_from(sorted(OPERATORS)),
    answer,
    answer | st.integers() | st.floats(),
)
def test_no_answer_and_no_rule_ever_raises(
    compare: str, operator: str, value: Any, expected: Any
) -> None:
    assert holds(compare, operator, value, expected) in (True, False)
