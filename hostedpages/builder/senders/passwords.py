"""Which password a sender has: typed now, the stored one, none; and when a person is asked again.

Must never let a stored password reach another server than it was given for, nor let a typed one
get lost in silence: no page keeps it, so whoever comes back to the form is asked once more.
"""

from hostedpages.builder.senders.wanted import Wanted
from hostedpages.mail.presets import PRESETS
from hostedpages.models import Sender

MISSING = "Please enter the password."
MISSING_OR_NONE = "Please enter the password, or tick “This server asks for no password” below it."
TYPE_AGAIN = "Please type the password again: it is never kept in a page."
TYPE_AGAIN_OR_KEEP = (
    f"{TYPE_AGAIN} Or save with the field empty to keep the one that was stored before."
)
ASK_AGAIN = (
    "You changed the server or the user name, so please type the password again. We never hand a "
    "stored password to another server."
)
CANNOT_OPEN = (
    "The stored password cannot be read any more: the key of Hosted Pages was changed. Please "
    "enter it again."
)
SAFE_IMAP_PORT = 993  # encrypted from its first byte


def problem_of(sender: Sender | None, wanted: Wanted) -> str:
    """Why the settings cannot be used as they are typed; empty when a password fits, or none is
    asked for."""
    if wanted.password or wanted.sign_in != "password" or has_none(wanted):
        return ""
    if sender is not None and has_stored(sender):
        if not may_use_stored(sender, wanted):
            return ASK_AGAIN
        return TYPE_AGAIN_OR_KEEP if wanted.password_was_typed else ""
    if wanted.password_was_typed:
        return TYPE_AGAIN
    return MISSING if needs_one(wanted) else MISSING_OR_NONE


def needs_one(wanted: Wanted) -> bool:
    """Providers do; a company's own relay may know its neighbors by their address."""
    is_provider = bool(PRESETS[wanted.preset].smtp_host)
    return wanted.sign_in == "password" and (is_provider or bool(wanted.user_name))


def has_none(wanted: Wanted) -> bool:
    """Whether the server was said to ask for no password, and may well do so."""
    return wanted.asks_no_password and not wanted.password and not needs_one(wanted)


def has_stored(sender: Sender) -> bool:
    """Whether there is a password, not a provider's token."""
    return bool(sender.secret_sealed) and sender.sign_in == "password"


def may_use_stored(sender: Sender, wanted: Wanted) -> bool:
    """Whether the stored password goes only where it was meant to go.

    An inbox may be added without typing it again when it is on the very server that has the
    password already, or on the one that belongs to it by its provider's preset.
    """
    made = wanted.as_sender(sender)
    if made.secret_place == sender.secret_place:
        return True
    new_host, new_port = made.imap_host, made.imap_port
    made.imap_host, made.imap_port = sender.imap_host, sender.imap_port
    if made.secret_place != sender.secret_place:
        return False
    known = {each.imap_host for each in PRESETS.values() if each.smtp_host == made.smtp_host}
    return not new_host or (
        new_port == SAFE_IMAP_PORT and new_host in {made.smtp_host, sender.imap_host, *known}
    )
