"""Action plans: a contact enters one, and its steps become deliveries, all at once and visible.

Must never block a lead: a plan that cannot start says why in words. Opens no transaction; the
caller's one holds the lead and its plan together.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.delivery import caps, merge, outbox, recipients, senders
from hostedpages.delivery.ending import complete_enrollments
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import Recipient, StepContext
from hostedpages.models import (
    Account,
    ActionPlan,
    Contact,
    Enrollment,
    HistoryEntry,
    LeadSource,
    Page,
    PlanStep,
)
from hostedpages.tokens import random_id

TOO_MANY_ANSWERS = "This address has had its share of automatic answers for today."


@dataclass(frozen=True, slots=True)
class PlanStart:
    """Whether a plan started, and a sentence about it for people."""

    started: bool
    note: str
    enrollment_id: int | None = None


def enroll(
    session: Session,
    *,
    plan_id: int | None,
    contact_id: int | None,
    submission_id: int | None = None,
    page_id: int | None = None,
    lead_source_id: int | None = None,
    page_url: str = "",
    routes: senders.Routes | None = None,
    now: datetime,
) -> PlanStart:
    """Start a plan for a contact: one enrollment, and each step as a pending delivery.

    1. A plan that is missing, of another account, archived or a draft starts nothing.
    2. A plan that still runs for this contact keeps running.
    3. Each step freezes its text and recipient now; an automatic answer to an address that has had
       its share of the day is put as skipped. `routes` are the account's, for who knows them.
    """
    if plan_id is None:
        return PlanStart(False, "No plan is set.")
    if contact_id is None:
        return PlanStart(False, "No contact was made, so no plan was started.")
    contact = session.get_one(Contact, contact_id)
    plan = session.get(ActionPlan, plan_id)
    refusal = _refusal(plan, contact)
    if plan is None or refusal:
        return PlanStart(False, refusal)
    running = session.scalar(
        select(Enrollment.id).where(
            Enrollment.contact_id == contact_id,
            Enrollment.plan_id == plan_id,
            Enrollment.state == "active",
        )
    )
    if running is not None:
        note = f"Plan “{plan.name}” is still running for this contact, so it was left as it is."
        return PlanStart(False, note, running)
    enrollment_id = session.scalars(
        insert(Enrollment)
        .values(
            public_id=random_id(),
            account_id=contact.account_id,
            plan_id=plan_id,
            contact_id=contact_id,
            submission_id=submission_id,
            state="active",
            stop_reason="",
            started_at=now,
        )
        .returning(Enrollment.id)
    ).one()
    account = session.get_one(Account, contact.account_id)
    rows = _rows(
        session,
        plan=plan,
        account=account,
        contact=contact,
        enrollment_id=enrollment_id,
        submission_id=submission_id,
        page=session.get(Page, page_id) if page_id else None,
        page_url=page_url,
        lead_source=session.get(LeadSource, lead_source_id) if lead_source_id else None,
        routes=routes or senders.routes(session, account.id),
        now=now,
    )
    outbox.put_many(session, rows)
    complete_enrollments(session, [enrollment_id], now)  # nothing to wait for: it is over already
    return PlanStart(True, f"Plan “{plan.name}” was started.", enrollment_id)


def stop(enrollment_id: int, reason: str, now: datetime, *, by_user_id: int | None = None) -> int:
    """Stop a plan for a contact: what is not sent yet is canceled. Returns how many that were.

    Part of the caller's transaction. Does nothing when the enrollment has ended already.
    """
    session = db.session()
    enrollment = session.get_one(Enrollment, enrollment_id)
    if enrollment.state != "active":
        return 0
    enrollment.state, enrollment.stop_reason, enrollment.finished_at = "stopped", reason, now
    session.add(
        HistoryEntry(
            account_id=enrollment.account_id,
            contact_id=enrollment.contact_id,
            kind="plan_stopped",
            text=f"Plan “{enrollment.plan.name}” was stopped: {reason}",
            details={"enrollment": enrollment.public_id},
            by_user_id=by_user_id,
        )
    )
    return outbox.cancel_enrollment(session, enrollment_id, f"The plan was stopped: {reason}", now)


def due_at(step: PlanStep, start: datetime, time_zone: str) -> datetime:
    """When a step is due, in UTC, for a plan started at `start` in an account of `time_zone`.

    Minutes and hours are durations. Days, weeks and months are counted on the account's calendar
    and keep its wall clock; a month that is too short gives its last day. `at_time` moves the step
    to that time of day, the next day if it would lie before the start. A wall time that the clock
    skips becomes the first valid minute after; one that comes twice means the first.
    """
    zone = _zone(time_zone)
    amount = max(0, step.delay_amount)
    if step.delay_unit in ("minutes", "hours"):
        moment = start.astimezone(UTC) + timedelta(**{step.delay_unit: amount})
        if not step.at_time:
            return moment
        wall = moment.astimezone(zone).replace(tzinfo=None)
    else:
        wall = start.astimezone(zone).replace(tzinfo=None)
        wall = datetime.combine(_later(wall.date(), amount, step.delay_unit), wall.time())
        moment = start
    if step.at_time:
        wall = datetime.combine(wall.date(), time.fromisoformat(step.at_time))
    found = _instant(wall, zone)
    if found < moment:
        if not step.at_time:
            return moment.astimezone(UTC)  # the second of two equal hours: never before the start
        found = _instant(wall + timedelta(days=1), zone)
    return found


def step_context(
    session: Session,
    *,
    plan_name: str,
    account: Account,
    contact: Contact,
    page: Page | None = None,
    page_url: str = "",
    lead_source: LeadSource | None = None,
    due: datetime,
    now: datetime,
) -> StepContext:
    """What a step that is due at `due` may know about this contact. Writes nothing.

    Also for the plan editor's preview, so that it says what would be sent.
    """
    values = _values(account, contact, page, page_url, lead_source, now)
    safe = {**values, "contact": {k: merge.without_links(v) for k, v in values["contact"].items()}}
    # Their own address may stand in their own mail.
    safe["contact"]["email"] = values["contact"]["email"]

    def people(public_ids: Sequence[str]) -> list[Recipient]:
        return recipients.of_users(session, account, public_ids)

    return StepContext(
        contact_email=contact.email,
        contact_name=contact.display_name,
        plan_name=plan_name,
        is_immediate=due <= now,
        values=values,
        visitor_values=safe,
        people=people,
    )


def _later(day: date, amount: int, unit: str) -> date:
    if unit == "months":
        months = day.year * 12 + day.month - 1 + amount
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, last))
    return day + timedelta(days=amount * 7 if unit == "weeks" else amount)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    for _ in range(24 * 60 + 1):  # the longest gap there was skipped a whole day
        instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == wall:
            return instant
        wall = wall.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return instant


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _refusal(plan: ActionPlan | None, contact: Contact) -> str:
    if plan is None or plan.account_id != contact.account_id:
        return "The chosen plan does not exist any more, so no plan was started."
    if plan.archived_at is not None:
        return f"Plan “{plan.name}” is archived, so it was not started."
    if plan.state != "ready":
        return f"Plan “{plan.name}” is a draft, so it was not started."
    return ""


def _rows(
    session: Session,
    *,
    plan: ActionPlan,
    account: Account,
    contact: Contact,
    enrollment_id: int,
    submission_id: int | None,
    page: Page | None,
    page_url: str,
    lead_source: LeadSource | None,
    routes: senders.Routes,
    now: datetime,
) -> list[dict[str, object]]:
    rows, page_id = [], page.id if page else None
    for step in plan.steps:
        due = due_at(step, now, account.time_zone)
        context = step_context(
            session,
            plan_name=plan.name,
            account=account,
            contact=contact,
            page=page,
            page_url=page_url,
            lead_source=lead_source,
            due=due,
            now=now,
        )
        kind = kind_of(step.kind)
        for prepared in kind.prepare(step.settings, context):
            reason = prepared.skip_reason
            takes_share = prepared.is_answer and not reason
            if takes_share and not caps.take_answer(
                session, page_id=page_id, address=prepared.recipient, now=now.timestamp()
            ):
                reason = TOO_MANY_ANSWERS
            rows.append(
                outbox.row(
                    account_id=account.id,
                    kind=step.kind,
                    payload=prepared.payload,
                    due_at=due,
                    recipient=prepared.recipient,
                    summary=prepared.summary,
                    submission_id=submission_id,
                    contact_id=contact.id,
                    page_id=page_id,
                    enrollment_id=enrollment_id,
                    plan_step_id=step.id,
                    sender_id=routes.of(kind.stream(prepared.payload)),
                    skip_reason=reason,
                )
            )
    return rows


def _values(
    account: Account,
    contact: Contact,
    page: Page | None,
    page_url: str,
    lead_source: LeadSource | None,
    now: datetime,
) -> dict[str, dict[str, str]]:
    names = [token.partition(".")[2] for token in merge.TOKENS if token.startswith("contact.")]
    of_contact = {name: str(getattr(contact, name) or "") for name in names}
    full = f"{contact.first_name} {contact.last_name}".strip()
    of_contact["full_name"] = contact.full_name or full
    title = str(page.draft.get("title") or page.name) if page else ""
    today = now.astimezone(_zone(account.time_zone))
    return {
        "contact": of_contact,
        "account": {"name": account.name},
        "page": {"name": page.name if page else "", "title": title, "url": page_url},
        "lead_source": {"name": lead_source.name if lead_source else ""},
        "date": {"today": f"{today:%B} {today.day}, {today.year}"},
    }
