"""The chore that reads the senders' mailboxes: each in its own short time, several side by side.

A mailbox that fails says so on its sender and is asked less often. Must never change a mailbox,
hold a transaction while talking to its server, or let one mailbox keep another waiting for long.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.exc import DataError

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import housekeeping, reading, returned, senders
from hostedpages.mail import imap, oauth
from hostedpages.mail.errors import MailError
from hostedpages.mail.imap import ImapError, Position, Visit
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


# Access tokens of this process, for mailboxes that are opened by a provider's consent.
_TOKENS = oauth.Tokens()


async def visit_all(settings: Settings) -> None:
    """Visit every mailbox whose turn has come."""
    due = await asyncio.to_thread(_due, clock.now())
    if not due:
        return
    seats = asyncio.Semaphore(SIDE_BY_SIDE)
    pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="mailbox")

    async def visit(sender_id: int) -> None:
        async with seats:
            await _visit(settings, sender_id, pool)

    try:
        results = await asyncio.gather(*map(visit, due), return_exceptions=True)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    for sender_id, result in zip(due, results, strict=True):
        if isinstance(result, Exception):  # our own fault; the others were visited all the same
            fields = {"sender": sender_id}
            log.error("A mailbox could not be read", exc_info=result, extra={"fields": fields})


async def _visit(settings: Settings, sender_id: int, pool: ThreadPoolExecutor) -> None:
    """Visit one mailbox, and write down what it brought or why it brought nothing."""
    sender = await asyncio.to_thread(_load, sender_id)
    if sender is None:
        return
    vault = Vault(settings.secret_keys)
    try:
        token = await senders.token_of(sender, vault, settings, _TOKENS)
        if token and token.refresh_token not in ("", senders.secret_of(sender, vault)):
            sealed = vault.seal(token.refresh_token, place=sender.secret_place)
            await asyncio.to_thread(_keep, sender, sealed)
        server = senders.imap_of(sender, vault, settings, token=token.value if token else "")
        position = Position(
            sender.imap_validity, sender.imap_last_uid, sender.imap_read_at or sender.updated_at
        )
        read = partial(imap.visit, server, position, limit=MOST_MESSAGES, seconds=VISIT_SECONDS)
        seen = await asyncio.get_running_loop().run_in_executor(pool, read)
    except CannotOpen:
        await asyncio.to_thread(_write_problem, sender_id, SECRET_LOST)
    except (ImapError, MailError) as error:
        _TOKENS.forget(sender.public_id)
        words = f"{error.message}\n{error.hint}".strip()
        await asyncio.to_thread(_write_problem, sender_id, words)
    else:
        await asyncio.to_thread(_write, sender_id, seen)


def is_due(sender: Sender, now: datetime) -> bool:
    """Whether a mailbox may be asked again: after refusals ever later, after a change at once, and
    when the clock was set back since it was asked."""
    tried_at = sender.imap_tried_at
    if tried_at is None or sender.updated_at > tried_at or tried_at > now + clock.CLOCKS_DIFFER:
        return True
    return tried_at + pause(sender.imap_failures, sender.imap_problem) <= now


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


def _load(sender_id: int) -> Sender | None:
    """The sender as it is set at this moment; None when it was removed or switched off."""
    with db.unit() as session:
        sender = session.get(Sender, sender_id)
        return sender if sender and sender.enabled and sender.imap_enabled else None


def _keep(sender: Sender, sealed: str) -> None:
    with db.unit():
        housekeeping.keep_secret(sender.id, sealed, instead_of=sender.secret_sealed)


def _write(sender_id: int, seen: Visit) -> None:
    """Each message in a transaction of its own, the place where reading stands last: what is read
    a second time after a crash is known by its id."""
    with db.unit():
        for received in seen.messages:
            said = reading.read(received)  # may take long, so not inside the transaction
            if said is None:
                continue
            try:
                with db.transaction() as session:
                    sender = session.get(Sender, sender_id)
                    if sender is None:
                        return
                    returned.take(session, sender, said, clock.now())
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
