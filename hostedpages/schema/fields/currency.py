"""An amount in dollars, stored as a plain decimal text."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from hostedpages.schema import clean
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.limits import Range
from hostedpages.schema.type_settings import NumberSettings


def money(amount: str) -> str:
    """`-1250.5` as `-$1,250.50`."""
    number = Decimal(amount)
    return f"{'-' if number < 0 else ''}${abs(number):,.2f}"


_RANGE = Range(clean.decimal, Decimal, money)


class Currency(FieldType):
    """An amount with at most two decimals."""

    key = "currency"
    label = "Amount of money"
    group = "Numbers and dates"
    icon = "dollar-sign"
    order = 150
    inputmode = "decimal"
    compare = "number"
    operators = ("equals", "not_equals", "greater_than", "less_than", "is_empty", "is_not_empty")
    settings = NumberSettings
    can_bind_to = ("deal_size", "whiteboard")
    examples = Examples(
        good=(
            Good(["$10,000.50"], "10000.50", "$10,000.50"),
            Good(["$ 15"], "15", "$15.00"),
            Good(["10000"], "10000", "$10,000.00"),
        ),
        bad=(
            *(Bad([raw], clean.NUMBER_MESSAGE) for raw in ("a lot", "$", "€5", "1e5", "10.000,50")),
            Bad(["1.005"], "Please give Sample with at most 2 decimals."),
            Bad(["5"], "Sample must be $10.00 or more."),
        ),
        field={"min": 10},
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """A plain decimal within the field's range."""
        amount = clean.decimal(text)
        if len(amount.partition(".")[2]) > 2:
            raise ValueError(f"Please give {field.label} with at most 2 decimals.")
        return _RANGE.check(amount, field)

    def to_text(self, value: Any, field: FieldLike) -> str:
        """With a dollar sign and two decimals."""
        return money(str(value)) if value else ""

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """Limits that cannot be met."""
        return _RANGE.problems(field)
