"""Action plans over HTTP: the list, one plan, its people, its rehearsal. HTTP only."""

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages import clock, db
from hostedpages.accounts import guard
from hostedpages.builder import times
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.paging import page_number
from hostedpages.builder.plans import preview, queries, readiness, service, words
from hostedpages.builder.shell import EDITORS
from hostedpages.delivery.kinds import step_kinds
from hostedpages.errors import Refused
from hostedpages.models import ActionPlan, Enrollment

Answer = str | Response | tuple[str, int]

words.install(blueprint)


@blueprint.get("/plans")
@guard.role_required(*EDITORS)
def plans_list() -> Answer:
    """The plans of the account."""
    account = guard.current_account()
    search = request.args.get("q", "").strip()[:200]
    state = request.args.get("state", "")
    state = state if state in queries.STATES else ""
    return render_template(
        "builder/plans/list.html",
        plans=queries.plans_page(
            account, search=search, state=state, number=page_number(request.args.get("page"))
        ),
        has_plans=queries.has_plans(account),
        search=search,
        state=state,
        states=queries.STATES,
    )


@blueprint.get("/plans/new")
@guard.role_required(*EDITORS)
def plans_new() -> Answer:
    """Ask for the name of a new plan."""
    return render_template("builder/plans/new.html", name="", error="")


@blueprint.post("/plans/new")
@guard.role_required(*EDITORS)
def plans_create() -> Answer:
    """Make a new plan, a draft."""
    name = request.form.get("name", "")
    try:
        plan = service.create_plan(guard.current_account(), name)
    except Refused as refused:
        page = render_template("builder/plans/new.html", name=name, error=refused.message)
        return page, refused.status
    return _to(plan)


@blueprint.get("/plans/<public_id>")
@guard.role_required(*EDITORS)
def plans_show(public_id: str) -> Answer:
    """The steps of a plan."""
    return _steps_page(guard.owned(ActionPlan, public_id))


@blueprint.post("/plans/<public_id>/rename")
@guard.role_required(*EDITORS)
def plans_rename(public_id: str) -> Answer:
    """Call it by another name."""
    plan = guard.owned(ActionPlan, public_id)
    try:
        service.rename(plan, request.form.get("name", ""))
    except Refused as refused:
        return _steps_page(plan, refusal=refused.message), refused.status
    return _to(plan)


@blueprint.post("/plans/<public_id>/rules")
@guard.role_required(*EDITORS)
def plans_change_rules(public_id: str) -> Answer:
    """What ends the plan for a contact before its last step."""
    plan = guard.owned(ActionPlan, public_id)
    try:
        service.change_rules(plan, stops_on_reply="stops_on_reply" in request.form)
    except Refused as refused:
        flash(refused.message)
        return _to(plan)
    flash("Saved")
    return _to(plan)


@blueprint.post("/plans/<public_id>/ready")
@guard.role_required(*EDITORS)
def plans_set_ready(public_id: str) -> Answer:
    """From now on new leads start it."""
    plan = guard.owned(ActionPlan, public_id)
    try:
        service.set_ready(plan)
    except readiness.NotReady as refused:
        return _steps_page(plan, is_refused=True), refused.status
    flash(f"“{plan.name}” is Ready: new leads start it.")
    return _to(plan)


@blueprint.post("/plans/<public_id>/draft")
@guard.role_required(*EDITORS)
def plans_back_to_draft(public_id: str) -> Answer:
    """New leads do not start it any more."""
    plan = guard.owned(ActionPlan, public_id)
    service.back_to_draft(plan)
    flash(
        {
            "text": f"“{plan.name}” is a draft again. Who is in it goes on.",
            "undo": url_for("builder.plans_set_ready", public_id=plan.public_id),
        }
    )
    return _to(plan)


@blueprint.post("/plans/<public_id>/duplicate")
@guard.role_required(*EDITORS)
def plans_duplicate(public_id: str) -> Answer:
    """A copy with the same steps."""
    copy = service.duplicate(guard.owned(ActionPlan, public_id))
    flash(f"“{copy.name}” was made. It is a draft.")
    return _to(copy)


@blueprint.get("/plans/<public_id>/archive")
@guard.role_required(*EDITORS)
def plans_archive_ask(public_id: str) -> Answer:
    """What archiving would mean: who uses the plan, who is in it."""
    plan = guard.owned(ActionPlan, public_id)
    return render_template(
        "builder/plans/archive.html",
        plan=plan,
        uses=queries.uses_of(guard.current_account(), plan),
        people=queries.people_count(plan),
    )


@blueprint.post("/plans/<public_id>/archive")
@guard.role_required(*EDITORS)
def plans_archive(public_id: str) -> Answer:
    """Take it out of use. A plan that is in use is archived only when the warning was seen."""
    plan = guard.owned(ActionPlan, public_id)
    account = guard.current_account()
    in_use = queries.uses_of(account, plan) or queries.people_count(plan)
    if in_use and request.form.get("seen") != "yes":
        return redirect(url_for("builder.plans_archive_ask", public_id=plan.public_id), 303)
    stops = request.form.get("stops_people") == "yes"
    service.archive(plan, stops_people=stops, by=guard.current_session().user)
    flash(
        {
            "text": f"“{plan.name}” is archived.",
            "undo": url_for("builder.plans_restore", public_id=plan.public_id),
        }
    )
    return redirect(url_for("builder.plans_list"), 303)


@blueprint.post("/plans/<public_id>/restore")
@guard.role_required(*EDITORS)
def plans_restore(public_id: str) -> Answer:
    """Bring an archived plan back, as a draft."""
    plan = guard.owned(ActionPlan, public_id)
    service.restore(plan)
    flash(f"“{plan.name}” is back, as a draft.")
    return _to(plan)


@blueprint.get("/plans/<public_id>/people")
@guard.role_required(*EDITORS)
def plans_people(public_id: str) -> Answer:
    """Who is in the plan, and what comes next for each."""
    plan = guard.owned(ActionPlan, public_id)
    number = page_number(request.args.get("page"))
    return render_template(
        "builder/plans/people.html",
        plan=plan,
        tab="people",
        people_count=queries.people_count(plan),
        people=queries.people_page(plan, number=number, size=10),
        states=words.ENROLLMENT_STATES,
    )


@blueprint.post("/plans/people/<public_id>/stop")
@guard.role_required(*EDITORS)
def plans_stop(public_id: str) -> Answer:
    """Stop the plan for one contact."""
    enrollment = guard.owned(Enrollment, public_id)
    service.stop_enrollment(enrollment, by=guard.current_session().user)
    flash("Stopped. What was not sent yet is canceled.")
    return redirect(url_for("builder.plans_people", public_id=enrollment.plan.public_id), 303)


@blueprint.get("/plans/<public_id>/rehearse")
@guard.role_required(*EDITORS)
def plans_rehearse(public_id: str) -> Answer:
    """Every step with its date and text, for a start and a contact that one chooses."""
    plan = guard.owned(ActionPlan, public_id)
    account = guard.current_account()
    start, is_understood = _start(request.args.get("start", ""))
    contacts = queries.contacts_to_choose(account)
    sample = preview.sample(account, contacts, request.args.get("contact", ""))
    return render_template(
        "builder/plans/rehearse.html",
        plan=plan,
        tab="rehearse",
        people_count=queries.people_count(plan),
        start=start,
        start_value=f"{start.astimezone(times.account_zone()):%Y-%m-%dT%H:%M}",
        is_understood=is_understood,
        contacts=contacts,
        sample=sample,
        steps=preview.rehearse(plan, start, sample),
        since=words.since_words,
    )


def _start(text: str) -> tuple[datetime, bool]:
    """A local moment of the account as UTC, and whether the text was understood; else now."""
    if not text:
        return clock.now().replace(second=0, microsecond=0), True
    try:
        wall = datetime.fromisoformat(text).replace(tzinfo=times.account_zone(), fold=0)
        start = wall.astimezone(UTC)
    except (ValueError, OverflowError):
        return clock.now().replace(second=0, microsecond=0), False
    if not 2000 <= start.year <= 2200:
        return clock.now().replace(second=0, microsecond=0), False
    return start, True


def _steps_page(plan: ActionPlan, *, refusal: str = "", is_refused: bool = False) -> str:
    return render_template(
        "builder/plans/show.html",
        plan=plan,
        tab="steps",
        people_count=queries.people_count(plan),
        problems=[] if plan.archived_at else readiness.plan_problems(db.session(), plan),
        is_refused=is_refused,
        hints=readiness.plan_hints(db.session(), guard.current_account(), plan),
        refusal=refusal,
        uses=queries.uses_of(guard.current_account(), plan),
        step_kinds=step_kinds(),
    )


def _to(plan: ActionPlan) -> Response:
    return redirect(url_for("builder.plans_show", public_id=plan.public_id), 303)
