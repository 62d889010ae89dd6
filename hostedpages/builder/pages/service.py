"""What can be done with pages: one function per use case, one transaction each.

The only writer of page versions. Must never change a version, and never let two pages of an
account share a name or an address.
"""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.builder.pages import naming
from hostedpages.builder.pages.readiness import PublishRefused, Readiness, readiness
from hostedpages.errors import Conflict, NotFound, Refused
from hostedpages.models import (
    Account,
    ContactLink,
    Delivery,
    LeadSource,
    Page,
    PageDay,
    PageVersion,
    Submission,
    User,
)
from hostedpages.schema.form_schema import DocumentError, FormSchema, Problem
from hostedpages.schema.templates import TEMPLATES
from hostedpages.schema.texts import slug_from

EMPTY = "empty"
FIRST_SOURCE = "Website"

# Making pages


def create_page(account: Account, document: dict[str, Any]) -> Page:
    """A new draft of `document`, with a name and an address that are free.

    A missing lead source is made. Raises DocumentError.
    """
    schema = FormSchema.load(document)
    with db.transaction() as session:
        return _add_page(session, account, schema)


def create_from_template(account: Account, key: str, name: str = "") -> Page:
    """A new draft from a starting template, with a lead source so that it can go live.

    The account's oldest source in use; a first one is made. Raises NotFound for no such template.
    """
    template = next((each for each in TEMPLATES if each.key == key), None)
    if template is None:
        raise NotFound()
    document = dict(template.document)
    if name.strip():
        name = naming.checked_name(name)
        document |= {"name": name, "slug": slug_from(name)}
    options = dict(document.get("options") or {})
    options.setdefault("lead_source", _usual_source(account))
    return create_page(account, document | {"options": options})


def import_document(
    account: Account,
    document: dict[str, Any] | bytes | str,
    *,
    publish: bool = False,
    user: User | None = None,
) -> Page:
    """Read a page file: a new page, or a new draft of the page with the same slug.

    A missing lead source is made, a missing action plan is refused. All or nothing: with
    `publish`, a page that cannot go live is not imported. Raises DocumentError.
    """
    schema = FormSchema.load(document)
    if faults := schema.faults():
        raise DocumentError(faults)
    with db.transaction() as session:
        _refuse_missing_plan(session, account, schema)
        page = session.scalar(
            select(Page)
            .where(Page.account_id == account.id, Page.slug == schema.slug)
            .with_for_update()
        )
        if naming.name_is_taken(session, account, schema.name, but=page):
            raise DocumentError(
                [Problem("name", f"Another page is already called “{schema.name}”.")]
            )
        if page is None:
            page = _add_page(session, account, schema)
        else:
            _make_source(session, account, schema)
            page.name, page.name_key = schema.name, schema.name.casefold()
            _store_draft(page, schema)
        if publish:
            ready = readiness(session, account, schema)
            if ready.problems:
                raise DocumentError(ready.problems)
            _publish(session, page, schema, ready, user)
    return page


def duplicate(page: Page, account: Account) -> Page:
    """A new draft with the same form and options, called "… copy"."""
    copy = dict(page.draft) | {
        "name": f"{page.name[: naming.MAX_NAME - 8]} copy",
        "slug": f"{page.slug[: naming.MAX_SLUG - 8]}-copy",
    }
    copy.setdefault("title", page.draft.get("title") or page.name)
    return create_page(account, copy)


def export_bytes(page: Page) -> bytes:
    """The page file of the draft; importing it gives the same bytes again."""
    return FormSchema.load(page.draft).to_bytes()


# Naming pages


def rename(page: Page, account: Account, name: str) -> None:
    """Call the page by another name; its address and title stay. Raises Refused."""
    name = naming.checked_name(name)
    with db.transaction() as session:
        if naming.name_is_taken(session, account, name, but=page):
            raise Refused(f"Another page is already called “{name}”.", field="name")
        draft = dict(page.draft)
        draft.setdefault("title", page.name)  # an unset title follows the name: keep the words
        page.name, page.name_key = name, name.casefold()
        _store_draft(page, FormSchema.load(draft | {"name": name}))


def change_slug(page: Page, account: Account, slug: str) -> None:
    """Give the page another address; the old one stops working at once. Raises Refused."""
    slug = naming.checked_slug(slug)
    with db.transaction() as session:
        if naming.slug_is_taken(session, account, slug, but=page):
            raise Refused("Another page already has this address.", field="slug")
        page.slug = slug
        _store_draft(page, FormSchema.load(page.draft | {"slug": slug}))


# Going live and back


def publish(
    page: Page, account: Account, user: User | None, *, lock_version: int | None = None
) -> PageVersion:
    """Make the draft the live version.

    1. Read the draft that is stored now; with `lock_version`, refuse another one than was shown.
    2. Refuse with every problem. 3. A draft equal to the live version only goes live again.
    4. Insert the version, point the page at it.
    Raises Conflict, PublishRefused.
    """
    with db.transaction() as session:
        page = _locked(session, page)
        if lock_version is not None and page.lock_version != lock_version:
            raise Conflict("The draft was changed meanwhile. Please look at the changes again.")
        schema = FormSchema.load(page.draft)
        ready = readiness(session, account, schema)
        if ready.problems:
            raise PublishRefused(ready.problems)
        return _publish(session, page, schema, ready, user)


def pause(page: Page) -> None:
    """Visitors see a closed page until the page is resumed."""
    _move(page, {"published"}, "paused")


def resume(page: Page) -> None:
    """The live version is open again."""
    _move(page, {"paused"}, "published")


def archive(page: Page) -> None:
    """Visitors see a closed page, and lists leave it out."""
    _move(page, {"draft", "published", "paused"}, "archived")


def restore(page: Page, *, is_open: bool = False) -> None:
    """Bring an archived page back: paused, or open when `is_open`, or a draft as it was."""
    to = "draft" if page.live_version_id is None else "published" if is_open else "paused"
    _move(page, {"archived"}, to)


def restore_version(page: Page, version: PageVersion) -> None:
    """Make an old version the draft, under the page's name and address of today."""
    with db.transaction() as session:
        page = _locked(session, page)
        schema = FormSchema.load(
            dict(version.document)
            | {
                "name": page.name,
                "slug": page.slug,
                "title": version.document.get("title") or version.document["name"],
            }
        )
        _store_draft(page, schema)


def delete_page(page: Page) -> None:
    """Remove a page that never took an answer. Raises Refused for any other."""
    with db.transaction() as session:
        page = _locked(session, page)
        has_answers = session.scalar(
            select(func.count()).select_from(Submission).where(Submission.page_id == page.id)
        )
        if has_answers:
            raise Refused("This page has submissions. Please archive it instead.")
        if session.scalar(select(Delivery.id).where(Delivery.page_id == page.id).limit(1)):
            raise Refused("This page has deliveries. Please archive it instead.")
        for table in (ContactLink, PageDay, PageVersion):
            session.execute(delete(table).where(table.page_id == page.id))
        session.delete(page)


# Parts of the above


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


def _add_page(session: Session, account: Account, schema: FormSchema) -> Page:
    name = naming.free_name(session, account, schema.name)
    slug = naming.free_slug(session, account, schema.slug)
    if (name, slug) != (schema.name, schema.slug):
        schema = FormSchema.load(
            schema.dump() | {"title": schema.title, "name": name, "slug": slug}
        )
    _make_source(session, account, schema)
    page = Page(
        account_id=account.id, name=name, name_key=name.casefold(), slug=slug, draft=schema.dump()
    )
    session.add(page)
    session.flush()
    return page


def _make_source(session: Session, account: Account, schema: FormSchema) -> None:
    if schema.options.lead_source:
        naming.source_made_if_missing(session, account, schema.options.lead_source)


def _usual_source(account: Account) -> str:
    found = db.session().scalar(
        select(LeadSource.name)
        .where(LeadSource.account_id == account.id, LeadSource.active)
        .order_by(LeadSource.id)
        .limit(1)
    )
    return found or FIRST_SOURCE


def _refuse_missing_plan(session: Session, account: Account, schema: FormSchema) -> None:
    name = schema.options.action_plan
    if not name or schema.options.starts_no_plan:
        return
    if naming.plan_by_name(session, account, name) is None:
        words = f"There is no action plan “{name}” in this account. Please create it first."
        raise DocumentError([Problem("options.action_plan", words)])


def _store_draft(page: Page, schema: FormSchema) -> None:
    page.draft = schema.dump()
    page.lock_version += 1
    page.updated_at = clock.now()


def _publish(
    session: Session, page: Page, schema: FormSchema, ready: Readiness, user: User | None
) -> PageVersion:
    live = session.get(PageVersion, page.live_version_id) if page.live_version_id else None
    source_id = ready.lead_source.id if ready.lead_source else None
    plan_id = ready.action_plan.id if ready.action_plan else None
    if live is None or (live.digest, live.lead_source_id, live.action_plan_id) != (
        schema.digest,
        source_id,
        plan_id,
    ):
        last = session.scalar(
            select(func.max(PageVersion.number)).where(PageVersion.page_id == page.id)
        )
        live = PageVersion(
            account_id=page.account_id,
            page_id=page.id,
            number=(last or 0) + 1,
            document=schema.dump(),
            digest=schema.digest,
            lead_source_id=source_id,
            action_plan_id=plan_id,
            published_by_id=user.id if user else None,
        )
        session.add(live)
        session.flush()
    if page.status != "published" or _was_limited(page, schema):
        page.opened_at = clock.now()
    page.live_version_id = live.id
    page.status = "published"
    page.updated_at = clock.now()
    session.flush()
    session.expire(page, ["live_version"])
    return live


def _was_limited(page: Page, schema: FormSchema) -> bool:
    """Whether its end was moved, so that it may have been closed until now."""
    before = (page.live_version.document if page.live_version else {}).get("options", {})
    after = schema.dump().get("options", {})
    return any(before.get(key) != after.get(key) for key in ("closes_at", "max_submissions"))


def _move(page: Page, sources: set[str], target: str) -> None:
    with db.transaction() as session:
        page = _locked(session, page)
        if page.status not in sources:
            raise Conflict("The page was changed meanwhile. Please look at it again.")
        page.status = target
        page.updated_at = clock.now()
        if target == "published":
            page.opened_at = page.updated_at
