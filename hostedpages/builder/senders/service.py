"""What people change about senders, one transaction each, and what a test leaves behind.

Deliveries that wait are given to the right sender in the same transaction. Must never store a
password in clear, nor keep one for another server than it was typed for.
"""

import math

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hostedpages import clock, db, ratelimit
from hostedpages.builder.senders import hosts, passwords
from hostedpages.builder.senders.proof import Proof
from hostedpages.builder.senders.wanted import Wanted, WrongFields
from hostedpages.config import Settings
from hostedpages.delivery import senders as engine
from hostedpages.errors import Conflict, TooManyTries
from hostedpages.models import Account, Sender, SenderHealth, User
from hostedpages.vault import CannotOpen, Vault

CHECKS_A_MINUTE = 10
TEST_MAILS_A_DAY = 20
DAY = 24 * 60 * 60


def create_sender(
    account: Account, slot: str, wanted: Wanted, *, user: User | None, settings: Settings
) -> Sender:
    """Store a new sender of `slot` (`user` for one's own) and give it what waits.

    Raises WrongFields, and Conflict when the slot has one already.
    """
    sender = Sender(account_id=account.id, slot=slot, user_id=user.id if user else None)
    wanted.put_into(sender)
    problems = hosts.problems(
        wanted, account_id=account.id, allow_private=settings.allows_private_hosts
    )
    if problem := passwords.problem_of(None, wanted):
        problems["password"] = problem
    if problems:
        raise WrongFields(problems)
    with db.transaction() as session:
        sender.enabled = wanted.sign_in == "password"  # else as soon as somebody has signed in
        session.add(sender)
        try:
            session.flush()  # the secret is bound to the public id, which exists from here on
        except IntegrityError:
            raise Conflict(
                "There is such a sender already; somebody else was faster. Please reload."
            ) from None
        _seal(sender, wanted.password, settings)
        _adopt_test(sender, wanted, wanted.password, settings)
        _tell_account(account, sender, wanted)
        engine.assign_again(session, account.id, clock.now())
    return sender


def change_sender(sender: Sender, wanted: Wanted, *, settings: Settings) -> None:
    """Store what changed; without a typed password the stored one stays, if it still fits.

    Raises WrongFields: at `password` when the stored one belongs to another server.
    """
    problems = hosts.problems(
        wanted, account_id=sender.account_id, allow_private=settings.allows_private_hosts
    )
    if problem := passwords.problem_of(sender, wanted):
        problems["password"] = problem
    if problems:
        raise WrongFields(problems)
    password = wanted.password or _stored_password(sender, wanted, settings)
    with db.transaction() as session:
        before = (sender.secret_place, sender.security, sender.email)
        had_secret = bool(sender.secret_sealed)
        mailbox = (sender.imap_host, sender.imap_port, sender.sign_in_name)
        is_new_way_in = sender.sign_in != wanted.sign_in
        wanted.put_into(sender)
        if wanted.sign_in == "password" and (password or passwords.has_none(wanted)):
            _seal(sender, password, settings)
        elif sender.secret_place != before[0]:
            sender.secret_sealed = ""
        if _needs_sign_in(sender):
            sender.enabled = False  # until somebody has signed in with the provider
        elif is_new_way_in:
            sender.enabled = True
        is_other = (sender.secret_place, sender.security, sender.email) != before
        if wanted.password or is_other or had_secret != bool(sender.secret_sealed):
            sender.state, sender.tested_at, sender.test_problem = "untested", None, ""
        _adopt_test(sender, wanted, password, settings)
        if (sender.imap_host, sender.imap_port, sender.sign_in_name) != mailbox:
            sender.imap_validity, sender.imap_last_uid, sender.imap_read_at = None, 0, None
        # Whatever was wrong with the mailbox: it is tried again at once.
        sender.imap_tried_at, sender.imap_failures, sender.imap_problem = None, 0, ""
        sender.updated_at = clock.now()
        _tell_account(_account_of(session, sender), sender, wanted)
        engine.reopen(session, sender.id, clock.now())
        engine.assign_again(session, sender.account_id, clock.now())


def _stored_password(sender: Sender, wanted: Wanted, settings: Settings) -> str:
    """The password that stays; empty when there is none. Raises WrongFields."""
    if wanted.sign_in != "password" or passwords.has_none(wanted):
        return ""
    if not passwords.has_stored(sender):
        return ""
    try:
        return Vault(settings.secret_keys).open(sender.secret_sealed, place=sender.secret_place)
    except CannotOpen:
        raise WrongFields({"password": passwords.CANNOT_OPEN}) from None


def _adopt_test(sender: Sender, wanted: Wanted, password: str, settings: Settings) -> None:
    """Exactly these settings were tested a moment ago: nobody has to test them again."""
    proof = Proof.of(wanted, password, account_id=sender.account_id, settings=settings)
    if wanted.sign_in == "password" and (tested_at := proof.tested_at(wanted.tested)):
        sender.state, sender.tested_at, sender.test_problem = "ok", tested_at, ""


def _needs_sign_in(sender: Sender) -> bool:
    return sender.sign_in != "password" and not sender.secret_sealed


def _seal(sender: Sender, password: str, settings: Settings) -> None:
    vault = Vault(settings.secret_keys)
    sender.secret_sealed = vault.seal(password, place=sender.secret_place) if password else ""


def _tell_account(account: Account, sender: Sender, wanted: Wanted) -> None:
    """Not by a user's own sender: whoever may set that up is perhaps no manager."""
    if wanted.updates_company_email and sender.user_id is None:
        account.company_email = wanted.email


def _account_of(session: Session, sender: Sender) -> Account:
    found = session.get(Account, sender.account_id)
    assert found is not None  # a foreign key
    return found


def keep_sign_in(sender: Sender, refresh_token: str, *, settings: Settings) -> None:
    """Store what signing in with the provider gave, and use the sender from now on."""
    with db.transaction() as session:
        _seal(sender, refresh_token, settings)
        sender.enabled = True
        sender.state, sender.tested_at, sender.test_problem = "untested", None, ""
        engine.reopen(session, sender.id, clock.now())
        engine.assign_again(session, sender.account_id, clock.now())


def switch(sender: Sender, *, on: bool) -> None:
    """Use the sender, or stop using it; what waits finds its way anew. Raises Conflict."""
    if on and _needs_sign_in(sender):
        raise Conflict("Please sign in with the provider first: then it is used by itself.")
    with db.transaction() as session:
        sender.enabled = on
        if on:
            engine.reopen(session, sender.id, clock.now())
        engine.assign_again(session, sender.account_id, clock.now())


def remove_sender(sender: Sender) -> None:
    """Delete the sender with its password; what waits finds its way anew."""
    with db.transaction() as session:
        session.execute(delete(SenderHealth).where(SenderHealth.sender_id == sender.id))
        session.delete(sender)
        session.flush()
        engine.assign_again(session, sender.account_id, clock.now())


def count_check(account: Account, *, sends_mail: bool) -> None:
    """Count one test. Raises TooManyTries beyond 10 a minute, or 20 test mails a day."""
    with db.transaction() as session:
        wait = ratelimit.allow(
            session, f"mail-check:{account.public_id}", CHECKS_A_MINUTE, 60, clock.now()
        )
        if wait:
            raise TooManyTries(
                f"That is {CHECKS_A_MINUTE} tests within a minute. {_again_in(wait)}",
                retry_after_seconds=wait,
            )
        if not sends_mail:
            return
        wait = ratelimit.allow(
            session, f"test-mail:{account.public_id}", TEST_MAILS_A_DAY, DAY, clock.now()
        )
        if wait:
            raise TooManyTries(
                f"That is {TEST_MAILS_A_DAY} test mails within a day. {_again_in(wait)}",
                retry_after_seconds=wait,
            )


def _again_in(seconds: float) -> str:
    """How long to wait, rounded up."""
    sizes = ((60 * 60, "hour"), (60, "minute"), (1, "second"))
    size, name = next(each for each in sizes if seconds > each[0] or each[0] == 1)
    count = math.ceil(seconds / size)
    return f"Try again in {count} {name}{'' if count == 1 else 's'}."


def keep_result(sender_id: int, place: str, *, problem: str, proves_login: bool) -> None:
    """Note how a test of the stored settings ended, unless they were changed meanwhile.

    A test that signed in opens the way again for mail that waits; one of the server alone proves
    only a failure.
    """
    with db.transaction() as session:
        sender = session.get(Sender, sender_id)
        if sender is None or sender.secret_place != place or not (problem or proves_login):
            return
        sender.state = "failing" if problem else "ok"
        sender.test_problem = problem
        sender.tested_at = clock.now()
        if not problem:
            engine.reopen(session, sender.id, clock.now())
