"""A time of day, stored as `HH:MM` on a 24-hour clock."""

from collections.abc import Iterable

from hostedpages.schema import clean
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.limits import Range
from hostedpages.schema.type_settings import TimeSettings

_RANGE = Range(clean.iso_time, above="or later", below="or earlier")


class Time(FieldType):
    """A time within an optional range of one day."""

    key = "time"
    label = "Time"
    group = "Numbers and dates"
    icon = "clock"
    order = 170
    html_type = "time"
    compare = "moment"
    operators = ("equals", "not_equals", "before", "after", "is_empty", "is_not_empty")
    settings = TimeSettings
    can_bind_to = ("whiteboard",)
    examples = Examples(
        good=(
            Good(["14:30"], "14:30", "14:30"),
            Good(["14:30:15"], "14:30", "14:30"),
            Good(["2:30 pm"], "14:30", "14:30"),
            Good(["12 pm"], "12:00", "12:00"),
        ),
        bad=(
            *(Bad([raw], clean.TIME_MESSAGE) for raw in ("24:00", "9", "noon", "١٤:٣٠", "14:60")),
            Bad(["07:59"], "Sample must be 08:00 or later."),
            Bad(["18:01"], "Sample must be 18:00 or earlier."),
        ),
        field={"min": "08:00", "max": "18:00"},
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """A time within the field's range."""
        return _RANGE.check(clean.iso_time(text), field)

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """The browser's clock keeps to the range."""
        return _RANGE.html(field)

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """Limits that cannot be met."""
        return _RANGE.problems(field)
