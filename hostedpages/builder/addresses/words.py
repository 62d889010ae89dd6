"""What came back about a delivery, in words.

Must never decide what follows from it: `delivery/returned.py` does.
"""

from flask import Blueprint

from hostedpages.models import MailboxMessage

_NOTICES = {
    "hard_bounce": ("It came back for good: the address does not take mail", "bad"),
    "soft_bounce": ("It came back", "warn"),
    "complaint": ("The recipient reported it as spam", "bad"),
}


def notice_words(notice: MailboxMessage) -> tuple[str, str]:
    """One notice: text and the mark of its row."""
    words, mark = _NOTICES.get(notice.kind, ("A notice came", ""))
    if not notice.details.get("is_final", True):
        return "It has not arrived yet: the receiving server is still tried", "warn"
    if not notice.details.get("is_sure", True):
        return "A notice came that may be about this mail", "warn"
    return words, mark


def install(blueprint: Blueprint) -> None:
    """Give templates the filter."""
    blueprint.add_app_template_filter(notice_words, "notice_words")
