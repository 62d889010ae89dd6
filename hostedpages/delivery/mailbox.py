"""The chore that reads the senders' mailboxes: each in its own short time, several side by side.

A mailbox that fails says so on its sender and is asked less often. Must never change a mailbox,
hold a transaction while talking to its server, or let one mailbox keep another waiting for long.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.exc import DataError

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import returned, senders
from hostedpages.mail import imap
from hostedpages.mail.imap import ImapError, ImapServer, Position, Visit
from hostedpages.mail.imap_session import REFUSED_SIGN_IN
from hostedpages.models import Account, Sender
from hostedpages.vault import CannotOpen, Vault

log = logging.getLogger("hostedpages.worker")

EVERY = timedelta(minutes=2)
SIDE_BY_SIDE = 8
# Below the time that a worker has for leaving, so that no visit outlives it.
VISIT_SECONDS = 20.0
MOST_MESSAGES = 50
LONGEST_PAUSE = timedelta(hours=1)
# A refused password that is tried again and again gets the account locked.
PAUSE_AFTER_LOGIN = timedelta(minutes=20)
SECRET_LOST = "The password of this mailbox cannot be read any more. Enter it again."  # noqa: S105 - no password


@dataclass(frozen=True, slots=True)
class Box:
    """One mailbox to visit."""

    sender_id: int
    server: ImapServer
    position: Position


async def visit_all(settings: Settings) -> None:
    """Visit every mailbox whose turn has come."""
    now = clock.now()
    due = await asyncio.to_thread(_due, now)
    if not due:
        return
    pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="mailbox")
    loop = asyncio.get_running_loop()
    try:
        visits = (
            loop.run_in_executor(pool, partial(visit_one, settings, sender_id)) for sender_id in due
        )
        results = await asyncio.gather(*visits, return_exceptions=True)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    for sender_id, result in zip(due, results, strict=True):
        if isinstance(result, Exception):  # our own fault; the others were visited all the same
            log.error(
                "A mailbox could not be read",
                exc_info=result,
                extra={"fields": {"sender": sender_id}},
            )


def visit_one(settings: Settings, sender_id: int) -> None:
    """Visit one mailbox, and write down what it brought or why it brought nothing. Blocks."""
    try:
        box = _open(settings, sender_id)
        if box is None:
            return
        seen = imap.visit(box.server, box.position, limit=MOST_MESSAGES, seconds=VISIT_SECONDS)
    except CannotOpen:
        _write_problem(sender_id, SECRET_LOST)
        return
    except ImapError as error:
        _write_problem(sender_id, f"{error.message} {error.hint}".strip())
        return
    _write(sender_id, seen)


def is_due(sender: Sender, now: datetime) -> bool:
    """Whether a mailbox may be asked again: after refusals ever later, after a change at once."""
    if sender.imap_tried_at is None or sender.updated_at > sender.imap_tried_at:
        return True
    return sender.imap_tried_at + pause(sender.imap_failures, sender.imap_problem) <= now


def pause(failures: int, problem: str) -> timedelta:
    """How long a mailbox is left alone after so many failures in a row."""
    if not failures:
        return timedelta(0)
    refused = problem.startswith(REFUSED_SIGN_IN)
    wait = PAUSE_AFTER_LOGIN * failures if refused else timedelta(minutes=2 ** min(failures, 6))
    return min(wait, LONGEST_PAUSE)


def _due(now: datetime) -> list[int]:
    with db.unit() as session:
        found = session.scalars(
            select(Sender)
            .join(Account, Account.id == Sender.account_id)
            .where(
                Sender.enabled,
                Sender.imap_enabled,
                Sender.imap_host != "",
                Account.archived_at.is_(None),
            )
            .order_by(Sender.imap_tried_at.is_not(None), Sender.imap_tried_at)
        )
        return [each.id for each in found if is_due(each, now)]


def _open(settings: Settings, sender_id: int) -> Box | None:
    """The mailbox as it is set at this moment; None when it was removed. Raises CannotOpen."""
    with db.unit() as session:
        sender = session.get(Sender, sender_id)
        if sender is None or not (sender.enabled and sender.imap_enabled):
            return None
        server = senders.imap_of(sender, Vault(settings.secret_keys), settings)
        position = Position(sender.imap_validity, sender.imap_last_uid, sender.imap_read_at)
        return Box(sender_id, server, position)


def _write(sender_id: int, seen: Visit) -> None:
    """Each message in a transaction of its own, the place where reading stands last: what is read
    a second time after a crash is known by its id."""
    with db.unit():
        for received in seen.messages:
            try:
                with db.transaction() as session:
                    sender = session.get(Sender, sender_id)
                    if sender is None:
                        return
                    returned.take(session, sender, received, clock.now())
            except DataError:
                # One message that the database refuses must not stop the reading for ever.
                log.exception("A message was left out", extra={"fields": {"sender": sender_id}})
        now = clock.now()
        _update(
            sender_id,
            imap_validity=seen.validity,
            imap_last_uid=seen.last_uid,
            imap_read_at=now,
            imap_tried_at=now,
            imap_failures=0,
            imap_problem="",
        )


def _write_problem(sender_id: int, words: str) -> None:
    with db.unit():
        _update(
            sender_id,
            imap_problem=words,
            imap_tried_at=clock.now(),
            imap_failures=Sender.imap_failures + 1,
        )


def _update(sender_id: int, **values: object) -> None:
    with db.transaction() as session:
        session.execute(
            update(Sender)
            .where(Sender.id == sender_id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
