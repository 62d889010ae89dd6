"""What a person answered: from whom, to which of our mails, and their own words without the quote.

For messages that `bounces.read` found to be neither a notice nor automatic. Pure. Must never raise
because of what came.
"""

import re
from dataclasses import dataclass
from email.message import Message

from hostedpages.mail import incoming

MAX_OWN_TEXT = 10_000
# The line above a quote, as mail programs write it; it may be broken in two. What stands above
# anything else is the person's own.
_ATTRIBUTION = re.compile(
    r"^[ \t]*(?:on|am|le|el|il|op|em|den|w dniu|dnia)\b[^\n]{0,200}(?:\n[^\n]{0,200})?"
    r"\b(?:wrote|schrieb|a \u00e9crit|escribi\u00f3|ha scritto|schreef|escreveu|skrev)"
    r"[^\n]{0,120}:[ \t]*$(?=\s*(?:>|\Z))",
    re.I | re.M,
)
# From here on everything is the earlier message.
_QUOTE_BELOW = re.compile(
    r"^[ \t]*(?:-{3,} ?(?:original message|urspr\u00fcngliche nachricht|message d.origine|mensaje"
    r" original|forwarded message)[^\n]{0,40}-*"
    r"|_{10,}[ \t]*\n[ \t]*(?:from|von|de|da|van):[^\n]*"
    r"|\*?(?:from|von|de|da|van):\*? [^\n]*@[^\n]*\n[ \t]*\*?(?:sent|date|gesendet|datum"
    r"|envoy\u00e9|enviado|inviato|verzonden):[^\n]*)[ \t]*$",
    re.I | re.M,
)
_SIGNATURE = re.compile(
    r"^(?:-- ?|sent from my [^\n]{1,60}|get outlook for [^\n]{1,60})$", re.I | re.M
)
_MANY_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's message. `address` is in lower case; `delivery_ids` are of mails that it answers,
    as it says itself; `text` holds their own words."""

    address: str
    subject: str
    text: str
    delivery_ids: tuple[str, ...]


def read(content: bytes) -> Reply | None:
    """A message as an answer; None when nobody can be named as its sender."""
    message = incoming.open_message(content)
    if message is None:
        return None
    address = incoming.address(message, "From")
    if not address:
        return None
    return Reply(
        address=address,
        subject=incoming.header(message, "Subject")[:200],
        text=own_text(incoming.text_of(message)),
        delivery_ids=_answered(message),
    )


def own_text(text: str) -> str:
    """What the person wrote: quoted lines, the line above them and the signature are left out.

    A text that would be empty then is returned whole: better too much than nothing.
    """
    text = text[: 4 * MAX_OWN_TEXT]
    kept = _QUOTE_BELOW.split(text, maxsplit=1)[0]
    kept = _ATTRIBUTION.sub("", kept)
    lines = [line.rstrip() for line in kept.split("\n") if not line.lstrip().startswith(">")]
    kept = _SIGNATURE.split("\n".join(lines), maxsplit=1)[0]
    kept = _MANY_BLANK_LINES.sub("\n\n", kept).strip()
    return (kept or text.strip())[:MAX_OWN_TEXT]


def _answered(message: Message) -> tuple[str, ...]:
    """The ids in In-Reply-To and References that look like ours, the nearest first."""
    named = incoming.ids(message, "In-Reply-To") + incoming.ids(message, "References")[::-1]
    return tuple(dict.fromkeys(each for each in map(incoming.own_id, named) if each))[:20]
