"""What can be done with accounts, users and sessions: one function per use case.

Must never say whether an address belongs to a user to somebody who is not signed in, and never
leave a session or a link alive after a password change or an archive.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.accounts import checks, links, notices, passwords, sessions, throttle
from hostedpages.delivery import senders
from hostedpages.errors import NotFound, Refused
from hostedpages.models import Account, Sender, User, UserSession
from hostedpages.sanitize import clean_text

WRONG = "The email address or the password is not right."
DEAD_LINK = "This link no longer works. Links work once, and only for a while."


@dataclass(frozen=True)
class Opened:
    """A new session: the token for the cookie, and whether this is the user's first visit."""

    token: str
    user: User
    is_first: bool = False


@dataclass(frozen=True)
class Visitor:
    """Where a request comes from."""

    address: str  # as shown in the list of devices
    address_key: str  # as counted by limits
    user_agent: str


# Accounts and users


def create_account(
    name: str, slug: str | None = None, time_zone: str = "America/New_York"
) -> Account:
    """Make an account. Raises Refused for an empty name, a bad or taken slug, an unknown zone."""
    with db.transaction() as session:
        return _add_account(session, name, slug, time_zone)


def create_account_with_user(
    account_name: str, slug: str | None = None, *, email: str, name: str = "", role: str
) -> User:
    """Make an account and its first user, or neither. Raises Refused as the two alone do."""
    with db.transaction() as session:
        account = _add_account(session, account_name, slug, "America/New_York")
        return _add_user(session, account, email=email, name=clean_text(name).strip(), role=role)


def create_user(
    account: Account, *, email: str, name: str = "", role: str, password: str | None = None
) -> User:
    """Make a user who can enter at once, by password or by one-time link.

    Raises Refused for a bad or taken address, an unknown role, a weak password.
    """
    name = clean_text(name).strip()
    password_hash = _new_hash(password, [email, name, account.name]) if password else None
    with db.transaction() as session:
        user = _add_user(session, account, email=email, name=name, role=role)
        user.password_hash = password_hash
    return user


def invite_user(account: Account, *, by: User, email: str, name: str, role: str) -> str:
    """Add a user and mail the invitation. Returns the link's path, to be shown once."""
    checks.may_give(by, role)
    with db.transaction() as session:
        now = clock.now()
        user = _add_user(session, account, email=email, name=clean_text(name).strip(), role=role)
        session.flush()
        token = links.issue(session, user, "invite", valid_for=links.INVITE_VALID_FOR, now=now)
        path = f"/invite/{token}"
        notices.put(session, user, "invite", path=path, now=now)
    return path


def archive_user(user: User, *, by: User | None) -> None:
    """End everything of this user at once: sessions, links, notifications, sign-in, own sender.

    `by` is None for a command of the operator. Raises Refused for oneself and the last owner.
    """
    if by is not None:
        checks.may_change(by, user)
        if by.id == user.id:
            raise Refused("You cannot archive yourself. Please ask another owner or admin.")
    with db.transaction() as session:
        if user.role == "owner":
            checks.keep_an_owner(session, user)
        user.archived_at = clock.now()
        user.gets_new_leads = False
        account = user.account
        account.new_lead_emails = [
            each for each in account.new_lead_emails if each.lower() != user.email
        ]
        _end_access(session, user)
        # Mail in the name of somebody who is gone leaves as the company's does.
        session.execute(update(Sender).where(Sender.user_id == user.id).values(enabled=False))
        senders.assign_again(session, user.account_id, clock.now())


# Entering and leaving


def sign_in(email: str, password: str, *, visitor: Visitor) -> Opened:
    """Enter by password.

    1. Count the try, in a short transaction of its own. 2. Do the same work whether or not the
    user exists. 3. Open a new session with a new token.
    Raises TooManyTries, or Refused with one sentence for every wrong combination.
    """
    email = checks.email_key(email)
    with db.transaction() as session:
        throttle.sign_in(session, email, visitor.address_key)
    user = _live_user(db.session(), email)
    seen_hash = user.password_hash if user else None
    if not passwords.is_right(password, seen_hash) or user is None or seen_hash is None:
        raise Refused(WRONG, field="password")
    renewed = passwords.hash_password(password) if passwords.is_outdated(seen_hash) else None
    with db.transaction() as session:
        # The work above took a while: an archive or a password change meanwhile wins.
        user = _live_user(session, email)
        if user is None or user.password_hash != seen_hash:
            raise Refused(WRONG, field="password")
        if renewed:
            user.password_hash = renewed
        token = _open(session, user, visitor)
    return Opened(token, user)


def one_time_link(user: User, *, valid_for: timedelta = links.SIGN_IN_VALID_FOR) -> str:
    """A path that signs this user in once, after a press of its button."""
    with db.transaction() as session:
        token = links.issue(session, user, "sign_in", valid_for=valid_for, now=clock.now())
    return f"/sign-in/link/{token}"


def request_link(email: str, *, visitor: Visitor) -> None:
    """Mail a one-time link, if the address is a user's. The caller answers the same either way."""
    _request(email, visitor, "sign_in", "sign_in", "/sign-in/link/", links.SIGN_IN_VALID_FOR)


def request_reset(email: str, *, visitor: Visitor) -> None:
    """Mail a reset link, if the address is a user's. The caller answers the same either way."""
    _request(email, visitor, "reset", "reset", "/reset/", links.RESET_VALID_FOR)


def use_link(token: str, *, visitor: Visitor) -> Opened:
    """Enter by a one-time link. Raises NotFound when it is dead."""
    with db.transaction() as session:
        user, is_first = _consume(session, "sign_in", token)
        opened = _open(session, user, visitor)
    return Opened(opened, user, is_first=is_first and user.password_hash is None)


def accept_invite(token: str, *, name: str, password: str, visitor: Visitor) -> Opened:
    """Set name and password, and enter. Raises NotFound for a dead link, Refused for input."""
    name = checks.name(name, "Please tell us your name.")
    return _enter_with_new_password("invite", token, password, visitor, name=name)


def reset_password(token: str, *, password: str, visitor: Visitor) -> Opened:
    """Set a new password, end everything else, and enter."""
    return _enter_with_new_password("reset", token, password, visitor)


def change_password(user: User, *, current: str, new: str, visitor: Visitor) -> Opened:
    """Change the password; every other browser and every link of this user ends at once.

    A user without a password sets the first one: `current` is then not asked.
    """
    with db.transaction() as session:
        throttle.sign_in(session, user.email, visitor.address_key)
    seen_hash = user.password_hash
    if seen_hash is not None and not passwords.is_right(current, seen_hash):
        raise Refused("The current password is not right.", field="current")
    password_hash = _new_hash(new, [user.email, user.name, user.account.name])
    with db.transaction() as session:
        if user.password_hash != seen_hash:
            raise Refused("The password was changed meanwhile. Please sign in again.")
        user.password_hash = password_hash
        _end_access(session, user)
        token = _open(session, user, visitor)
    return Opened(token, user)


def sign_out(token_hash: str) -> None:
    """End one session, by the hash of its cookie's token."""
    with db.transaction() as session:
        session.execute(delete(UserSession).where(UserSession.token_hash == token_hash))


def sign_out_device(user: User, public_id: str) -> None:
    """End one of the user's own sessions. Raises NotFound when there is none."""
    with db.transaction() as session:
        gone = session.execute(
            delete(UserSession)
            .where(UserSession.public_id == public_id, UserSession.user_id == user.id)
            .returning(UserSession.id)
        ).first()
        if gone is None:
            raise NotFound()


def sign_out_everywhere(user: User) -> None:
    """End all sessions of this user."""
    with db.transaction() as session:
        sessions.end_all(session, user)


def touch_session(session_id: int, now: datetime) -> None:
    """Remember that this browser was just seen."""
    with db.transaction() as session:
        session.execute(
            update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now)
        )


def finish_welcome(
    user: User, *, name: str, account_name: str | None, time_zone: str | None
) -> None:
    """Store what the first visit asks for. Only owners and admins are asked about the account."""
    name = checks.name(name, "Please tell us your name.")
    if account_name is not None:
        account_name = checks.name(account_name, "Please name the account.")
    if time_zone is not None:
        checks.time_zone(time_zone)
    with db.transaction():
        user.name = name
        if user.role in ("owner", "admin"):
            user.account.name = account_name or user.account.name
            user.account.time_zone = time_zone or user.account.time_zone


def _add_account(session: Session, name: str, slug: str | None, time_zone: str) -> Account:
    name = checks.name(name, "Please name the account.")
    wanted = checks.slug(slug or checks.slug_from(name))
    time_zone = checks.time_zone(time_zone)
    if session.scalar(select(Account.id).where(Account.slug == wanted)) is not None:
        raise Refused(f"The slug “{wanted}” is taken.", field="slug")
    account = Account(name=name, slug=wanted, time_zone=time_zone)
    session.add(account)
    session.flush()
    return account


def _add_user(session: Session, account: Account, *, email: str, name: str, role: str) -> User:
    email = checks.email(email)
    role = checks.role(role)
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise Refused("This address is a user already. Each user has one account.", field="email")
    user = User(
        account_id=account.id,
        email=email,
        name=name[:120],
        role=role,
        gets_new_leads=role == "owner",  # somebody must hear of the first lead
    )
    session.add(user)
    return user


def _new_hash(password: str, own_words: list[str]) -> str:
    passwords.check_strength(password, own_words=own_words)
    return passwords.hash_password(password)


def _live_user(session: Session, email: str) -> User | None:
    return session.scalar(
        select(User)
        .join(User.account)
        .where(User.email == email, User.archived_at.is_(None), Account.archived_at.is_(None))
    )


def _request(
    email: str, visitor: Visitor, purpose: str, template: str, prefix: str, valid_for: timedelta
) -> None:
    email = checks.email_key(email)
    with db.transaction() as session:
        now = clock.now()
        may_mail = throttle.mailed_link(session, email, visitor.address_key)
        user = _live_user(session, email)
        if user is not None and may_mail:
            token = links.issue(session, user, purpose, valid_for=valid_for, now=now)
            notices.put(session, user, template, path=prefix + token, now=now)


def _enter_with_new_password(
    purpose: str, token: str, password: str, visitor: Visitor, *, name: str | None = None
) -> Opened:
    found = links.find(db.session(), purpose, token, now=clock.now())
    if found is None:
        raise NotFound(DEAD_LINK)
    user = found.user
    password_hash = _new_hash(password, [user.email, name or user.name, user.account.name])
    with db.transaction() as session:
        user, _ = _consume(session, purpose, token)
        user.password_hash = password_hash
        user.name = name or user.name
        _end_access(session, user)
        opened = _open(session, user, visitor)
    return Opened(opened, user)


def _consume(session: Session, purpose: str, token: str) -> tuple[User, bool]:
    """Use the link up. Returns its user, and whether it was the first one that this user used."""
    now = clock.now()
    found = links.find(session, purpose, token, now=now)
    if found is None:
        raise NotFound(DEAD_LINK)
    is_first = not links.was_ever_used(session, found.user)
    if not links.consume(session, found, now=now):
        raise NotFound(DEAD_LINK)
    return found.user, is_first


def _open(session: Session, user: User, visitor: Visitor) -> str:
    return sessions.open_session(
        session,
        user,
        address=visitor.address,
        user_agent=visitor.user_agent,
        now=clock.now(),
    )


def _end_access(session: Session, user: User) -> None:
    sessions.end_all(session, user)
    links.end_all(session, user, now=clock.now())
