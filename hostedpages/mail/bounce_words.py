"""Whose fault a returned mail is, by its enhanced code (RFC 3463) and the server's words.

Pure. When in doubt it is nobody's: must never call an address dead because of a fault of ours.
"""

import re

_CODE = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")
_NO_SUCH_ADDRESS = frozenset(
    {"5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.4.4", "5.4.310"}
)
_OURS = frozenset({"5.1.7", "5.1.8", "5.1.9", "5.2.3", "5.3.4", "5.4.5", "4.4.5"})
_FULL = frozenset({"5.2.2", "4.2.2"})
_UNKNOWN_USER = re.compile(
    r"(?:user|recipient|mailbox|address|account|domain)(?: \S{1,80})?(?: is| was| has been)?"
    r" (?:unknown|not found|not known|invalid|disabled|suspended|inactive|deactivated|closed)"
    r"|(?:unknown|no such|invalid|nonexistent|non-existent|no) (?:local )?"
    r"(?:user|recipient|mailbox|address|person|account|domain)"
    r"|(?:does not|doesn.?t|do not|did not) exist|n.t have an? \S{1,60} account"
    r"|(?:could ?n.?t|could not|was ?n.?t|was not|cannot) be found|was ?n.t found"
    r"|mailbox (?:is )?(?:unavailable|disabled)|not a valid (?:user|mailbox|recipient)"
    r"|recipient address rejected: access denied|address rejected: (?:user|unknown)"
    r"|host or domain name not found|name service error|no longer (?:valid|in use|available)"
    r"|address (?:you entered )?(?:couldn.?t|could not)",
    re.I,
)
_ABOUT_SENDER = re.compile(r"sender|from address|mail from|your (?:ip|domain|host)", re.I)
_MAILBOX_FULL = re.compile(
    r"(?:mailbox|inbox|storage|quota)[^.]{0,40}(?:full|exceed|over|limit)|over ?quota"
    r"|out of storage",
    re.I,
)
_POLICY = re.compile(
    r"spam|black ?list|block(?:ed| ?list)|polic(?:y|ies)|reputation|unsolicited|virus|malware"
    r"|\bspf\b|\bdkim\b|\bdmarc\b|dnsbl|\brbl\b|too large|too big|size|rate limit|sending limit"
    r"|authenticat|not authorized|content",
    re.I,
)


def sharpest_status(given: str, words: str) -> str:
    """The more telling of two codes: the report's own, or the one in the server's words."""
    own = _CODE.search(given)
    said = _CODE.search(words)
    if own is not None and (said is None or not own[1].endswith(".0.0")):
        return own[1]
    return said[1] if said is not None else (own[1] if own else "")


def is_hard(status: str, words: str) -> bool:
    """Whether the address itself is dead: mail to it will never arrive."""
    if status.startswith("4.") or status in _OURS or status in _FULL:
        return False
    if _MAILBOX_FULL.search(words):
        return False
    says_unknown = bool(_UNKNOWN_USER.search(words)) and not _ABOUT_SENDER.search(words)
    if status in _NO_SUCH_ADDRESS:
        return True
    if not status:
        basic = _BASIC.search(words)
        return says_unknown and (basic is None or basic[1] == "5")
    return says_unknown


def is_about_us(status: str, words: str) -> bool:
    """Whether it was the message, our sending or a rule, and not the address."""
    if status in _FULL or _MAILBOX_FULL.search(words):
        return False
    if status in _OURS or status.startswith(("5.7.", "4.7.", "5.6.", "4.6.")):
        return True
    return bool(_POLICY.search(words) or _ABOUT_SENDER.search(words))
