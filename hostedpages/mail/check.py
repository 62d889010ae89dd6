"""One step of a test of a setting, as screens and the command line show it.

Must never hold a secret: `detail` and `hint` are for people.
"""

from dataclasses import dataclass
from typing import Literal

State = Literal["running", "ok", "problem", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """A step of a test. A step is said twice: `running` when it begins, then how it ended.

    `name` is a stable word, `title` what is done, `detail` what was seen, `hint` what to do next.
    `milliseconds` is how long it took.
    """

    name: str
    title: str
    state: State
    detail: str = ""
    hint: str = ""
    milliseconds: int = 0
