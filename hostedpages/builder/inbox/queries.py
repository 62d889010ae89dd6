"""Reads submissions of one account: lists, one submission with everything around it.

Must never read another account's rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from hostedpages import db
from hostedpages.builder import times
from hostedpages.builder.addresses import queries as addresses
from hostedpages.builder.addresses.queries import StoppedRow
from hostedpages.builder.deliveries import queries as deliveries
from hostedpages.builder.inbox import answers, filters, marks
from hostedpages.builder.inbox.answers import AnsweredScreen, Schemas
from hostedpages.builder.inbox.filters import Filters
from hostedpages.builder.inbox.marks import Marks
from hostedpages.builder.pages.queries import is_counted
from hostedpages.builder.paging import PageOfRows, page_of
from hostedpages.models import (
    Account,
    Delivery,
    LeadSource,
    MailboxMessage,
    Page,
    PageVersion,
    Submission,
)
from hostedpages.schema.elements import Field

MAX_VERSIONS_READ = 40
DEFAULT_FIELDS = 3
# Beside the form's own fields, a list can show these.
EXTRA_COLUMNS = {
    "_source": "Lead source",
    "_campaign": "Campaign",
    "_plan": "Plan",
    "_version": "Version",
    "_reference": "Reference",
}


@dataclass(frozen=True)
class Column:
    """One column that can be chosen. `key` is a field's key, or one of EXTRA_COLUMNS."""

    key: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class LeadRow:
    """One submission in a list. `cells` follow the chosen columns."""

    submission: Submission
    who: str
    cells: list[str]
    page: Page
    marks: Marks


@dataclass(frozen=True)
class Lead:
    """One submission with everything around it."""

    submission: Submission
    page: Page
    version: PageVersion
    who: str
    screens: list[AnsweredScreen]
    left_open: list[str]
    source: LeadSource | None
    deliveries: Sequence[Delivery]
    revises: Submission | None
    stopped: Sequence[StoppedRow]
    replies: Sequence[MailboxMessage]
    plan_end: str


def columns_of(page: Page, chosen: Sequence[str]) -> list[Column]:
    """What the list of this page can show; without a choice, its first few fields.

    Columns come from the form's versions, the newest first, so that no answer is out of reach.
    """
    fields = _fields_of(page)
    known = [*fields, *EXTRA_COLUMNS]
    wanted = [key for key in chosen if key in known]
    if not wanted:
        wanted = _telling(list(fields.values()))
    labels = {key: field.title for key, field in fields.items()} | EXTRA_COLUMNS
    return [Column(key, labels[key], key in wanted) for key in known]


def submissions_of(
    page: Page, wanted: Filters, columns: Sequence[Column], *, number: int, size: int
) -> PageOfRows[LeadRow]:
    """Submissions of one page, the newest first."""
    statement = _submissions().where(Submission.page_id == page.id)
    keys = [column.key for column in columns if column.is_chosen]
    return _rows(statement, wanted, keys, number=number, size=size)


def leads_of(account: Account, wanted: Filters, *, number: int, size: int) -> PageOfRows[LeadRow]:
    """Submissions of all pages, the newest first, with source and plan."""
    statement = _submissions().where(Submission.account_id == account.id)
    return _rows(statement, wanted, ["_source", "_plan"], number=number, size=size)


def quarantined_count(account: Account, page: Page | None = None) -> int:
    """How many submissions wait for somebody to say that they are no spam."""
    statement = (
        select(func.count())
        .select_from(Submission)
        .where(Submission.account_id == account.id, ~is_counted())
    )
    if page is not None:
        statement = statement.where(Submission.page_id == page.id)
    return db.session().scalar(statement) or 0


def submission_count(account: Account) -> int:
    """How many submissions the account has, quarantined ones included."""
    return (
        db.session().scalar(
            select(func.count()).select_from(Submission).where(Submission.account_id == account.id)
        )
        or 0
    )


def lead(submission: Submission) -> Lead:
    """Everything about one submission, in the words of the version it answered."""
    session = db.session()
    version = session.get_one(PageVersion, submission.page_version_id)
    schema = Schemas().of(version)
    source_id, revises_id = submission.lead_source_id, submission.revises_id
    contact = submission.contact
    return Lead(
        submission=submission,
        page=session.get_one(Page, submission.page_id),
        version=version,
        who=_who(submission, schema.fields),
        screens=answers.screens_of(schema, submission.answers),
        left_open=answers.left_open(schema, submission.answers),
        source=session.get(LeadSource, source_id) if source_id else None,
        deliveries=deliveries.deliveries_of(submission),
        revises=session.get(Submission, revises_id) if revises_id else None,
        stopped=addresses.stopped_of(contact.account_id, contact.email) if contact else (),
        replies=addresses.replies_of(contact) if contact else (),
        plan_end=marks.plan_end(submission),
    )


def _submissions() -> Select:
    return (
        select(Submission, LeadSource.name)
        .outerjoin(LeadSource, LeadSource.id == Submission.lead_source_id)
        .options(
            joinedload(Submission.contact),
            joinedload(Submission.page_version),
            joinedload(Submission.page),
        )
        .order_by(Submission.created_at.desc(), Submission.id.desc())
    )


def _rows(
    statement: Select, wanted: Filters, keys: Sequence[str], *, number: int, size: int
) -> PageOfRows[LeadRow]:
    found = page_of(filters.narrow(statement, wanted, times.account_zone()), number, size)
    schemas = Schemas()
    came = marks.of([submission for submission, _ in found.rows])
    rows = []
    for submission, source in found.rows:
        schema = schemas.of(submission.page_version)
        fields = {field.key: field for field in schema.fields}
        extra = {
            "_source": source or "",
            "_campaign": (submission.context.get("utm") or {}).get("utm_campaign", ""),
            "_plan": submission.plan_note,
            "_version": f"v{submission.page_version.number}",
            "_reference": submission.public_id[:8],
        }
        cells = [_cell(key, fields, submission, extra) for key in keys]
        rows.append(
            LeadRow(
                submission,
                _who(submission, schema.fields),
                cells,
                submission.page,
                came[submission.id],
            )
        )
    return PageOfRows(rows=rows, number=found.number, size=found.size, total=found.total)


def _cell(key: str, fields: dict[str, Field], submission: Submission, extra: dict[str, str]) -> str:
    if key in extra:
        return extra[key]
    if key not in fields:
        return ""
    return answers.answer_text(fields[key], submission.answers.get(key))


def _who(submission: Submission, fields: Sequence[Field]) -> str:
    """Who sent it: the contact's name, or what the answers say, or the first answer."""
    if submission.contact is not None:
        return submission.contact.display_name
    given = submission.answers
    bound = {field.binds_to: str(given[field.key]) for field in fields if field.key in given}
    name = bound.get("full_name") or " ".join(
        bound[part] for part in ("first_name", "last_name") if part in bound
    )
    first = next((answers.answer_text(f, given[f.key]) for f in fields if f.key in given), "")
    return name or bound.get("email") or first or "Nobody named"


def _fields_of(page: Page) -> dict[str, Field]:
    versions = db.session().scalars(
        select(PageVersion)
        .where(PageVersion.page_id == page.id)
        .order_by(PageVersion.number.desc())
        .limit(MAX_VERSIONS_READ)
    )
    schemas = Schemas()
    return answers.merged_fields(schemas.of(version) for version in versions)


def _telling(fields: Sequence[Field]) -> list[str]:
    """The first few fields that say something beside the name, which has its own column."""
    named = ("first_name", "last_name", "full_name")
    told = [field.key for field in fields if field.binds_to not in named and field.type.is_shown]
    return told[:DEFAULT_FIELDS]
