"""The one WTForms field of the answer form: it asks the field type for everything.

Must never decide anything about a kind of answer itself.
"""

from typing import Any

import wtforms

from hostedpages.sanitize import clean_text

# A field takes one answer, or a handful of ticks; what a bot adds beyond this is not looked at.
MAX_RAW_VALUES = 500
MAX_RAW_LENGTH = 100_000


class AnswerField(wtforms.Field):
    """Parses one answer. `raw` is what was typed (storable text), `data` the cleaned value.

    `data` is None when the answer was refused; then `process_errors` has the words.
    """

    def __init__(self, label: str | None = None, *, element: Any, **options: Any) -> None:
        super().__init__(label, **options)
        self.element = element
        self.raw: list[str] = []

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Clean the text, then let the type make a value of it."""
        self.raw = [
            clean_text(each[:MAX_RAW_LENGTH])
            for each in valuelist[:MAX_RAW_VALUES]
            if isinstance(each, str)
        ]
        self.data = None
        self.data = self.element.type.clean(self.raw, self.element)
