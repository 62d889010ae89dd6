"""Which returned message means what: delivery reports, complaints, automatic answers.

Knows the standard forms (RFC 3464, 5965, 3834) and those that large providers and old servers use
instead. Pure. Must never raise because of what came, and never take a message for a bounce of ours
by anything but the returned original: whoever calls it looks the id up.
"""

import re
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from typing import Literal

from hostedpages.mail import bounce_texts, incoming
from hostedpages.mail.bounce_words import is_about_us, is_hard, sharpest_status
from hostedpages.mail.echoes import without_addresses
from hostedpages.mail.errors import clean_reply
from hostedpages.mail.headers import one_address

Kind = Literal["hard", "soft", "complaint", "automatic"]
MAX_DIAGNOSTIC = 2000
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "other"})
_RETURNED = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_AUTOMATIC_SUBJECT = re.compile(
    r"(?:automatic reply|auto(?:matic)?[ -]?(?:reply|response)|autoreply|out of (?:the )?office"
    r"|abwesenheits|automatische antwort|r\u00e9ponse automatique|respuesta autom\u00e1tica"
    r"|risposta automatica|resposta autom\u00e1tica)",
    re.I,
)
_PRECEDENCE = frozenset({"auto_reply", "auto-reply", "bulk", "junk", "list"})


@dataclass(frozen=True, slots=True)
class Bounce:
    """One notice. `address` is who did not get it (lower case, may be unknown), `status` the
    enhanced code (RFC 3463), `reply` the last server's words on one line.

    `delivery_id` is what the returned original says about itself; only a caller knows if it is
    one of ours. `has_original`: it was shown at all. `is_final`: nobody tries any more. `counts`:
    it says something about the address, and not about us, the message, or the road between.
    """

    kind: Kind
    address: str = ""
    status: str = ""
    reply: str = ""
    delivery_id: str = ""
    has_original: bool = False
    is_final: bool = True
    counts: bool = True


def read(content: bytes) -> Bounce | None:
    """What a message is; None when it is neither a notice nor automatic, but somebody's mail."""
    message = incoming.open_message(content)
    if message is None:
        return None
    return (
        _complaint(message)
        or _report(message)
        or _from_text(message)
        or (Bounce("automatic") if _is_automatic(message) else None)
    )


def _complaint(message: Message) -> Bounce | None:
    """A feedback report: somebody pressed "this is spam" (RFC 5965)."""
    for part in incoming.parts(message):
        if incoming.kind_of(part) != "message/feedback-report":
            continue
        fields = _blocks(part)
        first = fields[0] if fields else part
        kind = incoming.header(first, "Feedback-Type").lower()
        if kind not in _COMPLAINTS:
            return Bounce("automatic")  # a report about signatures or viruses, or "not spam"
        returned = _returned(message)
        named = (
            incoming.address(first, "Original-Rcpt-To")
            or incoming.address(first, "Removal-Recipient")
            or (incoming.address(returned, "To") if returned is not None else "")
        )
        agent = incoming.header(first, "User-Agent") or incoming.address(message, "From")
        reply = clean_reply(f"Reported as {kind} by {agent}")
        return Bounce(
            "complaint",
            named,
            reply=reply,
            delivery_id=_delivery_id(returned),
            has_original=_is_whole(returned),
        )
    return None


def _report(message: Message) -> Bounce | None:
    """A delivery report (RFC 3464)."""
    for part in incoming.parts(message):
        if incoming.kind_of(part) not in _STATUS_PARTS:
            continue
        groups = [each for each in _blocks(part) if each.get("Action") or each.get("Status")]
        if not groups:
            continue
        group = min(groups, key=_urgency)
        action = incoming.header(group, "Action").lower()
        if action in ("delivered", "relayed", "expanded"):
            return Bounce("automatic")
        diagnostic = _after_type(incoming.header(group, "Diagnostic-Code"))
        words = diagnostic or bounce_texts.last_words(incoming.text_of(message))
        status = sharpest_status(incoming.header(group, "Status"), words)
        return _judged(
            status,
            words,
            address=_recipient(group) or bounce_texts.failed_recipient(message),
            message=message,
            is_final=action != "delayed",
        )
    return None


def _from_text(message: Message) -> Bounce | None:
    """A notice in free text, as qmail, old Exim, Yahoo and others write."""
    if not bounce_texts.is_notice(message):
        return None
    text = bounce_texts.notice_text(message)
    words = bounce_texts.last_words(text)
    return _judged(
        sharpest_status("", words),
        words,
        address=bounce_texts.failed_recipient(message),
        message=message,
        is_final=not bounce_texts.is_warning(incoming.header(message, "Subject"), text),
    )


def _judged(status: str, words: str, *, address: str, message: Message, is_final: bool) -> Bounce:
    returned = _returned(message)
    in_text = bounce_texts.returned_ids(message)
    judged = without_addresses(words, address)  # it may hold words of any kind
    hard = is_final and is_hard(status, judged)
    return Bounce(
        kind="hard" if hard else "soft",
        address=address,
        status=status,
        reply=clean_reply(words[:MAX_DIAGNOSTIC]),
        delivery_id=_delivery_id(returned) or next((each for each in in_text if each), ""),
        has_original=_is_whole(returned) or bool(in_text),
        is_final=is_final,
        counts=is_final and (hard or not is_about_us(status, judged)),
    )


def _is_whole(returned: Message | None) -> bool:
    """Whether the original can be recognized: at least its Message-ID is there."""
    return returned is not None and bool(incoming.ids(returned, "Message-ID"))


def _is_automatic(message: Message) -> bool:
    """An out-of-office note, a receipt, a list: no answer of a person (RFC 3834)."""
    submitted = incoming.header(message, "Auto-Submitted").lower().partition(";")[0].strip()
    if submitted not in ("", "no"):
        return True
    if any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From")):
        return True
    if incoming.header(message, "Precedence").lower() in _PRECEDENCE or message.get("List-Id"):
        return True
    if incoming.parameter(message, "report-type") == "disposition-notification":
        return True
    if incoming.header(message, "Return-Path") == "<>":
        return True
    return bool(_AUTOMATIC_SUBJECT.match(incoming.header(message, "Subject")))


def _urgency(group: Message) -> int:
    order = ("failed", "delayed")
    action = incoming.header(group, "Action").lower()
    return order.index(action) if action in order else len(order)


def _recipient(group: Message) -> str:
    for name in ("Original-Recipient", "Final-Recipient"):
        found = one_address(_after_type(incoming.header(group, name)).strip("<> "))
        if found:
            return found.lower()
    return ""


def _after_type(value: str) -> str:
    """The value of a typed field: `rfc822; ann@example.org`."""
    kind, separator, rest = value.partition(";")
    return rest.strip() if separator and " " not in kind.strip() else value.strip()


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a status part, also when the parser did not cut them."""
    inside = part.get_payload()
    if isinstance(inside, list):
        return [each for each in inside if isinstance(each, Message)]
    texts = re.split(r"\n\s*\n", incoming.raw_text(part))
    return [message_from_string(each) for each in texts[: incoming.MAX_PARTS] if each.strip()]


def _returned(message: Message) -> Message | None:
    """The original that came back, or its headers."""
    for part in incoming.parts(message):
        kind = incoming.kind_of(part)
        if part is message or kind not in _RETURNED:
            continue
        inside = part.get_payload()
        if isinstance(inside, list):
            return inside[0] if inside and isinstance(inside[0], Message) else None
        return message_from_string(incoming.raw_text(part).lstrip("\n"))
    return None


def _delivery_id(returned: Message | None) -> str:
    if returned is None:
        return ""
    told = incoming.own_id(incoming.header(returned, "X-Hostedpages-Delivery"))
    found = incoming.ids(returned, "Message-ID")
    return told or (incoming.own_id(found[0]) if found else "")
