"""Reads new messages of a mailbox, and tests its settings, over IMAP (RFC 3501).

Must never change the mailbox, and never read years of old mail: the first visit begins at the day
on which reading was turned on.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hostedpages import clock
from hostedpages.mail.check import Check
from hostedpages.mail.imap_session import ImapError, ImapServer, Received, Session
from hostedpages.mail.imap_wire import Budget

__all__ = [
    "ImapError",
    "ImapServer",
    "Position",
    "Received",
    "Visit",
    "check_imap_login",
    "visit",
]

CHECK_SECONDS = 20.0
VISIT_SECONDS = 45.0
VISIT_BYTES = 16 * 1024 * 1024
VISIT_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading stands. Without `validity` the mailbox was never read, and `read_at` says from
    when on it shall be."""

    validity: int | None
    last_uid: int
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visit brought, and where the next one goes on."""

    validity: int
    last_uid: int
    messages: list[Received]


def visit(
    server: ImapServer,
    position: Position,
    *,
    limit: int = 50,
    seconds: float = VISIT_SECONDS,
    tls_context: ssl.SSLContext | None = None,
) -> Visit:
    """Read at most `limit` messages that came since `position`, the oldest first.

    The first visit reads what came since the day of `position.read_at`. So does one that finds
    the messages numbered anew; the caller knows which it has. What was read before the time was
    up or the connection broke counts. Blocks: run it in a thread. Raises ImapError.
    """
    session = Session(server, Budget(seconds, VISIT_BYTES, VISIT_LINES), tls_context)
    try:
        session.find()
        session.connect()
        session.login()
        validity, next_uid = session.open_inbox()
        if position.validity == validity:
            uids = [uid for uid in session.uids_after(position.last_uid) if uid > position.last_uid]
            last_uid = position.last_uid
        else:
            # Servers compare days of their own time zone.
            since = ((position.read_at or clock.now()) - timedelta(hours=12)).date()
            uids, last_uid = session.uids_since(since)[-limit:], 0
        messages: list[Received] = []
        for uid in sorted(uids)[:limit]:
            try:
                found = session.fetch(uid)
            except ImapError:
                if not messages:
                    raise
                break
            messages += found
            last_uid = uid
        return Visit(validity, last_uid if uids else max(last_uid, next_uid - 1), messages)
    finally:
        session.close()


async def check_imap_login(
    server: ImapServer, *, tls_context: ssl.SSLContext | None = None
) -> AsyncIterator[Check]:
    """Test the mailbox: name, connection, sign-in, inbox. Each step is said when it begins and
    when it has ended; after a failure the rest is skipped. Takes at most about 20 seconds."""
    session = Session(server, Budget(CHECK_SECONDS, 1024 * 1024, 2000), tls_context)
    steps: list[tuple[str, str, Callable[[], str]]] = [
        ("imap_name", "Find the IMAP server", session.find),
        ("imap_connection", "Connect to it, encrypted", session.connect),
        ("imap_login", "Sign in to the mailbox", session.login),
        ("imap_inbox", "Open the inbox, for reading only", session.count),
    ]
    has_failed = False
    try:
        for name, title, work in steps:
            if has_failed:
                yield Check(name, title, "skipped")
                continue
            yield Check(name, title, "running")
            began = time.monotonic()
            try:
                # A name server may be silent for longer than we wait: then the thread is left.
                detail = await asyncio.wait_for(asyncio.to_thread(work), CHECK_SECONDS + 2)
                hint = ""
            except TimeoutError:
                has_failed, detail, hint = True, "There was no answer in time.", ""
            except ImapError as error:
                has_failed, detail, hint = True, error.message, error.hint
            took = round((time.monotonic() - began) * 1000)
            yield Check(name, title, "problem" if has_failed else "ok", detail, hint, took)
    finally:
        await asyncio.to_thread(session.close)
