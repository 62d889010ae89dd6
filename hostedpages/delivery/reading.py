"""What one message of a mailbox says, found out before anything is written.

Reading a message that was made to be costly may take seconds. Must never touch the database: the
one writer of SQLite would wait for it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from hostedpages.mail import bounces, incoming, replies
from hostedpages.mail.bounces import Bounce
from hostedpages.mail.imap import Received
from hostedpages.mail.replies import Reply


@dataclass(frozen=True, slots=True)
class Said:
    """A notice, or somebody's mail. `key` is what makes the message the same one wherever it is
    read: a hash of its Message-ID, else of its bytes."""

    key: str
    received_at: datetime
    what: Bounce | Reply


def read(received: Received) -> Said | None:
    """What a message says; None for what machines say by themselves, and when nobody is named as
    its sender."""
    what = bounces.read(received.content) or replies.read(received.content)
    if what is None or (isinstance(what, Bounce) and what.kind == "automatic"):
        return None
    return Said(_key(received.content), received.received_at, what)


def _key(content: bytes) -> str:
    message = incoming.open_message(content)
    named = incoming.header(message, "Message-ID") if message is not None else ""
    return hashlib.sha256(named.encode() if len(named) > 2 else content).hexdigest()
