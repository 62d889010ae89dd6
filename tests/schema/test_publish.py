"""What keeps a page from being published."""

from typing import Any

from hostedpages.schema.form_schema import FormSchema
from tests.schema.samples import choices, document, field, page, when


def _problems(schema: FormSchema) -> list[str]:
    return [str(each) for each in schema.publish_problems()]


def _lead(*elements: dict[str, Any], **options: Any) -> list[str]:
    return _problems(page(*elements, mode="lead", **options))


NAME = field("full_name", binds_to="full_name")
EMAIL = field("email", "email", binds_to="email")


def test_a_lead_needs_a_source_a_name_and_a_way_to_reach_the_person() -> None:
    assert [each.partition(":")[0] for each in _lead()] == [
        "options.lead_source", "elements", "elements",
    ]  # fmt: skip
    assert _lead(NAME, EMAIL, lead_source="Website") == []
    first = field("first_name", binds_to="first_name")
    last = field("last_name", binds_to="last_name")
    phone = field("phone", "phone", binds_to="home_phone")
    assert _lead(first, last, phone, lead_source="Website") == []
    assert len(_lead(first, phone, lead_source="Website")) == 1


def test_a_page_that_makes_no_lead_needs_only_a_question() -> None:
    assert _problems(page()) == ["elements: Add at least one field."]
    assert _problems(page(field("a"))) == []
    assert _problems(page(field("a"), mode="update_only")) == []


def test_every_screen_asks_something_that_visitors_see() -> None:
    schema = page(
        field("a"), {"kind": "separator"}, field("source", "hidden"), {"kind": "line"},
        {"kind": "separator"}, field("b"),
    )  # fmt: skip
    assert _problems(schema) == ["elements[1]: Screen 2 asks nothing. Add a field to it."]


def test_a_problem_knows_its_element() -> None:
    (problem,) = page(field("a"), field("b", "select")).publish_problems()
    assert problem.element_index == 1
    assert page().publish_problems()[0].element_index is None


def test_rules_may_look_at_earlier_fields_only() -> None:
    earlier = field("roof", "radio", choices=choices("metal", "tile"))
    assert _problems(page(earlier, field("b", show_if=when("roof", "in", ["tile"])))) == []
    looping = page(
        field("a", show_if=when("b", "is_empty")), field("b", show_if=when("a", "is_empty"))
    )
    assert [each.partition(":")[0] for each in _problems(looping)] == [
        "elements[0].show_if.all[0].field"
    ]


def test_a_default_must_be_an_answer_that_would_be_taken() -> None:
    (problem,) = _problems(page(field("a", "email", default="nobody")))
    assert problem.startswith("elements[0].default: The default of “A” would be refused")
    assert _problems(page(field("a", "number", default=5, min=1))) == []
    (consent,) = _problems(page(field("ok", "consent", default=True)))
    assert consent.startswith("elements[0].default")


def test_prefill_names_fields_without_personal_data() -> None:
    assert _problems(page(EMAIL, field("city"), prefill=["city"])) == []
    assert len(_problems(page(EMAIL, field("city"), prefill=["email", "town"]))) == 2


def test_the_kitchen_sink_can_be_published() -> None:
    assert FormSchema.load(document("kitchen_sink")).publish_problems() == []
