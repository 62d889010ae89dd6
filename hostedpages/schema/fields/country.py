"""A country, stored as its ISO 3166 code."""

from collections.abc import Sequence
from typing import Any

from hostedpages.schema import clean
from hostedpages.schema.fields.base import (
    Bad,
    Choice,
    ChoiceLike,
    Examples,
    FieldLike,
    FieldType,
    Good,
)
from hostedpages.schema.places import COUNTRIES
from hostedpages.schema.type_settings import ListSettings

_CHOICES = tuple(Choice(code, name) for code, name in COUNTRIES.items())


class Country(FieldType):
    """A drop-down list; a name is taken as well."""

    key = "country"
    label = "Country"
    group = "Contact"
    icon = "globe"
    order = 80
    widget = "select"
    autocomplete = "country"
    operators = ("equals", "not_equals", "in", "not_in", "is_empty", "is_not_empty")
    settings = ListSettings
    can_bind_to = ("country",)
    examples = Examples(
        good=(
            Good(["us"], "US", "United States"),
            Good(["canada"], "CA", "Canada"),
            Good(["Côte d'Ivoire"], "CI", "Côte d'Ivoire"),
        ),
        bad=(Bad(["Utopia"], clean.COUNTRY_MESSAGE),),
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """The two-letter code."""
        return clean.country(text)

    def choices(self, field: FieldLike) -> Sequence[ChoiceLike]:
        """All countries, the United States and Canada first."""
        return _CHOICES

    def to_text(self, value: Any, field: FieldLike) -> str:
        """The English name."""
        return COUNTRIES.get(value, str(value or ""))
