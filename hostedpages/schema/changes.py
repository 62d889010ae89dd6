"""What changed between two versions of a page, in sentences for its owner.

Must never show a raw document; every line is words.
"""

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.schema.elements import Element, Field, Header, Line, Notes, Separator
from hostedpages.schema.options import PageOptions

if TYPE_CHECKING:
    from hostedpages.schema.form_schema import FormSchema

_OPTION_WORDS = {
    "mode": "Mode",
    "lead_source": "Lead source",
    "action_plan": "Action plan",
    "success_url": "Success URL",
    "error_url": "Error URL",
    "redirect_top": "Opening the Success URL in the whole window",
    "base_color": "Base color",
    "highlight_color": "Highlight color",
    "pii_visibility": "What known contacts see of their personal data",
    "notify_users": "People who are notified",
    "notify_emails": "Addresses that are notified",
    "notify_personal_data": "Personal data in notifications",
    "theme": "Theme",
    "submit_label": "Submit button",
    "success_message": "Success message",
    "error_message": "Error message",
    "allowed_frame_origins": "Sites that may embed the page",
    "max_submissions": "Closing after a number of submissions",
    "closes_at": "Closing time",
    "index": "Being found by search engines",
    "prefill": "Fields filled in from the address",
    "add_result_to_url": "Adding the result to the URL",
}
_FIELD_WORDS = {
    "help": "help text",
    "placeholder": "placeholder",
    "width": "width",
    "default": "default",
    "choices": "choices",
    "min_length": "least length",
    "max_length": "greatest length",
    "min": "least value",
    "max": "greatest value",
    "show_if": "show-if rule",
    "error": "error message",
}


def changes(old: "FormSchema | None", new: "FormSchema") -> list[str]:
    """Sentences such as `Label “Mail” became “Email”`; empty when nothing changed."""
    if old is None:
        fields, screens = len(new.fields), len(new.screens)
        first = f"First version: {_count(fields, 'field')} on {_count(screens, 'screen')}"
        return [first, *_where_leads_go(new.options)]
    lines = []
    for key, words in (("name", "Name"), ("title", "Title"), ("description", "Description")):
        lines += _text_change(words, getattr(old, key), getattr(new, key))
    if old.slug != new.slug:
        lines.append(f"Address became “{new.slug}”")
    lines += _option_changes(old.options, new.options)
    lines += _field_changes(old, new)
    lines += _other_changes(old.elements, new.elements)
    before, after = _order(old), _order(new)
    both = set(before) & set(after)
    if [each for each in before if each in both] != [each for each in after if each in both]:
        lines.append("Order changed")
    return lines


def _where_leads_go(options: PageOptions) -> list[str]:
    told = [*options.notify_users, *options.notify_emails]
    people = ", ".join(told) if told else "the account’s New Lead list"
    if options.mode == "note_only":
        return [f"Answers are kept without a lead; told are {people}"]
    plan = {None: "the lead source’s plan, if it has one", "none": "no plan"}.get(
        options.action_plan, f"the plan “{options.action_plan}”"
    )
    source = f"“{options.lead_source}”" if options.lead_source else "no lead source yet"
    return [f"Leads come from {source} and start {plan}", f"Told of each lead: {people}"]


def _option_changes(old: PageOptions, new: PageOptions) -> list[str]:
    lines = []
    for key in PageOptions.model_fields:
        words = _OPTION_WORDS.get(key, key)
        before, after = getattr(old, key), getattr(new, key)
        if isinstance(after, bool) and before != after:
            lines.append(f"{words} switched {'on' if after else 'off'}")
        elif isinstance(after, list):
            lines += [f"{words}: {each} added" for each in after if each not in before]
            lines += [f"{words}: {each} removed" for each in before if each not in after]
        else:
            lines += _text_change(words, before, after)
    return lines


def _field_changes(old: "FormSchema", new: "FormSchema") -> list[str]:
    lines = [f"Field “{each.title}” removed" for each in old.fields if new.field(each.key) is None]
    for after in new.fields:
        before = old.field(after.key)
        if before is None:
            lines.append(f"Field “{after.title}” added")
        elif before != after:
            lines += _one_field(before, after)
    return lines


def _one_field(before: Field, after: Field) -> list[str]:
    lines = []
    name = f"Field “{after.title}”"
    if before.label != after.label:
        lines.append(f"Label “{before.title}” became “{after.title}”")
    was, is_now = before.type.label, after.type.label
    if was != is_now:
        lines.append(f"{name}: type {was} became {is_now}")
    if before.required != after.required:
        lines.append(f"{name} is {'now' if after.required else 'no longer'} required")
    if before.binds_to != after.binds_to:
        bound = CONTACT_FIELDS.get(after.binds_to or "")
        target = bound.label if bound else after.binds_to
        lines.append(f"{name} now saves to {target or 'no contact field'}")
    for key, words in _FIELD_WORDS.items():
        left, right = getattr(before, key), getattr(after, key)
        if left != right:
            verb = "added" if _absent(left) else "removed" if _absent(right) else "changed"
            lines.append(f"{name}: {words} {verb}")
    if (before.model_extra or {}) != (after.model_extra or {}):
        lines.append(f"{name}: settings changed")
    return lines


def _other_changes(old: list[Element], new: list[Element]) -> list[str]:
    before = [each for each in old if not isinstance(each, Field)]
    after = [each for each in new if not isinstance(each, Field)]
    shapes = [_shape(each) for each in before], [_shape(each) for each in after]
    if Counter(shapes[0]) == Counter(shapes[1]):
        return []
    lines = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, *shapes, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        gone, come = before[i1:i2], after[j1:j2]
        while gone and come and type(gone[0]) is type(come[0]):
            was, is_now = _words(gone.pop(0)), _words(come.pop(0))
            lines.append(f"{was} became {is_now}" if was != is_now else f"{is_now} changed")
        lines += [f"{_words(each)} removed" for each in gone]
        lines += [f"{_words(each)} added" for each in come]
    return lines


def _words(element: Element) -> str:
    match element:
        case Header():
            return f"Header “{element.text}”"
        case Notes():
            inner = re.sub(r"</?(?:strong|em|u|a)\b[^>]*>", "", element.html)
            text = " ".join(re.sub(r"<[^>]*>", " ", inner).split())
            return f"Notes “{_short(text)}”"
        case Line():
            return "Horizontal line"
        case Separator():
            return f"Page separator “{element.title}”" if element.title else "Page separator"
        case _:
            return f"Field “{element.title}”"


def _order(schema: "FormSchema") -> list[str]:
    """One name for each element; equal ones are numbered, so that a move can be seen."""
    times: Counter[str] = Counter()
    names = []
    for element in schema.elements:
        name = f"field {element.key}" if isinstance(element, Field) else _shape(element)
        times[name] += 1
        names.append(f"{name} {times[name]}")
    return names


def _shape(element: Element) -> str:
    return element.model_dump_json()


def _text_change(words: str, before: Any, after: Any) -> list[str]:
    if before == after:
        return []
    if after is None or after == "":
        return [f"{words} removed"]
    shown = str(after)
    if re.fullmatch(r"#[0-9a-f]{6}|[0-9]+|https?://\S+", shown):
        return [f"{words} became {_short(shown)}"]
    return [f"{words} became “{_short(shown)}”"]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _absent(value: Any) -> bool:
    return value is None or value == "" or value == []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
