"""Which version of which page a public address shows now.

A version never changes, so it is kept for good; which one is live is asked again after 0.4
seconds, so that a new version is seen within a second. Must never write.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, Text, cast, func, select

from hostedpages import db
from hostedpages.models import Account, Page, PageVersion, Submission
from hostedpages.schema.form_schema import FormSchema

LOOK_UP_SECONDS = 0.4
MAX_KEPT = 512
# Who had the page open when it closed may still send what was typed.
GRACE = timedelta(minutes=60)

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The last values by key; the one not used for longest goes first. For several threads."""

    def __init__(self, size: int = MAX_KEPT) -> None:
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._size = size
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        return self._values.get(key)

    def put(self, key: Hashable, value: Value) -> Value:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class Version:
    """A page version, read once."""

    id: int
    page_id: int
    number: int
    schema: FormSchema
    lead_source_id: int | None
    action_plan_id: int | None


@dataclass(frozen=True, slots=True)
class LivePage:
    """A page that has been published, with the version that visitors see now."""

    id: int
    public_id: str
    account_id: int
    account_slug: str
    time_zone: str
    slug: str
    name: str
    status: str
    version: Version
    is_full: bool
    # What others worked out for this look-up; it is forgotten together with it.
    memo: dict[Hashable, Any] = field(default_factory=dict, compare=False)

    @property
    def path(self) -> str:
        return f"/p/{self.account_slug}/{self.slug}"

    def is_open(self, now: datetime, *, opened_at: datetime | None = None) -> bool:
        """Whether it takes answers. `opened_at` is when the visitor got the page, for the grace."""
        closes_at = self.version.schema.options.closes_at
        if self.status != "published" or self.is_full:
            return False
        if closes_at is None or now < closes_at:
            return True
        return opened_at is not None and opened_at < closes_at and now < closes_at + GRACE


class LivePages:
    """Looks pages up by their public addresses. One for each application."""

    def __init__(self, look_up_seconds: Callable[[], float]) -> None:
        self._look_up_seconds = look_up_seconds
        self._found: Kept[tuple[float, LivePage | None]] = Kept(4 * MAX_KEPT)
        self._versions: Kept[Version] = Kept()

    def at_address(self, account_slug: str, page_slug: str) -> LivePage | None:
        """The page at `/p/<account>/<page>`, or None."""
        kept = self._found.get((account_slug, page_slug))
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        query = _PAGES.where(Account.slug == account_slug, Page.slug == page_slug)
        return self._look_up((account_slug, page_slug), query)

    def with_public_id(self, public_id: str) -> LivePage | None:
        """The page whose embedding address is `/f/<public_id>`, or None."""
        kept = self._found.get(public_id)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        return self._look_up(public_id, _PAGES.where(Page.public_id == public_id))

    def version(self, version_id: int) -> Version:
        """A version by its id; it must exist."""
        kept = self._versions.get(version_id)
        if kept is not None:
            return kept
        row = db.session().get_one(PageVersion, version_id)
        return self._keep(row)

    def version_of(self, page: LivePage, number: int) -> Version | None:
        """The version with this number of this page, or None; never another page's."""
        if number == page.version.number:
            return page.version
        row = db.session().scalar(
            select(PageVersion).where(PageVersion.page_id == page.id, PageVersion.number == number)
        )
        if row is None:
            return None
        return self._versions.get(row.id) or self._keep(row)

    def _keep(self, row: PageVersion) -> Version:
        version = Version(
            id=row.id,
            page_id=row.page_id,
            number=row.number,
            schema=FormSchema.load(row.document),
            lead_source_id=row.lead_source_id,
            action_plan_id=row.action_plan_id,
        )
        return self._versions.put(row.id, version)

    def _look_up(self, key: Hashable, query: Select[Page, str, str]) -> LivePage | None:
        row = db.session().execute(query).first()
        found = self._live(row[0], row[1], row[2]) if row else None
        self._found.put(key, (time.monotonic() + self._look_up_seconds(), found))
        return found

    def _live(self, page: Page, account_slug: str, time_zone: str) -> LivePage:
        if page.live_version_id is None:
            raise LookupError("the query finds published pages only")
        version = self.version(page.live_version_id)
        limit = version.schema.options.max_submissions
        return LivePage(
            id=page.id,
            public_id=page.public_id,
            account_id=page.account_id,
            account_slug=account_slug,
            time_zone=time_zone,
            slug=page.slug,
            name=page.name,
            status=page.status,
            version=version,
            is_full=limit is not None and taken(page.id) >= limit,
        )


_PAGES = (
    select(Page, Account.slug, Account.time_zone)
    .join(Account, Account.id == Page.account_id)
    .where(Page.live_version_id.is_not(None), Account.archived_at.is_(None))
)


def taken(page_id: int) -> int:
    """How many submissions count towards a page's limit: quarantined ones do not."""
    reasons = cast(Submission.spam_reasons, Text)
    return (
        db.session().scalar(
            select(func.count())
            .select_from(Submission)
            .where(
                Submission.page_id == page_id,
                (reasons == "[]") | Submission.released_at.is_not(None),
            )
        )
        or 0
    )
