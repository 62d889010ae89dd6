"""The settings forms that several field types share in the designer's "Answer" group.

Names of the form's fields are document keys. Must never hold a rule: rules are the type's.
"""

import wtforms


class PlaceholderSettings(wtforms.Form):
    """A typed answer without limits of its own."""

    placeholder = wtforms.StringField(
        "Placeholder", description="Shown in grey while the box is empty."
    )
    default = wtforms.StringField("Filled in at first")


class LengthSettings(PlaceholderSettings):
    """A typed answer with a least and a greatest length."""

    min_length = wtforms.IntegerField("At least this many characters")
    max_length = wtforms.IntegerField("At most this many characters")


class LongTextSettings(LengthSettings):
    """An answer of several lines."""

    default = wtforms.TextAreaField("Filled in at first")
    rows = wtforms.IntegerField("Height in lines", description="2 to 20.", default=4)


class NumberSettings(PlaceholderSettings):
    """A number with a range."""

    min = wtforms.StringField("Smallest number taken")
    max = wtforms.StringField("Largest number taken")


class DecimalsSettings(NumberSettings):
    """A number with a range and a number of decimals."""

    decimals = wtforms.IntegerField(
        "Decimals", description="0 to 6; 0 takes whole numbers only.", default=6
    )


class DateSettings(wtforms.Form):
    """A day in a range."""

    default = wtforms.DateField("Filled in at first")
    min = wtforms.DateField("Earliest day taken")
    max = wtforms.DateField("Latest day taken")


class TimeSettings(wtforms.Form):
    """A time of day in a range."""

    default = wtforms.TimeField("Filled in at first")
    min = wtforms.TimeField("Earliest time taken")
    max = wtforms.TimeField("Latest time taken")


class OneChoiceSettings(wtforms.Form):
    """One choice of a list; its options are edited beside this form."""

    default = wtforms.StringField("Chosen at first", description="The value of one choice.")


class ListSettings(OneChoiceSettings):
    """One choice of a closed list."""

    placeholder = wtforms.StringField(
        "Words before a choice is made", description="Such as “Choose one”."
    )


class SeveralChoicesSettings(wtforms.Form):
    """Several choices of a list."""

    min_length = wtforms.IntegerField("At least this many choices")
    max_length = wtforms.IntegerField("At most this many choices")


class TickSettings(wtforms.Form):
    """A box to tick."""

    default = wtforms.BooleanField("Ticked at first")


class HiddenSettings(wtforms.Form):
    """A value that visitors do not see."""

    default = wtforms.StringField(
        "Value", description="Stored when the address of the page does not bring another one."
    )
