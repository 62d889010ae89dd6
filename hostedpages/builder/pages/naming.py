"""Names and addresses that are free, and lead sources by their names. Runs inside a transaction.

Must never open or end a transaction: `service` does.
"""

import re
import secrets
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.errors import Refused
from hostedpages.models import Account, ActionPlan, LeadSource, Page
from hostedpages.sanitize import clean_text
from hostedpages.schema.texts import SLUG_PATTERN

MAX_NAME = 120
MAX_SLUG = 80
# Words of addresses we may want for ourselves one day.
RESERVED_SLUGS = frozenset({"thanks", "closed", "error", "assets"})


def checked_name(text: str, *, what: str = "page") -> str:
    """A name as it is stored: one line, trimmed. Raises Refused with words for people."""
    name = re.sub(r"\s+", " ", clean_text(text)).strip()
    if not name:
        raise Refused(f"Please give the {what} a name.", field="name")
    if len(name) > MAX_NAME:
        raise Refused(f"Please shorten the name to {MAX_NAME} characters.", field="name")
    return name


def checked_slug(text: str) -> str:
    """The last part of a page's address. Raises Refused with words for people."""
    slug = text.strip().lower()
    if not SLUG_PATTERN.fullmatch(slug) or slug in RESERVED_SLUGS:
        raise Refused(
            "An address has 3 to 80 characters: a to z, digits and hyphens, "
            "with no hyphen at either end.",
            field="slug",
        )
    return slug


def name_is_taken(session: Session, account: Account, name: str, *, but: Page | None) -> bool:
    """Whether another page of the account has this name, ignoring case."""
    found = session.scalar(
        select(Page.id).where(Page.account_id == account.id, Page.name_key == name.casefold())
    )
    return found is not None and (but is None or found != but.id)


def slug_is_taken(session: Session, account: Account, slug: str, *, but: Page | None) -> bool:
    """Whether another page of the account has this address."""
    found = session.scalar(select(Page.id).where(Page.account_id == account.id, Page.slug == slug))
    return found is not None and (but is None or found != but.id)


def free_name(session: Session, account: Account, wanted: str) -> str:
    """`wanted`, or the first of "wanted 2", "wanted 3" ... that no page has."""
    for number in count(1):
        ending = "" if number == 1 else f" {number}"
        name = wanted[: MAX_NAME - len(ending)].rstrip() + ending
        if not name_is_taken(session, account, name, but=None):
            return name
    raise AssertionError("there are more numbers than pages")


def free_slug(session: Session, account: Account, wanted: str) -> str:
    """`wanted`, or the first of "wanted-2", "wanted-3" ... that no page has."""
    for number in count(1):
        ending = "" if number == 1 else f"-{number}"
        slug = wanted[: MAX_SLUG - len(ending)].rstrip("-") + ending
        if slug not in RESERVED_SLUGS and not slug_is_taken(session, account, slug, but=None):
            return slug
    raise AssertionError("there are more numbers than pages")


def source_by_name(session: Session, account: Account, name: str) -> LeadSource | None:
    """The account's lead source of this name, ignoring case."""
    return session.scalar(
        select(LeadSource).where(
            LeadSource.account_id == account.id, LeadSource.name_key == name.casefold()
        )
    )


def source_made_if_missing(session: Session, account: Account, name: str) -> LeadSource:
    """The lead source of this name; a new one when the account has none."""
    found = source_by_name(session, account, name)
    if found is None:
        name = checked_name(name, what="lead source")
        found = LeadSource(
            account_id=account.id,
            name=name,
            name_key=name.casefold(),
            web_key=f"LF_{secrets.token_hex(16)}",
        )
        session.add(found)
        session.flush()
    return found


def plan_by_name(session: Session, account: Account, name: str) -> ActionPlan | None:
    """The account's action plan of this name, ignoring case; archived ones do not count."""
    return session.scalar(
        select(ActionPlan).where(
            ActionPlan.account_id == account.id,
            ActionPlan.name_key == name.casefold(),
            ActionPlan.archived_at.is_(None),
        )
    )
