"""Walking through the screens of a form without a script: Next, Back and Submit are plain posts.

Everything typed travels along, nothing is stored before the last one. Must never trust the browser
about what is visible or valid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hostedpages.render.drawing import usable_screens
from hostedpages.render.known_contact import Treatment
from hostedpages.schema.form_schema import FormSchema
from hostedpages.submit.intake import Posted

ASK_MORE = "One more thing before you go on, because of what you answered."


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with a post: show a screen (with errors), or accept `values`."""

    is_complete: bool
    screen: int = 0
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, list[str]] = field(default_factory=dict)
    visible: set[str] = field(default_factory=set)
    notice: str = ""


def step(
    schema: FormSchema, posted: Posted, given: Mapping[str, list[str]], treatment: Treatment
) -> Step:
    """Decide by the button that was pressed.

    Back never complains. Next checks the screens up to this one, Submit all of them. A conditional
    field that the answers made visible, but that was never shown, is asked before anything else.
    """
    checked = schema.check(given, known=treatment.answered)
    usable = usable_screens(schema, checked.visible, treatment)
    here = min(posted.screen, len(schema.screens) - 1)
    later = [index for index in usable if index > here]

    def show(screen: int, errors: Mapping[str, list[str]], notice: str = "") -> Step:
        return Step(False, screen, errors, raw=checked.raw, visible=checked.visible, notice=notice)

    if posted.go == "back":
        earlier = [index for index in usable if index < here]
        return show(earlier[-1] if earlier else usable[0], {})
    is_next = posted.go == "next" and bool(later)
    reach = here if is_next else len(schema.screens) - 1
    unasked = _unasked(schema, posted, given, treatment, checked.visible, reach)
    errors = {
        key: words
        for key, words in checked.errors.items()
        if key not in unasked and _screen_of(schema, key) <= reach
    }
    if errors:
        return show(min(_screen_of(schema, key) for key in errors), errors)
    if unasked:
        return show(min(_screen_of(schema, key) for key in unasked), {}, ASK_MORE)
    if is_next:
        return show(later[0], {})
    return Step(True, here, values=checked.values, raw=checked.raw, visible=checked.visible)


def _unasked(
    schema: FormSchema,
    posted: Posted,
    given: Mapping[str, list[str]],
    treatment: Treatment,
    visible: set[str],
    reach: int,
) -> set[str]:
    if posted.asked is None:  # made by hand, not by our page: what is required is an error anyway
        return set()
    return {
        each.key
        for each in schema.fields
        if each.show_if is not None
        and each.type.is_shown
        and each.key in visible
        and each.key not in posted.asked
        and each.key not in treatment.hidden
        and not any(given.get(each.key, ()))
        and _screen_of(schema, each.key) <= reach
    }


def _screen_of(schema: FormSchema, key: str) -> int:
    for screen in schema.screens:
        if any(each.key == key for each in screen.fields):
            return screen.index
    return 0
