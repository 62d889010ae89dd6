"""Saving the draft of a page, with a lock version against another window's changes.

The only writer of drafts besides the use cases of pages. Must never touch what visitors see.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.builder.pages.readiness import readiness
from hostedpages.errors import Conflict, NotFound
from hostedpages.models import Account, Page, PageVersion
from hostedpages.schema.form_schema import FormSchema, Problem, changes


@dataclass(frozen=True)
class Saved:
    """What became of a draft.

    `problems` keep the page from being published; `changes` are sentences about what differs from
    the live version.
    """

    lock_version: int
    problems: list[Problem]
    changes: list[str]


class StaleDraft(Conflict):
    """Another window saved meanwhile; `lock_version` and `document` are what is stored now."""

    def __init__(self, page: Page) -> None:
        super().__init__("This form was changed in another window. Nothing was overwritten.")
        self.lock_version = page.lock_version
        self.document = page.draft


def save_draft(
    page: Page, document: dict[str, Any] | bytes, lock_version: int, now: datetime
) -> Saved:
    """Store `document` as the page's draft.

    1. Read the document strictly. 2. Refuse when the stored draft is not the one that was opened,
    unless it already is this document: an answer that was lost must not look like a conflict.
    3. Keep the page's own name and address: renaming is another use case. 4. Store it.
    Raises DocumentError, StaleDraft (a Conflict), NotFound.
    """
    schema = FormSchema.load(document)
    with db.transaction() as session:
        stored = _locked(session, page)
        if (schema.name, schema.slug) != (stored.name, stored.slug):
            named = schema.dump() | {"name": stored.name, "slug": stored.slug}
            schema = FormSchema.load(named)
        draft = schema.dump()
        if stored.lock_version != lock_version and stored.draft != draft:
            raise StaleDraft(stored)
        if stored.draft != draft:
            stored.draft = draft
            stored.lock_version += 1
            stored.updated_at = now
        return _judged(session, stored, schema)


def judge_draft(page: Page) -> Saved:
    """What `save_draft` would say about the draft as it is stored. Writes nothing."""
    return _judged(db.session(), page, FormSchema.load(page.draft))


def _judged(session: Session, page: Page, schema: FormSchema) -> Saved:
    account = session.get_one(Account, page.account_id)
    live = session.get(PageVersion, page.live_version_id) if page.live_version_id else None
    return Saved(
        lock_version=page.lock_version,
        problems=readiness(session, account, schema).problems,
        changes=changes(FormSchema.load(live.document), schema) if live else [],
    )


def _locked(session: Session, page: Page) -> Page:
    found = session.scalar(
        select(Page)
        .where(Page.id == page.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound()
    return found
