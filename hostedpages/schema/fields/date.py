"""A day, given and stored as `YYYY-MM-DD`."""

from collections.abc import Iterable

from hostedpages.schema import clean
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.limits import Range
from hostedpages.schema.type_settings import DateSettings

_RANGE = Range(clean.iso_date, above="or later", below="or earlier")


class Date(FieldType):
    """A day within an optional range."""

    key = "date"
    label = "Date"
    group = "Numbers and dates"
    icon = "calendar"
    order = 160
    html_type = "date"
    compare = "moment"
    operators = ("equals", "not_equals", "before", "after", "is_empty", "is_not_empty")
    settings = DateSettings
    can_bind_to = ("birth_date", "whiteboard")
    examples = Examples(
        good=(
            Good(["2026-05-31"], "2026-05-31", "2026-05-31"),
            Good([" 2028-02-29 "], "2028-02-29", "2028-02-29"),
        ),
        bad=(
            *(
                Bad([raw], clean.DATE_MESSAGE)
                for raw in ("2027-02-29", "31.5.2026", "0000-01-01", "10000-01-01", "٢٠٢٦-٠٥-٣١")
            ),
            Bad(["1999-12-31"], "Sample must be 2000-01-01 or later."),
            Bad(["2031-01-01"], "Sample must be 2030-12-31 or earlier."),
        ),
        field={"min": "2000-01-01", "max": "2030-12-31"},
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """An ISO date within the field's range."""
        return _RANGE.check(clean.iso_date(text), field)

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """The browser's calendar keeps to the range."""
        return _RANGE.html(field)

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """Limits that cannot be met."""
        return _RANGE.problems(field)
