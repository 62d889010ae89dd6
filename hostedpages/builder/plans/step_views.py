"""One step of a plan over HTTP: add, change, preview, move, delete. HTTP only."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages import clock, db
from hostedpages.accounts import guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.plans import preview, queries, readiness, service
from hostedpages.builder.plans.forms import TimingForm
from hostedpages.builder.plans.words import stored_as_typed
from hostedpages.builder.shell import EDITORS
from hostedpages.delivery import merge, plans
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import StepSettings
from hostedpages.errors import DomainError
from hostedpages.models import ActionPlan, PlanStep

Answer = str | Response | tuple[str, int]
MAX_TEXT = 100_000  # more than any kind allows; only a flood is longer


@dataclass
class StepForm:
    """What the editor of one step shows: its timing and the settings of its kind."""

    kind_key: str
    timing: TimingForm
    settings: StepSettings


@blueprint.get("/plans/<public_id>/steps/new")
@guard.role_required(*EDITORS)
def plans_new_step(public_id: str) -> Answer:
    """The editor of a step that is not there yet."""
    plan = guard.owned(ActionPlan, public_id)
    key = request.args.get("kind", "")
    if not kind_of(key).is_step:
        return redirect(url_for("builder.plans_show", public_id=plan.public_id), 303)
    people = readiness.people_to_choose(db.session(), plan.account_id)
    return _editor(plan, None, StepForm(key, TimingForm(), readiness.settings_form(key, people)))


@blueprint.post("/plans/<public_id>/steps/new")
@guard.role_required(*EDITORS)
def plans_add_step(public_id: str) -> Answer:
    """Add it at the end."""
    plan = guard.owned(ActionPlan, public_id)
    return _receive(plan, None, request.form.get("kind", ""))


@blueprint.get("/plans/steps/<public_id>")
@guard.role_required(*EDITORS)
def plans_step(public_id: str) -> Answer:
    """The editor of one step."""
    step = guard.owned(PlanStep, public_id)
    people = readiness.people_to_choose(db.session(), step.account_id)
    form = StepForm(
        step.kind,
        TimingForm(
            stored_as_typed(
                {
                    "delay_amount": step.delay_amount,
                    "delay_unit": step.delay_unit,
                    "at_time": step.at_time or None,
                }
            )
        ),
        readiness.settings_form(step.kind, people, stored_as_typed(step.settings)),
    )
    if step.plan.state == "draft":
        form.settings.validate()  # a draft may be unfinished: say what is missing
    return _editor(step.plan, step, form)


@blueprint.post("/plans/steps/<public_id>")
@guard.role_required(*EDITORS)
def plans_change_step(public_id: str) -> Answer:
    """Store it, or show what it would send."""
    step = guard.owned(PlanStep, public_id)
    return _receive(step.plan, step, step.kind)


@blueprint.post("/plans/steps/<public_id>/move")
@guard.role_required(*EDITORS)
def plans_move_step(public_id: str) -> Answer:
    """One place up or down."""
    step = guard.owned(PlanStep, public_id)
    service.move_step(step, by=-1 if request.form.get("direction") == "up" else 1)
    return _to_step(step)


@blueprint.get("/plans/steps/<public_id>/delete")
@guard.role_required(*EDITORS)
def plans_delete_step_ask(public_id: str) -> Answer:
    """Ask first: a deleted step does not come back."""
    return render_template("builder/plans/delete_step.html", step=guard.owned(PlanStep, public_id))


@blueprint.post("/plans/steps/<public_id>/delete")
@guard.role_required(*EDITORS)
def plans_delete_step(public_id: str) -> Answer:
    """Remove it from the plan."""
    step = guard.owned(PlanStep, public_id)
    plan = step.plan
    try:
        service.delete_step(step)
    except DomainError as refused:
        flash(refused.message)
    else:
        flash("The step is deleted. What was planned for people in the plan still goes out.")
    return redirect(url_for("builder.plans_show", public_id=plan.public_id), 303)


def _receive(plan: ActionPlan, step: PlanStep | None, key: str) -> Answer:
    people = readiness.people_to_choose(db.session(), plan.account_id)
    form = StepForm(
        key, TimingForm(request.form), readiness.settings_form(key, people, request.form)
    )
    is_timed = form.timing.validate()
    is_complete = form.settings.validate()
    if "preview" in request.form:
        return _editor(plan, step, form, is_preview=is_timed)
    # A draft keeps unfinished settings; they are what stands between it and Ready.
    if not is_timed or (plan.state == "ready" and not is_complete) or not _storable(form.settings):
        return _editor(plan, step, form), 422
    values = {**form.timing.stored, "settings": form.settings.stored}
    try:
        if step is None:
            step = service.add_step(plan, kind=key, **values)
        else:
            service.change_step(step, **values)
    except DomainError as refused:
        return _editor(plan, step, form, refusal=refused.message), refused.status
    flash("Saved." if is_complete else "Saved. Something is still missing before it can be Ready.")
    return _to_step(step)


def _storable(settings: StepSettings) -> bool:
    """Whether a draft may keep these settings: unfinished yes, foreign choices and floods no."""
    for field in settings:
        if field.errors and getattr(field, "choices", None) is not None:
            return False
        if isinstance(field.data, str) and len(field.data) > MAX_TEXT:
            return False
    return True


def _editor(
    plan: ActionPlan,
    step: PlanStep | None,
    form: StepForm,
    *,
    refusal: str = "",
    is_preview: bool = False,
) -> str:
    account = guard.current_account()
    contacts = queries.contacts_to_choose(account)
    sample = preview.sample(account, contacts, request.form.get("preview_for", ""))
    return render_template(
        "builder/plans/step.html",
        plan=plan,
        step=step,
        form=form,
        kind=kind_of(form.kind_key),
        refusal=refusal,
        tokens=merge.TOKENS,
        contacts=contacts,
        sample=sample,
        shown=_preview(plan, form, sample) if is_preview else None,
    )


def _preview(plan: ActionPlan, form: StepForm, sample: preview.Sample) -> preview.RehearsedStep:
    """What the form's step would send, were the plan started this moment."""
    unsaved = PlanStep(kind=form.kind_key, settings=form.settings.stored, **form.timing.stored)
    due = plans.due_at(unsaved, clock.now(), sample.account.time_zone)
    shown = preview.step_preview(
        unsaved.kind, unsaved.settings, plan_name=plan.name, for_sample=sample, due_at=due
    )
    return preview.RehearsedStep(0, unsaved, due, shown)


def _to_step(step: PlanStep) -> Response:
    plan = step.plan
    address = url_for("builder.plans_show", public_id=plan.public_id)
    return redirect(f"{address}#step-{step.public_id}", 303)
