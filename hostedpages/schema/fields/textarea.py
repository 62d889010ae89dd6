"""Several lines of text. Line breaks are kept; must never grow beyond its cap."""

from collections.abc import Iterable

from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good, OwnKey
from hostedpages.schema.limits import length_problems, shorter_or_longer
from hostedpages.schema.texts import MAX_TEXTAREA
from hostedpages.schema.type_settings import LongTextSettings


class Textarea(FieldType):
    """A message of several lines."""

    key = "textarea"
    label = "Long text"
    group = "Text"
    icon = "text"
    order = 20
    widget = "textarea"
    settings = LongTextSettings
    can_bind_to = ("whiteboard", "address")
    own_keys = {"rows": OwnKey(int, default=4, minimum=2, maximum=20)}
    examples = Examples(
        good=(
            Good([" one\ntwo \n"], "one\ntwo", "one\ntwo"),
            Good(["x" * 10_000], "x" * 10_000, "x" * 10_000),
        ),
        bad=(Bad(["x" * 10_001], "Please shorten Sample to 10,000 characters."),),
        field={"rows": 8},
    )

    def clean(self, raw: list[str], field: FieldLike) -> str:
        """The text with its line breaks, trimmed at both ends."""
        text = raw[0].strip() if raw else ""
        if len(text) > MAX_TEXTAREA:
            raise ValueError(f"Please shorten {field.label} to {MAX_TEXTAREA:,} characters.")
        return shorter_or_longer(text, field) if text else ""

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """The height, and the length at which the browser stops."""
        longest = min(field.max_length or MAX_TEXTAREA, MAX_TEXTAREA)
        return {"rows": str(field.own("rows")), "maxlength": str(longest)}

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """Lengths that no answer can have."""
        return length_problems(field, MAX_TEXTAREA)
