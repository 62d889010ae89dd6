"""What keeps a page from being published, said so that its owner can mend it.

Must never refuse a draft: it only lists. What the account has (plans, users) is asked elsewhere.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hostedpages.schema.contact_fields import CONTACT_FIELDS, REACH_FIELDS
from hostedpages.schema.elements import Field, Header, Notes, Separator, did_you_mean
from hostedpages.schema.fields import TYPES
from hostedpages.schema.problems import Problem
from hostedpages.schema.show_if import OPERATORS, WITHOUT_VALUE, Rule

if TYPE_CHECKING:
    from hostedpages.schema.form_schema import FormSchema


def publish_problems(schema: "FormSchema") -> list[Problem]:
    """Every problem, in the order of the document; empty when the page can be published."""
    return [
        *_page_problems(schema),
        *_separator_problems(schema),
        *(problem for at in range(len(schema.elements)) for problem in _element(schema, at)),
    ]


def _page_problems(schema: "FormSchema") -> Iterator[Problem]:
    options = schema.options
    bound = {each.binds_to for each in schema.fields if each.binds_to}
    if options.mode == "lead":
        if not options.lead_source:
            yield _gap("options.lead_source", "Choose a lead source for this page.")
        if "full_name" not in bound and not {"first_name", "last_name"} <= bound:
            words = "Ask for a name: a field that saves to the full name, or two that save to"
            yield _gap("elements", f"{words} the first and the last name.")
        if not bound & REACH_FIELDS:
            yield _gap("elements", "Ask for an email address or a phone number.")
    elif not schema.fields:
        yield _gap("elements", "Add at least one field.")
    for at, key in enumerate(options.prefill):
        field = schema.field(key)
        if field is None:
            known = [each.key for each in schema.fields]
            words = did_you_mean(f"There is no field “{key}”.", key, known)
            yield Problem(f"options.prefill[{at}]", words)
        elif field.is_pii:
            words = "holds personal data and may not be filled in from the address."
            yield Problem(f"options.prefill[{at}]", f"“{field.title}” {words}")


def _separator_problems(schema: "FormSchema") -> Iterator[Problem]:
    last = len(schema.elements) - 1
    separators = [at for at, each in enumerate(schema.elements) if isinstance(each, Separator)]
    misplaced = set()
    for at in separators:
        words = ""
        if at == 0:
            words = "A page separator may not stand first."
        elif at == last:
            words = "A page separator may not stand last."
        elif at - 1 in separators:
            words = "Two page separators may not stand next to each other."
        if words:
            misplaced.add(at)
            yield Problem(f"elements[{at}]", words)
    begins = [-1, *separators]
    for screen, at in zip(schema.screens, begins, strict=True):
        next_one = begins[screen.index + 1] if screen.index + 1 < len(begins) else None
        if at in misplaced or next_one in misplaced or len(schema.screens) == 1:
            continue
        if not any(each.type.is_shown for each in screen.fields):
            words = f"Screen {screen.index + 1} asks nothing. Add a field to it."
            yield _gap(f"elements[{max(at, 0)}]", words)


def _element(schema: "FormSchema", at: int) -> Iterator[Problem]:
    element = schema.elements[at]
    if isinstance(element, Field):
        for key, words in _field_gaps(element):
            yield _gap(f"elements[{at}].{key}", words)
        for key, words in _field_problems(schema, element):
            yield Problem(f"elements[{at}].{key}", words)
    elif isinstance(element, Header) and not element.text:
        yield _gap(f"elements[{at}].text", "Write the text of this header, or remove it.")
    elif isinstance(element, Notes) and not element.html.strip():
        yield _gap(f"elements[{at}].html", "Write the text of this note, or remove it.")


def _gap(path: str, words: str) -> Problem:
    return Problem(path, words, is_gap=True)


def _field_gaps(field: Field) -> Iterator[tuple[str, str]]:
    if not field.label:
        yield "label", f"Give the field “{field.key}” a label."
    if field.type.has_choices and not field.choices:
        yield "choices", f"Give “{field.title}” at least one choice."
    for at, choice in enumerate(field.choices if field.type.has_choices else ()):
        if not choice.value or not choice.label:
            part = "label" if choice.value else "value"
            yield f"choices[{at}].{part}", f"Fill in this choice of “{field.title}”, or remove it."
    for path, rule in _rules(field):
        if rule.operator not in WITHOUT_VALUE and rule.value in (None, "", []):
            yield f"{path}.value", f"Say what the answer to “{rule.field}” is compared with."


def _field_problems(schema: "FormSchema", field: Field) -> Iterator[tuple[str, str]]:
    if not field.type.is_known:
        for key, words in field.type.problems(field):
            yield key, did_you_mean(words, field.type.key, list(TYPES))
        return
    if field.required and not field.type.is_shown:
        yield "required", f"Visitors do not see “{field.title}”, so it cannot be required."
    yield from _choice_problems(field)
    yield from _binding_problems(schema, field)
    faults = list(field.type.problems(field))
    yield from faults
    if not faults and not (field.type.has_choices and not field.choices):
        yield from _default_problems(field)
    for path, rule in _rules(field):
        for part, words in _rule_problems(schema, field, rule):
            yield f"{path}.{part}", words


def _rules(field: Field) -> list[tuple[str, Rule]]:
    if field.show_if is None:
        return []
    joined = "any" if field.show_if.all is None else "all"
    return [(f"show_if.{joined}[{at}]", rule) for at, rule in enumerate(field.show_if.rules)]


def _choice_problems(field: Field) -> Iterator[tuple[str, str]]:
    if not field.type.has_choices:
        if field.choices:
            yield "choices", f"“{field.title}” is of a type that has no choices. Remove them."
        return
    seen: set[str] = set()
    for at, choice in enumerate(field.choices):
        if choice.value and choice.value in seen:
            yield f"choices[{at}].value", f"“{field.title}” has the choice “{choice.value}” twice."
        seen.add(choice.value)


def _binding_problems(schema: "FormSchema", field: Field) -> Iterator[tuple[str, str]]:
    target = field.binds_to
    if target is None:
        return
    if target not in CONTACT_FIELDS:
        words = f"There is no contact field “{target}”."
        yield "binds_to", did_you_mean(words, target, list(CONTACT_FIELDS))
        return
    label = CONTACT_FIELDS[target].label
    if target not in field.type.can_bind_to:
        words = f"“{field.title}” ({field.type.label}) cannot save to {label}."
        yield "binds_to", f"{words} Change its type, or let it save to something else."
    first = next(each for each in schema.fields if each.binds_to == target)
    if first is not field:
        yield "binds_to", f"“{field.title}” and “{first.title}” both save to {label}. Change one."


def _default_problems(field: Field) -> Iterator[tuple[str, str]]:
    values = field.type.default_values(field)
    if values:
        try:
            field.type.clean(values, field)
        except ValueError as error:
            yield "default", f"The default of “{field.title}” would be refused: {error}"


def _rule_problems(schema: "FormSchema", field: Field, rule: Rule) -> Iterator[tuple[str, str]]:
    asked = schema.field(rule.field)
    if asked is None:
        earlier = schema.fields[: schema.positions[field.key]]
        words = f"The rule of “{field.title}” asks for a field “{rule.field}” that is not here."
        yield "field", did_you_mean(words, rule.field, [each.key for each in earlier])
        return
    if schema.positions[asked.key] >= schema.positions[field.key]:
        words = f"The rule of “{field.title}” may only ask for a field that stands before it"
        yield "field", f"{words}; “{asked.title}” does not."
        return
    if not asked.type.is_known:
        return
    if rule.operator not in asked.type.operators:
        words = f"“{asked.title}” cannot be compared with “{OPERATORS[rule.operator]}”."
        allowed = ", ".join(asked.type.operators)
        yield "operator", f"{words} Use one of {allowed}."
    elif rule.operator not in WITHOUT_VALUE and rule.value and asked.type.has_choices:
        wanted = rule.value if isinstance(rule.value, list) else [str(rule.value)]
        values = {each.value.lower() for each in asked.choices}
        missing = [each for each in wanted if each.strip().lower() not in values]
        if missing and asked.choices:
            words = f"“{missing[0]}” is not a choice of “{asked.title}”."
            yield "value", did_you_mean(words, missing[0], [each.value for each in asked.choices])
