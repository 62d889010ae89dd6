"""Notices in free text: whether a message is one, whom it names, the last words of the server.

Their senders follow no standard, so several signs must agree. Pure. Must never raise.
"""

import re
from email.message import Message

from hostedpages.mail import incoming
from hostedpages.mail.headers import one_address

MAX_LOOKED_AT = 32 * 1024
_MACHINES = frozenset(
    {"mailer-daemon", "mail-daemon", "postmaster", "mailerdaemon", "mdaemon", "mail.daemon"}
)
_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|fail|report|notif|delay|incomplete|has failed|problem|error)"
    r"|failure notice|returned mail|mail delivery|not (?:be )?delivered|delivery of your message"
    r"|message (?:you sent )?(?:could not|delayed)|non[- ]?delivery|mail system error|unzustellbar"
    r"|warning: (?:message|could not)|nondeliverable|mail failure",
    re.I,
)
_TEXT = re.compile(
    r"(?:could|can|was|were|has|have|is)(?: ?no|n.)t (?:be |been |able to )?(?:deliver|reach)"
    r"|unable to (?:deliver|complete)|undeliver|delivery (?:has )?failed"
    r"|permanent (?:error|failure)|qmail-send|not been delivered|following (?:address|recipient)"
    r"|message .{0,40}rejected",
    re.I,
)
_WARNING = re.compile(
    r"still (?:trying|being)|will (?:continue|keep|be retried|try)|not yet been|delay(?:ed)?\b"
    r"|(?:no action|need not|do not need to|don.t need to) .{0,20}(?:required|resend|re-?send)"
    r"|temporary problem|warning message only",
    re.I,
)
# From here on a notice shows the original.
_RETURNED_FROM = re.compile(
    r"^[ \t>]*(?:-{2,}.{0,40}(?:copy of|original|returned|undelivered|message header|forwarded"
    r"|below this line).{0,120}|original message headers:.{0,20}|-{2,} ?forwarded message.{0,20})$",
    re.I | re.M,
)
_RETURNED_ID = re.compile(
    r"^[ \t>]*(?:X-Hostedpages-Delivery:[ \t]*([^\s]+)|Message-ID:[ \t]*\r?\n?[ \t]*<([^>\s]+)>)",
    re.I | re.M,
)
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_NAMED = re.compile(
    r"^[ \t]*(?:(?:final-|original-)?recipient[^:\n]{0,20}:|to:)?[ \t]*(?:rfc822;)?[ \t]*"
    r"<?(" + _ADDRESS.pattern + r")>?:?[ \t]*(?:\([^)\n]{0,80}\))?[ \t]*$",
    re.I | re.M,
)
_SAID = re.compile(
    r"(?:^|[^\d.])"
    r"((?:[45]\d\d[ :#-]{1,3}(?:[45]\.\d{1,3}\.\d{1,3})?|[45]\.\d{1,3}\.\d{1,3}\b)[^\n]*)"
)


def is_notice(message: Message) -> bool:
    """Whether a message without a standard report is a notice that mail did not arrive."""
    if message.get("X-Failed-Recipients"):
        return True
    sender = incoming.address(message, "From").partition("@")[0]
    is_machine = sender in _MACHINES or incoming.header(message, "Return-Path") == "<>"
    if not is_machine:
        return False
    text = notice_text(message)
    has_subject = bool(_SUBJECT.search(incoming.header(message, "Subject")))
    return bool(_TEXT.search(text)) or (has_subject and bool(_SAID.search(text)))


def notice_text(message: Message) -> str:
    """The notice itself, without the original below it."""
    return _RETURNED_FROM.split(incoming.text_of(message)[:MAX_LOOKED_AT], maxsplit=1)[0]


def is_warning(subject: str, text: str) -> bool:
    """Whether the server still tries."""
    return bool(_WARNING.search(subject) or _WARNING.search(text))


def last_words(text: str) -> str:
    """What the refusing server said, as far as a notice tells; else how the notice begins."""
    found = _SAID.search(text[:MAX_LOOKED_AT])
    if found is not None:
        after = text[found.end() : found.end() + 300].split("\n\n")[0]
        return f"{found[1].strip()} {' '.join(after.split())}".strip()
    return " ".join(text.split())[:300]


def failed_recipient(message: Message) -> str:
    """The address that a notice names, in lower case, or ""."""
    named = incoming.header(message, "X-Failed-Recipients").partition(",")[0]
    text = notice_text(message)
    found = [named, *(match[1] for match in _NAMED.finditer(text)), *_ADDRESS.findall(text)[:5]]
    for each in found:
        address = one_address(each.strip(" .<>"))
        if address:
            return address.lower()
    return ""


def returned_ids(message: Message) -> list[str]:
    """What the original below a notice in free text says of itself, the surest first: ids as our
    deliveries have them, or "" for others. Empty when there is no original."""
    text = incoming.text_of(message)
    start = _RETURNED_FROM.search(text)
    if start is None:
        return []
    found = list(_RETURNED_ID.finditer(text, start.end()))[:20]
    told = [incoming.own_id(match[1]) for match in found if match[1]]
    return told or [incoming.own_id(match[2]) for match in found]
