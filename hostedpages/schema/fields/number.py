"""A number, stored as a plain decimal text so that no digit is ever lost."""

from collections.abc import Iterable
from decimal import Decimal

from hostedpages.schema import clean
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good, OwnKey
from hostedpages.schema.limits import Range
from hostedpages.schema.type_settings import DecimalsSettings

_RANGE = Range(clean.decimal, Decimal)


class Number(FieldType):
    """A number with an optional range; `decimals` limits the digits after the point."""

    key = "number"
    label = "Number"
    group = "Numbers and dates"
    icon = "hash"
    order = 140
    inputmode = "decimal"
    compare = "number"
    operators = ("equals", "not_equals", "greater_than", "less_than", "is_empty", "is_not_empty")
    settings = DecimalsSettings
    can_bind_to = ("age", "deal_size", "whiteboard")
    own_keys = {"decimals": OwnKey(int, default=6, minimum=0, maximum=6)}
    examples = Examples(
        good=(
            Good(["1,250.50"], "1250.50", "1250.50"),
            Good(["007"], "7", "7"),
            Good(["-.5"], "-0.5", "-0.5"),
            Good(["-0"], "0", "0"),
        ),
        bad=(
            *(
                Bad([raw], clean.NUMBER_MESSAGE)
                for raw in ("abc", "²", "١٢", "1_000", "0x10", "1e308", "1,00", "--1", ".", "nan")
            ),
            Bad(["1.234"], "Please give Sample with at most 2 decimals."),
            Bad(["-11"], "Sample must be -10 or more."),
            Bad(["2000.01"], "Sample must be 2000 or less."),
            Bad(["1.2345678"], "Please enter a number with at most 15 digits and 6 decimals."),
        ),
        field={"min": -10, "max": "2,000", "decimals": 2},
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """A plain decimal within the field's range."""
        number = clean.decimal(text)
        decimals = field.own("decimals")
        if len(number.partition(".")[2]) > decimals:
            words = f"with at most {decimals} decimals" if decimals else "as a whole number"
            raise ValueError(f"Please give {field.label} {words}.")
        return _RANGE.check(number, field)

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """Limits that cannot be met."""
        return _RANGE.problems(field)
