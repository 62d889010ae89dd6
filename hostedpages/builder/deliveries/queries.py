"""Reads the delivery log of one account.

Must never read a payload for a list: it can be long, and it can open a door.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import defer, load_only

from hostedpages import db
from hostedpages.builder.deliveries.words import FILTERS, NEEDS_A_PERSON
from hostedpages.builder.paging import PageOfRows, page_of
from hostedpages.delivery import kinds
from hostedpages.models import (
    Account,
    ActionPlan,
    Contact,
    Delivery,
    Enrollment,
    Page,
    Submission,
)

MOST_FAILED = 2000
# Literal, so that both databases see that the partial index answers the question.
_HAS_INDEX = literal_column("deliveries.state in ('failed', 'unknown', 'held')")
# What a person must look at, the same for the badge, the tab, the button and the list: what failed
# or may have been sent. What is held goes by itself; an alarm that was lost has an alarm of its
# own, and comes too late to be sent again.
_NEEDS_A_PERSON = and_(
    _HAS_INDEX,
    Delivery.state.in_(NEEDS_A_PERSON),
    Delivery.kind.not_in([kind.key for kind in kinds.KINDS.values() if kind.is_alarm]),
)


@dataclass(frozen=True)
class LogFilter:
    """What the list is narrowed to; empty means all. `page` is a public id."""

    state: str = ""
    kind_key: str = ""
    page: str = ""
    search: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.state or self.kind_key or self.page or self.search)


@dataclass(frozen=True)
class LogRow:
    """One delivery with the names of what it belongs to."""

    delivery: Delivery
    contact: Contact | None
    page_name: str | None
    page_public_id: str | None
    submission_public_id: str | None
    plan_name: str | None
    plan_public_id: str | None


def log_page(account: Account, wanted: LogFilter, *, number: int, size: int) -> PageOfRows[LogRow]:
    """One page of the log: the newest first, what waits by its time."""
    found = page_of(_ordered(_narrowed(_log(account), wanted), wanted), number, size)
    return PageOfRows(
        rows=[LogRow(*row) for row in found.rows],
        number=found.number,
        size=found.size,
        total=found.total,
    )


def log_row(delivery: Delivery) -> LogRow:
    """One delivery, loaded through its account before, with what it belongs to."""
    statement = _joined().where(Delivery.id == delivery.id)
    return LogRow(*db.session().execute(statement).one())


def needs_person_count(account: Account) -> int:
    """How many deliveries of the account failed or may have been sent: the number that the alarm
    of them names, too."""
    return (
        db.session().scalar(
            select(func.count())
            .select_from(Delivery)
            .where(Delivery.account_id == account.id, _NEEDS_A_PERSON)
        )
        or 0
    )


def failed(account: Account) -> Sequence[Delivery]:
    """What was given up of what needs a person, the oldest first and without payload."""
    return (
        db.session()
        .scalars(
            select(Delivery)
            .where(
                Delivery.account_id == account.id, _NEEDS_A_PERSON, Delivery.state.in_(["failed"])
            )
            .order_by(Delivery.id)
            .limit(MOST_FAILED)
            .options(defer(Delivery.payload))
        )
        .all()
    )


def all_deliveries(account: Account) -> Iterator[Delivery]:
    """Every delivery of the account, the oldest first, read as the caller goes on."""
    statement = (
        select(Delivery)
        .where(Delivery.account_id == account.id)
        .order_by(Delivery.id)
        .options(defer(Delivery.payload))
        .execution_options(yield_per=500)
    )
    yield from db.session().scalars(statement)


def deliveries_of(submission: Submission) -> Sequence[Delivery]:
    """What a submission set off, by its time: for the fragment `_deliveries.html`."""
    return (
        db.session()
        .scalars(
            select(Delivery)
            .where(
                Delivery.account_id == submission.account_id,
                Delivery.submission_id == submission.id,
            )
            .order_by(Delivery.due_at, Delivery.id)
            .options(defer(Delivery.payload))
        )
        .all()
    )


def pages_to_choose(account: Account) -> list[tuple[str, str]]:
    """Public id and name of every page of the account, for the filter."""
    found = db.session().execute(
        select(Page.public_id, Page.name)
        .where(Page.account_id == account.id)
        .order_by(Page.name_key)
    )
    return [(public_id, name) for public_id, name in found]


def kinds_to_choose() -> list[tuple[str, str]]:
    """Key and label of every kind, for the filter."""
    return [(kind.key, kind.label) for kind in kinds.KINDS.values()]


def _log(account: Account) -> Select[Any]:
    return _joined().where(Delivery.account_id == account.id)


def _joined() -> Select[Any]:
    return (
        select(
            Delivery,
            Contact,
            Page.name,
            Page.public_id,
            Submission.public_id,
            ActionPlan.name,
            ActionPlan.public_id,
        )
        .outerjoin(Contact, Contact.id == Delivery.contact_id)
        .outerjoin(Page, Page.id == Delivery.page_id)
        .outerjoin(Submission, Submission.id == Delivery.submission_id)
        .outerjoin(Enrollment, Enrollment.id == Delivery.enrollment_id)
        .outerjoin(ActionPlan, ActionPlan.id == Enrollment.plan_id)
        .options(
            defer(Delivery.payload),
            load_only(
                Contact.public_id,
                Contact.first_name,
                Contact.last_name,
                Contact.full_name,
                Contact.email,
                Contact.cell_phone,
            ),
        )
    )


def _narrowed(statement: Select[Any], wanted: LogFilter) -> Select[Any]:
    if wanted.state == "needs-a-person":
        statement = statement.where(_NEEDS_A_PERSON)
    elif wanted.state in FILTERS:
        statement = statement.where(Delivery.state.in_(FILTERS[wanted.state][1]))
    if wanted.kind_key:
        statement = statement.where(Delivery.kind.in_([wanted.kind_key]))
    if wanted.page:
        statement = statement.where(Page.public_id == wanted.page)
    if wanted.search:
        name = Contact.first_name + " " + Contact.last_name
        statement = statement.where(
            or_(
                Delivery.recipient.icontains(wanted.search, autoescape=True),
                name.icontains(wanted.search, autoescape=True),
            )
        )
    return statement


def _ordered(statement: Select[Any], wanted: LogFilter) -> Select[Any]:
    if wanted.state == "waiting":
        return statement.order_by(Delivery.due_at, Delivery.id)
    return statement.order_by(Delivery.created_at.desc(), Delivery.id.desc())
