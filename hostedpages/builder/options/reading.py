"""Between the options form and the document: values as text for controls, and back.

Must never judge a value: the document's own models do, and their words are shown.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from hostedpages.schema.form_schema import FormSchema, Problem
from hostedpages.schema.options import PageOptions

LINES = ("notify_emails", "allowed_frame_origins")
LISTS = ("notify_users", "prefill")
CHECKS = ("redirect_top", "notify_personal_data", "index", "add_result_to_url")
NAMES = ("lead_source", "action_plan")
TOP = ("title", "description")


def values_of(schema: FormSchema, zone: ZoneInfo) -> dict[str, Any]:
    """What the controls show for a stored document."""
    options = schema.options
    values: dict[str, Any] = {name: getattr(options, name) for name in PageOptions.model_fields}
    for name in LINES:
        values[name] = "\n".join(values[name])
    for name in NAMES:
        values[name] = values[name] or ""
    closes = options.closes_at
    values["closes_at"] = f"{closes.astimezone(zone):%Y-%m-%dT%H:%M}" if closes else ""
    values["max_submissions"] = str(options.max_submissions or "")
    values["title"] = schema.title
    values["description"] = schema.description
    return values


def values_given(form: MultiDict[str, str]) -> dict[str, Any]:
    """What somebody typed, to show it again beside what is wrong with it."""
    given: dict[str, Any] = {name: form.get(name, "") for name in PageOptions.model_fields}
    given |= {name: form.getlist(name) for name in LISTS}
    given |= {name: name in form for name in CHECKS}
    return given | {name: form.get(name, "") for name in TOP}


def document_with(
    document: Mapping[str, Any], form: MultiDict[str, str], zone: ZoneInfo
) -> tuple[dict[str, Any], list[Problem]]:
    """The document with the form's options, and what could not even be put into it.

    An option that the form does not carry stays as it is.
    """
    options: dict[str, Any] = dict(document.get("options") or {})
    problems: list[Problem] = []
    for name in PageOptions.model_fields:
        if name in CHECKS:
            options[name] = name in form
        elif name in LISTS:
            options[name] = form.getlist(name)
        elif name not in form:
            continue
        elif name in LINES:
            options[name] = re.split(r"[\s,;]+", form[name].strip()) if form[name].strip() else []
        elif name in NAMES:
            options[name] = form[name] or None
        elif name == "closes_at":
            options[name] = _moment(form[name], zone, problems)
        elif name == "max_submissions":
            options[name] = _number(form[name], problems)
        else:
            options[name] = form[name].replace("\r\n", "\n")
    top = {name: form[name].replace("\r\n", "\n") for name in TOP if name in form}
    return {**document, **top, "options": options}, problems


def stamp(document: Mapping[str, Any]) -> str:
    """Tells one state of the options from another; changes of elements do not matter."""
    written = FormSchema.load(document).dump()
    part = {name: value for name, value in written.items() if name != "elements"}
    text = json.dumps(part, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def errors_by_field(problems: list[Problem]) -> dict[str, str]:
    """Messages under the name of their control; the first one of each."""
    errors: dict[str, str] = {}
    for problem in problems:
        name = problem.path.removeprefix("options.").partition("[")[0]
        errors.setdefault(name, problem.message)
    return errors


def _moment(text: str, zone: ZoneInfo, problems: list[Problem]) -> str | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError:
        problems.append(Problem("options.closes_at", "Please give a day and a time."))
        return None


def _number(text: str, problems: list[Problem]) -> int | None:
    text = re.sub(r"[ ,.]", "", text)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        problems.append(Problem("options.max_submissions", "Please give a whole number."))
        return None
    return int(text)
