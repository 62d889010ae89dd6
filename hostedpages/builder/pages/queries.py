"""Reads for the list of pages, one page's workspace, and its versions.

Must never write, and never read another account's rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, Text, cast, func, or_, select
from sqlalchemy.orm import aliased

from hostedpages import db
from hostedpages.builder.paging import PageOfRows, page_of
from hostedpages.models import Account, Page, PageDay, PageVersion, Submission, User
from hostedpages.schema.form_schema import FormSchema

STATUS_WORDS = {
    "draft": "Draft",
    "published": "Live",
    "paused": "Paused",
    "archived": "Archived",
}
STATUS_PILLS = {"draft": "quiet", "published": "ok", "paused": "warn", "archived": "quiet"}
MAX_VERSION = 2**31 - 1  # what the column holds; SQLite cannot even be asked for more than 64 bits


@dataclass(frozen=True)
class PageRow:
    """One row of the list."""

    page: Page
    views: int
    submissions: int
    live_number: int | None
    has_changes: bool
    may_be_deleted: bool

    @property
    def conversion(self) -> float | None:
        """Submissions for each hundred views; None without views. At most 100."""
        return min(100.0, 100 * self.submissions / self.views) if self.views else None

    @property
    def options(self) -> dict:
        options: dict = self.page.draft.get("options") or {}
        return options


def is_counted() -> ColumnElement[bool]:
    """Whether a submission counts as a lead: not quarantined, or released by a person."""
    return or_(cast(Submission.spam_reasons, Text) == "[]", Submission.released_at.is_not(None))


def _columns() -> dict[str, ColumnElement]:
    views = (
        select(func.coalesce(func.sum(PageDay.views), 0))
        .where(PageDay.page_id == Page.id)
        .correlate(Page)
        .scalar_subquery()
    )
    submissions = (
        select(func.count())
        .select_from(Submission)
        .where(Submission.page_id == Page.id, is_counted())
        .correlate(Page)
        .scalar_subquery()
    )
    return {
        "name": Page.name_key,
        "status": Page.status,
        "updated": Page.updated_at,
        "views": cast(views, Integer),
        "submissions": cast(submissions, Integer),
        "conversion": cast(submissions, Integer) * 10_000 / func.nullif(cast(views, Integer), 0),
    }


SORTS = tuple(_columns())


def pages_of(
    account: Account,
    *,
    search: str = "",
    status: str = "",
    sort: str = "updated",
    descending: bool = True,
    number: int = 1,
) -> PageOfRows[PageRow]:
    """Ten pages of the account. Without a status filter archived ones are left out."""
    columns = _columns()
    live = aliased(PageVersion)
    was_answered = select(Submission.id).where(Submission.page_id == Page.id).exists()
    statement = (
        select(Page, columns["views"], columns["submissions"], live, was_answered)
        .outerjoin(live, live.id == Page.live_version_id)
        .where(Page.account_id == account.id)
    )
    if status in STATUS_WORDS:
        statement = statement.where(Page.status == status)
    elif not search:
        statement = statement.where(Page.status != "archived")
    if search:
        words = search.casefold().strip()
        statement = statement.where(
            Page.name_key.contains(words, autoescape=True)
            | Page.slug.contains(words, autoescape=True)
        )
    column = columns.get(sort, columns["updated"])
    order = column.desc().nulls_last() if descending else column.asc().nulls_last()
    found = page_of(statement.order_by(order, Page.id.desc()), number)
    rows = [
        PageRow(
            page=page,
            views=views,
            submissions=submissions,
            live_number=version.number if version else None,
            has_changes=version is not None and version.document != page.draft,
            may_be_deleted=not answered,
        )
        for page, views, submissions, version, answered in found.rows
    ]
    return PageOfRows(rows=rows, number=found.number, size=found.size, total=found.total)


def page_count(account: Account) -> int:
    """How many pages the account has, archived ones included."""
    return (
        db.session().scalar(
            select(func.count()).select_from(Page).where(Page.account_id == account.id)
        )
        or 0
    )


def submission_count(page: Page) -> int:
    """How many submissions point at the page, quarantined ones included."""
    return (
        db.session().scalar(
            select(func.count()).select_from(Submission).where(Submission.page_id == page.id)
        )
        or 0
    )


def live_version(page: Page) -> PageVersion | None:
    """The version that visitors see."""
    if page.live_version_id is None:
        return None
    return db.session().get(PageVersion, page.live_version_id)


@dataclass(frozen=True)
class VersionRow:
    """One row of the version history: what changed since the one before."""

    version: PageVersion
    by: User | None
    submissions: int
    is_live: bool


def versions_of(page: Page, number: int = 1) -> PageOfRows[VersionRow]:
    """The versions of a page, the newest first."""
    submissions = (
        select(func.count())
        .select_from(Submission)
        .where(Submission.page_version_id == PageVersion.id, is_counted())
        .correlate(PageVersion)
        .scalar_subquery()
    )
    statement = (
        select(PageVersion, User, submissions)
        .outerjoin(User, User.id == PageVersion.published_by_id)
        .where(PageVersion.page_id == page.id)
        .order_by(PageVersion.number.desc())
    )
    found = page_of(statement, number)
    rows = [
        VersionRow(version, by, answers, is_live=version.id == page.live_version_id)
        for version, by, answers in found.rows
    ]
    return PageOfRows(rows=rows, number=found.number, size=found.size, total=found.total)


def version_of(page: Page, number: int) -> PageVersion | None:
    """The version of this page with this number, None for one that was never made."""
    if number > MAX_VERSION:
        return None
    return db.session().scalar(
        select(PageVersion).where(PageVersion.page_id == page.id, PageVersion.number == number)
    )


def publisher_of(version: PageVersion) -> User | None:
    """Who published a version; None for a command."""
    return db.session().get(User, version.published_by_id) if version.published_by_id else None


def schema_of(version: PageVersion | None) -> FormSchema | None:
    """The form schema of a version, None for no version."""
    return FormSchema.load(version.document) if version else None


def users_of(account: Account) -> Sequence[User]:
    """Everybody who can sign in to the account, by name."""
    return (
        db.session()
        .scalars(
            select(User)
            .where(User.account_id == account.id, User.archived_at.is_(None))
            .order_by(func.lower(User.name), User.email)
        )
        .all()
    )
