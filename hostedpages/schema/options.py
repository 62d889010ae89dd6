"""The options of a page: where leads go, colors, texts, redirects, closing rules.

Must never name a theme, and must never let an address through that a browser reads differently.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema

from hostedpages.schema import clean, contrast, urls
from hostedpages.schema.texts import Key, Line200, ShortLine, Strict, Text2000

MAX_ADDRESSES = 10
MAX_USERS = 50
MAX_ORIGINS = 50
MAX_PREFILL = 50
NO_PLAN = "none"
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
SUBMIT_LABEL = "Submit"
SUCCESS_MESSAGE = "Thank you. We have your details and will be in touch."
ERROR_MESSAGE = "Sorry, we could not take your answers. Please try again in a few minutes."


def _optional(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: check(text) if text else ""


def _or(default: str) -> Callable[[str], str]:
    return lambda text: text.strip() and text or default


def _email(text: str) -> str:
    try:
        return clean.email(text)
    except ValueError as error:
        raise ValueError("This is not a valid email address.") from error


def _theme(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", text):
        raise ValueError("A theme's name has 1 to 40 characters: a to z, digits, - and _.")
    return text


def _name_or_none(text: str | None) -> str | None:
    return text or None


def _moment(value: object) -> datetime:
    words = "Please give a time with its offset, such as 2026-12-31T17:00:00-05:00."
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(words) from error
    else:
        raise ValueError(words)
    if moment.tzinfo is None or not 2000 <= moment.year <= 9000:
        raise ValueError(words)
    return moment.replace(microsecond=0)


Url = Annotated[str, AfterValidator(_optional(urls.https_url))]
Color = Annotated[
    str,
    AfterValidator(contrast.normal),
    WithJsonSchema({"type": "string", "pattern": f"^{contrast.COLOR_PATTERN.pattern}$"}),
]
Email = Annotated[str, AfterValidator(_email)]
Origin = Annotated[str, AfterValidator(urls.origin)]
LabelOf = Annotated[Line200 | None, AfterValidator(_name_or_none)]
Moment = Annotated[
    datetime,
    PlainValidator(_moment),
    PlainSerializer(lambda each: each.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class PageOptions(Strict):
    """What a page does around its questions; see docs/page-file.md."""

    mode: Literal["lead", "update_only", "note_only"] = "lead"
    lead_source: LabelOf = None
    action_plan: LabelOf = None
    success_url: Url = ""
    error_url: Url = ""
    redirect_top: bool = False
    base_color: Color = "#0d6efd"
    highlight_color: Color = "#198754"
    pii_visibility: Literal["hide", "mask", "show"] = "hide"
    notify_users: Annotated[list[Email], pydantic.Field(max_length=MAX_USERS)] = []
    notify_emails: Annotated[list[Email], pydantic.Field(max_length=MAX_ADDRESSES)] = []
    notify_personal_data: bool = True
    theme: Annotated[str, AfterValidator(_theme)] = "plain"
    submit_label: Annotated[ShortLine, AfterValidator(_or(SUBMIT_LABEL))] = SUBMIT_LABEL
    success_message: Annotated[Text2000, AfterValidator(_or(SUCCESS_MESSAGE))] = SUCCESS_MESSAGE
    error_message: Annotated[Text2000, AfterValidator(_or(ERROR_MESSAGE))] = ERROR_MESSAGE
    allowed_frame_origins: Annotated[list[Origin], pydantic.Field(max_length=MAX_ORIGINS)] = []
    max_submissions: Annotated[int, pydantic.Field(ge=1, le=10_000_000)] | None = None
    closes_at: Moment | None = None
    index: bool = False
    prefill: Annotated[list[Key], pydantic.Field(max_length=MAX_PREFILL)] = []
    add_result_to_url: bool = False

    @pydantic.field_validator(
        "notify_users", "notify_emails", "allowed_frame_origins", "prefill", mode="after"
    )
    @classmethod
    def _each_once(cls, values: list[Any]) -> list[Any]:
        return list({each.lower(): each for each in reversed(values)}.values())[::-1]

    @property
    def starts_no_plan(self) -> bool:
        """Whether the page says that no action plan may start, whatever the lead source says."""
        return self.action_plan == NO_PLAN
