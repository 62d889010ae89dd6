"""accept(): a checked submission becomes a contact, a history entry and every promised delivery,
in one transaction, or nothing is stored at all.

Must never talk to another machine, read a request, or draw a page.
"""

from typing import Any

from sqlalchemy import BigInteger, Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hostedpages import clock, ratelimit
from hostedpages.db import transaction
from hostedpages.errors import Conflict, DomainError, TooManyTries
from hostedpages.models import Page, PageVersion, Submission
from hostedpages.prepared import PreparedStatement, bound
from hostedpages.render.live import taken
from hostedpages.schema.form_schema import FormSchema
from hostedpages.submit import matching, results
from hostedpages.submit.contacts import Change
from hostedpages.submit.intake import Intake
from hostedpages.submit.matching import CONTACTS
from hostedpages.submit.person import person_of
from hostedpages.submit.promises import SUBMISSIONS, Kept, Promise, fulfil, keep_contact
from hostedpages.submit.results import Accepted, reference_of
from hostedpages.tokens import random_id

MAX_SEARCH_TEXT = 10_000


def _nonce(name: str) -> Any:
    return bindparam(name, type_=SUBMISSIONS.c.nonce.type)


_INSERT = PreparedStatement(
    lambda _dialect: insert(SUBMISSIONS).values(bound(SUBMISSIONS.c)).returning(SUBMISSIONS.c.id)
)
_EARLIER = PreparedStatement(
    lambda _dialect: select(SUBMISSIONS.c.id).where(
        SUBMISSIONS.c.page_id == bindparam("page_id", type_=BigInteger()),
        SUBMISSIONS.c.nonce.in_([_nonce("own"), _nonce("revised"), _nonce("other")]),
    )
)


class PageClosed(DomainError):
    """The page takes no answers any more: paused, archived, past its time, or full."""

    status = 410

    def __init__(self) -> None:
        super().__init__("This form is no longer taking answers.")


def accept(intake: Intake) -> Accepted:
    """Store a submission with everything it promises; a repeat gives the first one's result.

    1. Let two of the same person pass one after the other. 2. Return the earlier one if this is a
    repeat. 3. Limits and closing rules. 4. Match or make the contact. 5. Submission, history,
    notifications, plan. A suspect is stored alone. Raises PageClosed, TooManyTries.
    """
    try:
        with transaction() as session:
            return _accept(session, intake)
    except IntegrityError:
        # Somebody stored the same key between our look and our insert: now it can be seen.
        with transaction() as session:
            return _accept(session, intake)


def _accept(session: Session, intake: Intake) -> Accepted:
    person = person_of(intake.version.schema, intake.values)
    live, limit = intake.live, intake.live.version.schema.options.max_submissions
    keys = [f"nonce:{live.id}:{nonce}" for nonce in intake.nonces]
    if limit is not None:
        keys.append(f"page:{live.id}")
    matching.lock(session, keys + matching.lock_keys(live.account_id, person))
    earlier = _earlier(session, intake)
    if earlier is not None and earlier.answers_digest == intake.digest:
        return Accepted(
            earlier.public_id, earlier.result, earlier.number, earlier.created_at, is_repeat=True
        )
    _take_rate(session, intake)
    _refuse_closed(session, intake, limit)
    promise = Promise(
        account_id=live.account_id,
        page_id=live.id,
        page_name=live.name,
        page_url=intake.page_url,
        version_id=intake.version.id,
        schema=intake.version.schema,
        lead_source_id=intake.version.lead_source_id,
        action_plan_id=intake.version.action_plan_id,
        public_id=random_id(),
        values=intake.values,
        context=intake.context,
        known_contact_id=intake.known.contact_id if intake.known else None,
        now=intake.now,
        memo=live.memo,
    )
    if intake.spam_reasons:
        kept = Kept(None, results.OK_STORED, False, Change())
    else:
        kept = keep_contact(session, promise, person)
    submission_id = _insert_submission(session, intake, promise, kept, earlier)
    if not intake.spam_reasons:
        fulfil(session, promise, kept, submission_id)
    return Accepted(promise.public_id, kept.result, intake.version.number, intake.now)


def release(
    submission: Submission, *, page_url: str = "", by_user_id: int | None = None
) -> Accepted:
    """Run what was promised for a quarantined submission. Raises Conflict unless it is one."""
    now = clock.now()
    with transaction() as session:
        row = session.execute(
            update(SUBMISSIONS)
            .where(SUBMISSIONS.c.id == submission.id, SUBMISSIONS.c.released_at.is_(None))
            .values(released_at=now)
            .returning(SUBMISSIONS)
        ).first()
        if row is None or not row.spam_reasons:
            raise Conflict("This submission is not in quarantine.")
        version = session.get_one(PageVersion, row.page_version_id)
        schema = FormSchema.load(version.document)
        promise = Promise(
            account_id=row.account_id,
            page_id=row.page_id,
            page_name=session.get_one(Page, row.page_id).name,
            page_url=page_url,
            version_id=version.id,
            schema=schema,
            lead_source_id=version.lead_source_id,
            action_plan_id=version.action_plan_id,
            public_id=row.public_id,
            values=row.answers,
            context=row.context,
            known_contact_id=_known_id(session, row),
            now=now,
        )
        person = person_of(schema, row.answers)
        matching.lock(session, matching.lock_keys(row.account_id, person))
        kept = keep_contact(session, promise, person)
        session.execute(
            update(SUBMISSIONS)
            .where(SUBMISSIONS.c.id == row.id)
            .values(contact_id=kept.contact_id, result=kept.result)
        )
        fulfil(session, promise, kept, row.id, by_user_id=by_user_id)
        if submission in session:
            session.expire(submission)
    return Accepted(row.public_id, kept.result, version.number, row.created_at)


def _earlier(session: Session, intake: Intake) -> Row[Any] | None:
    """The submission this one repeats (same answers) or revises (same key, other answers)."""
    own, other = intake.nonces[0], intake.nonces[-1]
    wanted = {"own": own, "revised": _revised(intake), "other": other}
    if _EARLIER.one(session, {"page_id": intake.live.id, **wanted}) is None:
        return None
    columns = SUBMISSIONS.c
    rows = session.execute(
        select(
            columns.id,
            columns.public_id,
            columns.result,
            columns.answers_digest,
            columns.created_at,
            PageVersion.number,
        )
        .join(PageVersion, PageVersion.id == columns.page_version_id)
        .where(columns.page_id == intake.live.id, columns.nonce.in_(wanted.values()))
        .order_by(columns.id.desc())
    ).all()
    same = [row for row in rows if row.answers_digest == intake.digest]
    return same[0] if same else rows[0] if rows else None


def _revised(intake: Intake) -> str:
    return f"{intake.nonces[0]}~{intake.digest[:16]}"


def _take_rate(session: Session, intake: Intake) -> None:
    for rate, per_seconds in intake.rates:
        wait = ratelimit.allow(
            session, f"{intake.rate_key}:{per_seconds}", rate, per_seconds, intake.now
        )
        if wait > 0:
            raise TooManyTries("Too many tries. Please wait a minute.", retry_after_seconds=wait)


def _refuse_closed(session: Session, intake: Intake, limit: int | None) -> None:
    if not intake.live.is_open(intake.now, opened_at=intake.opened_at):
        raise PageClosed()
    if limit is not None and not intake.spam_reasons and taken(intake.live.id) >= limit:
        raise PageClosed()


def _insert_submission(
    session: Session, intake: Intake, promise: Promise, kept: Kept, earlier: Row[Any] | None
) -> int:
    row = _INSERT.one(
        session,
        {
            "public_id": promise.public_id,
            "account_id": promise.account_id,
            "page_id": promise.page_id,
            "page_version_id": promise.version_id,
            "contact_id": kept.contact_id,
            "lead_source_id": promise.lead_source_id,
            "answers": dict(intake.values),
            "context": intake.context,
            "result": kept.result,
            "nonce": intake.nonces[0] if earlier is None else _revised(intake),
            "answers_digest": intake.digest,
            "revises_id": earlier.id if earlier is not None else None,
            "spam_reasons": intake.spam_reasons,
            "released_at": None,
            "plan_note": "",
            "search_text": _search_text(promise),
            "created_at": intake.now,
        },
    )
    assert row is not None  # it returns the new id
    submission_id: int = row[0]
    return submission_id


def _known_id(session: Session, row: Row[Any]) -> int | None:
    public_id = row.context.get("contact", "")
    if not public_id:
        return None
    return session.scalar(
        select(CONTACTS.c.id).where(
            CONTACTS.c.account_id == row.account_id, CONTACTS.c.public_id == public_id
        )
    )


def _search_text(promise: Promise) -> str:
    """What staff can search for: every answer in words, and the reference number."""
    texts = [reference_of(promise.public_id)]
    for each in promise.schema.fields:
        if each.key in promise.values:
            texts.append(each.type.to_text(each.type.from_json(promise.values[each.key]), each))
    return "\n".join(texts).casefold()[:MAX_SEARCH_TEXT]
