"""What a name, an address, a slug, a time zone or a role must be, and who may give which role.

Must never write: it returns the clean value or raises Refused.
"""

import re
import unicodedata
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages.errors import Refused
from hostedpages.models import User
from hostedpages.models.account import ROLES
from hostedpages.sanitize import clean_text

MAX_NAME = 120


def name(text: str, if_empty: str, *, field: str = "name") -> str:
    """One clean line of 1 to 120 characters."""
    text = " ".join(clean_text(text).split())
    if not text:
        raise Refused(if_empty, field=field)
    if len(text) > MAX_NAME:
        raise Refused(f"Please use at most {MAX_NAME} characters.", field=field)
    return text


def email_key(text: str) -> str:
    """How an address is stored and looked up. Checks nothing."""
    return clean_text(text).strip().lower()[:254]


def email(text: str, *, field: str = "email") -> str:
    """A well-formed address in lower case. Asks no server."""
    key = email_key(text)
    try:
        validate_email(key, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Refused("Please enter a valid email address.", field=field) from None
    return key


def slug_from(text: str) -> str:
    """The slug that a name suggests."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
    return made if len(made) >= 3 else f"{made or 'my'}-account"


def slug(text: str) -> str:
    """Lower-case letters, digits and hyphens, 3 to 80."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,78}[a-z0-9]", text):
        raise Refused("A slug has 3 to 80 lower-case letters, digits and hyphens.", field="slug")
    return text


def time_zone(text: str) -> str:
    """A name of the time zone database (IANA), such as America/New_York."""
    if text not in available_timezones():
        raise Refused("Please choose a time zone from the list.", field="time_zone")
    return text


def role(text: str) -> str:
    if text not in ROLES:
        raise Refused(f"A role is one of {', '.join(ROLES)}.", field="role")
    return text


def may_give(by: User, wanted: str) -> None:
    """Owners give every role, admins every role but owner."""
    role(wanted)
    if by.role == "owner" or (by.role == "admin" and wanted != "owner"):
        return
    raise Refused("Only an owner can make somebody an owner.", field="role")


def may_change(by: User, user: User) -> None:
    """Owners change everybody of the account, admins everybody but owners."""
    if by.role == "owner" or (by.role == "admin" and user.role != "owner"):
        return
    raise Refused("Only an owner can change another owner.")


def keep_an_owner(session: Session, user: User) -> None:
    """Refuse when `user` is the only owner that the account has left."""
    others = select(func.count(User.id)).where(
        User.account_id == user.account_id,
        User.role == "owner",
        User.archived_at.is_(None),
        User.id != user.id,
    )
    if not session.scalar(others):
        raise Refused("An account needs an owner. Please make somebody else an owner first.")
