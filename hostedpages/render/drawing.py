"""From a form schema and what a visitor gave so far to the plain values that templates print.

Must never decide whether an answer is right, and never name a field type or a theme.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup, escape

from hostedpages.render.known_contact import NOBODY, Treatment
from hostedpages.schema.elements import Field, Header, Line, Notes
from hostedpages.schema.form_schema import FormSchema, Screen

# HTML Standard, autofill field names: what a browser may offer, by the contact field bound.
_AUTOFILL = {
    "first_name": "given-name",
    "last_name": "family-name",
    "full_name": "name",
    "company_name": "organization",
    "job_title": "organization-title",
    "email": "email",
    "cell_phone": "tel",
    "home_phone": "tel",
    "address": "street-address",
    "city": "address-level2",
    "state": "address-level1",
    "zip": "postal-code",
    "country": "country",
    "birth_date": "bday",
}
_ALWAYS, _NEVER = '{"all":[]}', '{"any":[]}'


@dataclass(slots=True)
class FormState:
    """What a visitor has given so far, and what the page has to say about it.

    `values` and `errors` by field key; `visible` the keys that the answers show. `carried` are
    the control inputs that travel along: key, elapsed, landing, referrer, known.
    """

    visible: set[str]
    values: Mapping[str, list[str]] = field(default_factory=dict)
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    current: int = 0
    notice: str = ""
    token: str = ""
    carried: Mapping[str, str] = field(default_factory=dict)
    treatment: Treatment = NOBODY


def first_state(
    schema: FormSchema, given: Mapping[str, list[str]] | None = None, treatment: Treatment = NOBODY
) -> FormState:
    """The state of a page just opened: defaults, then what a link or a known contact brings."""
    values = {
        each.key: each.type.default_values(each)
        for each in schema.fields
        # The box beside a masked value stays empty: a default in it would replace what is stored.
        if each.key not in treatment.masked
    }
    values.update(treatment.filled)
    values.update(given or {})
    values = {key: value for key, value in values.items() if value}
    visible = schema.check(values, known=treatment.answered).visible
    return FormState(visible=visible, values=values, treatment=treatment)


def usable_screens(schema: FormSchema, visible: set[str], treatment: Treatment) -> list[int]:
    """Indexes of the screens to walk: one whose fields are all hidden is passed over."""

    def has_something(screen: Screen) -> bool:
        own = [each for each in screen.fields if each.type.is_shown]
        return not own or any(
            each.key in visible and each.key not in treatment.hidden for each in own
        )

    return [screen.index for screen in schema.screens if has_something(screen)] or [0]


class Painter:
    """Draws one form for one state; `form()` is what `form.html` prints."""

    def __init__(
        self, schema: FormSchema, state: FormState, *, public_id: str, is_preview: bool = False
    ) -> None:
        self.schema = schema
        self.state = state
        self.public_id = public_id
        self.is_preview = is_preview
        self.index_of = {id(each): at for at, each in enumerate(schema.elements)}
        self.tags = _heading_tags(schema)

    def form(self, target: str) -> SimpleNamespace:
        """Everything in the form. `target` is where the answer opens: `_top`, or empty."""
        schema, state = self.schema, self.state
        usable = usable_screens(schema, state.visible, state.treatment)
        current = state.current
        screen = schema.screens[current]
        is_last = not any(each > current for each in usable)
        errors = list(self._error_list())
        return SimpleNamespace(
            public_id=self.public_id,
            is_preview=self.is_preview,
            target=target,
            submit_label=schema.options.submit_label,
            primary_label=schema.options.submit_label if is_last else screen.next_label,
            back_label=screen.back_label or "Back",
            is_last=is_last,
            current=current,
            screens=[self._screen(each) for each in schema.screens],
            hidden_fields=[
                SimpleNamespace(key=each.key, value=self._value(each))
                for each in schema.fields
                if not each.type.is_shown
            ],
            error_list=errors,
            summary_heading=(
                "Please check one answer" if len(errors) == 1
                else f"Please check {len(errors)} answers"
            ),
            notice=state.notice,
            token=state.token,
            asked=" ".join(
                each.key
                for each in schema.fields
                if each.show_if and each.key in state.visible
                and each.key not in state.treatment.hidden
            ),
            key=state.carried.get("key", ""),
            elapsed=state.carried.get("elapsed", ""),
            landing=state.carried.get("landing", ""),
            referrer=state.carried.get("referrer", ""),
            known_token=state.carried.get("known", ""),
        )  # fmt: skip

    def _screen(self, screen: Screen) -> SimpleNamespace:
        shown = [
            each
            for each in screen.elements
            if not isinstance(each, Field)
            or (each.type.is_shown and each.key not in self.state.treatment.hidden)
        ]
        first = screen.elements[0] if screen.elements else None
        return SimpleNamespace(
            index=screen.index,
            title=screen.title,
            next_label=screen.next_label,
            back_label=screen.back_label or "Back",
            # The separator stands just before the screen's first element.
            element_index=self.index_of[id(first)] - 1 if screen.index and first else None,
            has_required=any(isinstance(each, Field) and each.required for each in shown),
            parts=[self._part(each) for each in shown],
        )

    def _part(self, element: Any) -> SimpleNamespace:
        part = self._field(element) if isinstance(element, Field) else _still(element)
        at = self.index_of[id(element)]
        part.tag = self.tags.get(at, "")
        part.mark = _attributes({"data-element": str(at)}) if self.is_preview else ""
        return part

    def _value(self, each: Field) -> str:
        return (self.state.values.get(each.key) or [""])[0]

    def _field(self, each: Field) -> SimpleNamespace:
        kind, state = each.type, self.state
        values = state.values.get(each.key) or []
        error = " ".join(state.errors.get(each.key, ()))
        stored = state.treatment.masked.get(each.key, "")
        is_required = each.required and not stored
        described = " ".join(
            f"{letter}-{each.key}"
            for letter, is_there in (("s", stored), ("h", each.help), ("e", error))
            if is_there
        )
        is_group = kind.widget == "choices"
        attributes = self._attributes(each, is_required, bool(error), is_group, described)
        return SimpleNamespace(
            template="render/elements/field.html",
            widget_template=f"render/widgets/{kind.widget}.html",
            key=each.key,
            id=f"f-{each.key}",
            label=each.title,
            help=each.help,
            error=error,
            stored=stored,
            placeholder=each.placeholder,
            is_required=is_required,
            is_group=is_group,
            has_own_label=kind.widget == "checkbox",
            is_multiple=kind.multiple,
            is_visible=each.key in state.visible,
            html_type=kind.html_type,
            described_by=described,
            classes=f"field{' half' if each.width == 'half' else ''}{' is-bad' if error else ''}",
            value=values[0] if values else "",
            # A single box says yes; every type of box reads that.
            checked_value="yes",
            is_checked=bool(values) and values[0] not in ("", "no"),
            choices=[
                SimpleNamespace(value=one.value, label=one.label, is_chosen=one.value in values)
                for one in kind.choices(each)
            ],
            attributes=attributes,
            rule=self._rule(each, is_required),
        )

    def _attributes(
        self, each: Field, is_required: bool, is_bad: bool, is_group: bool, described: str
    ) -> Markup:
        kind = each.type
        found: dict[str, str | None] = dict(kind.html_attributes(each))
        if each.placeholder and kind.widget in ("input", "textarea"):
            found["placeholder"] = each.placeholder
        autofill = _AUTOFILL.get(each.binds_to or "") or kind.autocomplete
        if autofill and not is_group:
            found["autocomplete"] = autofill
        if kind.inputmode:
            found["inputmode"] = kind.inputmode
        if kind.widget == "textarea" or (kind.widget == "input" and kind.html_type == "text"):
            found["dir"] = "auto"
        if kind.widget == "select" and kind.multiple:
            found["multiple"] = None
        if is_required and not (is_group and kind.multiple):
            found["required"] = None
        if is_bad:
            found["aria-invalid"] = "true"
        if described and not is_group:
            found["aria-describedby"] = described
        return _attributes(found)

    def _rule(self, each: Field, is_required: bool) -> Markup:
        """What the script needs to know of a field, as data attributes."""
        found: dict[str, str | None] = {}
        if each.type.compare in ("number", "list", "flag"):
            found["data-compare"] = each.type.compare
        if is_required:
            found["data-required"] = each.error or each.type.required_message(each)
        if each.show_if:
            if any(rule.field in self.state.treatment.answered for rule in each.show_if.rules):
                # It hangs on a value that must not be in the page: the server has decided.
                found["data-show-if"] = _ALWAYS if each.key in self.state.visible else _NEVER
            else:
                found["data-show-if"] = json.dumps(
                    each.show_if.model_dump(exclude_none=True),
                    separators=(",", ":"),
                    ensure_ascii=False,
                )
        return _attributes(found)

    def _error_list(self) -> Iterable[SimpleNamespace]:
        for each in self.schema.fields:
            for text in self.state.errors.get(each.key, ()):
                words = text if each.title in text else f"{each.title}: {text}"
                target = f"f-{each.key}" if each.type.is_shown else ""
                yield SimpleNamespace(text=words, target=target)


def _attributes(found: Mapping[str, str | None]) -> Markup:
    return Markup("").join(
        Markup(" {}").format(name)
        if value is None
        else Markup(' {}="{}"').format(name, escape(value))
        for name, value in found.items()
    )


def _heading_tags(schema: FormSchema) -> dict[int, str]:
    """The tag of each header, by element index: below the page's h1, no level ever left out."""
    levels = sorted({each.level for each in schema.elements if isinstance(each, Header)})
    top = 3 if any(each.title for each in schema.screens) else 2
    tags, last = {}, top - 1
    for at, each in enumerate(schema.elements):
        if isinstance(each, Header):
            last = min(top + levels.index(each.level), last + 1)
            tags[at] = f"h{last}"
    return tags


@singledispatch
def _still(element: Any) -> SimpleNamespace:
    """An element that takes no answer."""
    raise TypeError(f"no template for {type(element).__name__}")


@_still.register
def _(element: Header) -> SimpleNamespace:
    return SimpleNamespace(
        template="render/elements/header.html",
        level=element.level,
        align=element.align,
        text=element.text,
    )


@_still.register
def _(element: Notes) -> SimpleNamespace:
    # Cleaned by sanitize.clean_notes when the document was read.
    html = Markup(element.html)  # noqa: S704
    return SimpleNamespace(template="render/elements/notes.html", html=html)


@_still.register
def _(element: Line) -> SimpleNamespace:
    return SimpleNamespace(
        template="render/elements/line.html", color=element.color, thickness=element.thickness
    )
