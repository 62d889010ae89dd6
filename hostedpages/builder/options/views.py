"""The Options tab. HTTP only."""

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hostedpages.accounts import guard
from hostedpages.builder import times
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.options import colors, queries, reading, service
from hostedpages.builder.pages import service as pages
from hostedpages.builder.pages.workspace import workspace
from hostedpages.builder.share import addresses
from hostedpages.builder.shell import EDITORS
from hostedpages.errors import Conflict, Refused
from hostedpages.models import Page
from hostedpages.schema.form_schema import DocumentError, FormSchema
from hostedpages.web import wants_json

Answer = AnyResponse | str | tuple[str, int] | tuple[AnyResponse, int]


@blueprint.get("/pages/<pid>/options")
@guard.role_required(*EDITORS)
def options_show(pid: str) -> str:
    page = guard.owned(Page, pid)
    values = reading.values_of(FormSchema.load(page.draft), times.account_zone())
    return _draw(page, values, {})


@blueprint.post("/pages/<pid>/options")
@guard.role_required(*EDITORS)
def options_save(pid: str) -> Answer:
    """The whole form: JSON for the script that saves by itself, a redirect for the button."""
    page = guard.owned(Page, pid)
    form = request.form.copy()
    try:
        if "make_source" in form:
            name = form.get("new_lead_source", "")
            form["lead_source"] = service.make_source(guard.current_account(), name)
        saved = service.save_options(
            page, form, zone=times.account_zone(), seen=form.get("seen", "")
        )
    except Refused as refused:
        return _refuse(page, {"new_lead_source": refused.message}, refused.message, 422)
    except DocumentError as error:
        errors = reading.errors_by_field(error.problems)
        return _refuse(page, errors, "Not saved: something needs another look.", 422)
    except Conflict as conflict:
        return _refuse(page, {}, conflict.message, 409)
    if wants_json():
        frame = workspace(page, "options")
        return jsonify(
            seen=saved.stamp, errors={}, message="Saved", state=frame.state, pill=frame.pill
        )
    flash("Saved.")
    anchor = "lead_source" if "make_source" in form else None
    return redirect(url_for("builder.options_show", pid=pid, _anchor=anchor), 303)


@blueprint.post("/pages/<pid>/slug")
@guard.role_required(*EDITORS)
def options_slug(pid: str) -> Answer:
    page = guard.owned(Page, pid)
    try:
        pages.change_slug(page, guard.current_account(), request.form.get("slug", ""))
    except Refused as refused:
        values = reading.values_of(FormSchema.load(page.draft), times.account_zone())
        return _draw(page, values, {"slug": refused.message}, request.form.get("slug")), 422
    flash("The page has its new address. The old one no longer works.")
    return redirect(url_for("builder.options_show", pid=pid, _anchor="slug"), 303)


def _refuse(page: Page, errors: dict[str, str], message: str, status: int) -> Answer:
    if wants_json():
        return jsonify(errors=errors, message=message), status
    if status == 409:
        flash(message)
    return _draw(page, reading.values_given(request.form), errors), status


def _draw(
    page: Page, values: dict[str, Any], errors: dict[str, str], slug: str | None = None
) -> str:
    account = guard.current_account()
    schema = FormSchema.load(page.draft)
    return render_template(
        "builder/options/show.html",
        page=page,
        tab="options",
        values=values,
        errors=errors,
        slug=page.slug if slug is None else slug,
        seen=reading.stamp(page.draft),
        sources=queries.sources_of(account, values["lead_source"]),
        plans=queries.plans_of(account),
        source_plan=queries.plan_of_source(account, values["lead_source"]),
        people=queries.people_of(account),
        new_lead_list=queries.new_lead_list(account),
        prefillable=[field for field in schema.fields if not field.is_pii],
        words={name: colors.words(values[name]) for name in ("base_color", "highlight_color")},
        strip=colors.strip(values["base_color"], values["highlight_color"]),
        zone=account.time_zone,
        addresses=addresses.of(account),
    )
