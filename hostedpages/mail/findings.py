"""What a look at a domain found, record by record: the state, and the fix in a sentence.

Must never hold a secret: findings are stored, shown and printed.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from hostedpages.mail.dkim import split

State = Literal["not_found", "wrong", "could_not_check", "fine"]

TRY_AGAIN = (
    "Check again in some minutes. If it stays so, ask whoever runs the name servers of {domain}: "
    "receivers of your mail get no answer either."
)
MISSING = "missing"  # there is no such domain
UNASKED = "unasked"  # our own name server was of no use
AHEAD = (MISSING, UNASKED)  # shown in front of the records, not among them
MAX_SHOWN = 5
MAX_SHOWN_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Finding:
    """One record of a domain. `value` is what to publish at `host`, empty when there is nothing.

    `name` is `spf`, `dkim:<selector>`, `dmarc`, `mx`, or one of AHEAD for all of it. `strings`
    is the value in the parts of at most 255 bytes that a TXT record consists of. `is_needed`:
    without it mail is not proven.
    """

    name: str
    state: State
    title: str
    detail: str
    fix: str = ""
    host: str = ""
    record_type: str = "TXT"
    value: str = ""
    found: tuple[str, ...] = ()
    is_needed: bool = True

    def in_use(self) -> "Finding":
        """The same about a key that is in use from now on."""
        return replace(self, is_needed=True, title=self.title.replace("the next key", "the key"))

    @property
    def strings(self) -> tuple[str, ...]:
        return split(self.value) if self.value else ()

    def to_json(self) -> dict[str, Any]:
        """Everything, for the database and the command line."""
        return {
            "name": self.name,
            "state": self.state,
            "title": self.title,
            "detail": self.detail,
            "fix": self.fix,
            "host": self.host,
            "type": self.record_type,
            "value": self.value,
            "strings": list(self.strings),
            "found": list(self.found),
            "is_needed": self.is_needed,
        }


def shown(texts: list[str]) -> tuple[str, ...]:
    """Published texts, as many and as much of each as fits on a screen."""
    return tuple(
        each if len(each) <= MAX_SHOWN_CHARACTERS else f"{each[:MAX_SHOWN_CHARACTERS]}…"
        for each in texts[:MAX_SHOWN]
    )
