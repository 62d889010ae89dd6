"""Lead sources: list, add, rename, plan, archive."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages.accounts import guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.settings import queries, service
from hostedpages.builder.settings.forms import SourceForm
from hostedpages.builder.settings.views import MANAGERS
from hostedpages.errors import NotFound, Refused
from hostedpages.models import ActionPlan, LeadSource

Answer = str | Response | tuple[str, int]


@blueprint.get("/settings/sources")
@guard.role_required(*MANAGERS)
def settings_sources() -> Answer:
    rows = queries.sources_of(guard.current_account())
    return render_template("builder/settings/sources.html", rows=rows)


@blueprint.get("/settings/sources/new")
@guard.role_required(*MANAGERS)
def settings_sources_new() -> Answer:
    return _source_page(SourceForm(), None)


@blueprint.post("/settings/sources/new")
@guard.role_required(*MANAGERS)
def settings_sources_create() -> Answer:
    form = SourceForm(request.form)
    try:
        source = service.create_source(
            guard.current_account(), name=form.name.data or "", action_plan=_chosen_plan(form)
        )
    except Refused as error:
        form.show(error, default="name")
        return _source_page(form, None), error.status
    flash(f"Lead source “{source.name}” added")
    return redirect(url_for("builder.settings_sources"), 303)


@blueprint.get("/settings/sources/<public_id>")
@guard.role_required(*MANAGERS)
def settings_source(public_id: str) -> Answer:
    source = guard.owned(LeadSource, public_id)
    plan = queries.plan_of(source)
    form = SourceForm(data={"name": source.name, "action_plan": plan.public_id if plan else ""})
    return _source_page(form, source)


@blueprint.post("/settings/sources/<public_id>")
@guard.role_required(*MANAGERS)
def settings_source_update(public_id: str) -> Answer:
    source = guard.owned(LeadSource, public_id)
    form = SourceForm(request.form)
    try:
        service.change_source(source, name=form.name.data or "", action_plan=_chosen_plan(form))
    except Refused as error:
        form.show(error, default="name")
        return _source_page(form, source), error.status
    flash("Saved")
    return redirect(url_for("builder.settings_sources"), 303)


@blueprint.post("/settings/sources/<public_id>/archive")
@guard.role_required(*MANAGERS)
def settings_source_archive(public_id: str) -> Answer:
    source = guard.owned(LeadSource, public_id)
    service.archive_source(source)
    undo = url_for("builder.settings_source_restore", public_id=public_id)
    flash({"text": f"Lead source “{source.name}” archived", "undo": undo})
    return redirect(url_for("builder.settings_sources"), 303)


@blueprint.post("/settings/sources/<public_id>/restore")
@guard.role_required(*MANAGERS)
def settings_source_restore(public_id: str) -> Answer:
    source = guard.owned(LeadSource, public_id)
    service.restore_source(source)
    flash(f"Lead source “{source.name}” is back")
    return redirect(url_for("builder.settings_sources"), 303)


def _chosen_plan(form: SourceForm) -> ActionPlan | None:
    """The plan of the form, loaded through the account: another account's is no choice."""
    if not form.action_plan.data:
        return None
    try:
        return guard.owned(ActionPlan, form.action_plan.data)
    except NotFound:
        raise Refused("Please choose a plan from the list.", field="action_plan") from None


def _source_page(form: SourceForm, source: LeadSource | None) -> str:
    plans = queries.plans_to_choose(guard.current_account())
    current = queries.plan_of(source) if source else None
    if current is not None and current not in plans:
        plans = [*plans, current]
    words = {plan.public_id: f"{plan.name}{_doubt(plan)}" for plan in plans}
    form.action_plan.choices = {"": "No plan", **words}
    return render_template("builder/settings/source.html", form=form, source=source)


def _doubt(plan: ActionPlan) -> str:
    if plan.archived_at is not None:
        return " (archived, does not start)"
    return "" if plan.state == "ready" else " (draft, does not start yet)"
