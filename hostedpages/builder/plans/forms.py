"""What people fill in about a plan's step; what a kind of step asks comes from the kind itself."""

from datetime import time

from wtforms import Form, IntegerField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from hostedpages.models.plan import DELAY_UNITS

# About five years each: nobody means more, and every date stays one that the calendar knows.
MOST = {"minutes": 2_600_000, "hours": 43_800, "days": 1826, "weeks": 260, "months": 60}


class TimingForm(Form):
    """When a step comes, counted from the start of the plan."""

    delay_amount = IntegerField(
        "Wait",
        [
            InputRequired("Give a whole number; 0 means at once."),
            NumberRange(min=0, message="A step cannot come before the start: give 0 or more."),
        ],
        default=0,
        render_kw={"min": 0, "inputmode": "numeric"},
    )
    delay_unit = SelectField(
        "Unit", choices=[SelectChoice(unit, unit) for unit in DELAY_UNITS], default="days"
    )
    at_time = TimeField(
        "At this time of day",
        [Optional()],
        description="Leave it empty to keep the time of day of the start.",
    )

    def validate_delay_amount(self, field: IntegerField) -> None:
        most = MOST.get(self.delay_unit.data, 0)
        if field.data is not None and field.data > most:
            raise ValidationError(f"At most {most:,} {self.delay_unit.data}.")

    @property
    def stored(self) -> dict[str, object]:
        """The timing as a step keeps it."""
        at: time | None = self.at_time.data
        return {
            "delay_amount": self.delay_amount.data,
            "delay_unit": self.delay_unit.data,
            "at_time": f"{at:%H:%M}" if at else "",
        }
