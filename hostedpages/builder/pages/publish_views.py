"""Publishing a page, and its versions. HTTP only."""

from dataclasses import dataclass

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hostedpages import db
from hostedpages.accounts import guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.pages import queries, service
from hostedpages.builder.pages.readiness import PublishRefused, readiness
from hostedpages.builder.paging import page_number
from hostedpages.builder.shell import EDITORS
from hostedpages.errors import Conflict, NotFound
from hostedpages.models import Page, PageVersion
from hostedpages.render.page import draw_preview
from hostedpages.render.policy import preview_policy
from hostedpages.schema.form_schema import FormSchema, Problem, changes
from hostedpages.web import set_policy, static_url


@dataclass(frozen=True)
class LinkedProblem:
    """A problem with the address of the place where it can be put right."""

    message: str
    href: str
    place: str


def linked(page: Page, problems: list[Problem]) -> list[LinkedProblem]:
    """Problems with their places: an element in the designer, an option in Options."""
    design = url_for("builder.editor_design", pid=page.public_id)
    options = url_for("builder.options_show", pid=page.public_id)
    found = []
    for problem in problems:
        if problem.element_index is not None:
            place, href = "Design", f"{design}#element-{problem.element_index}"
        elif problem.path.startswith("options."):
            key = problem.path.removeprefix("options.").partition("[")[0]
            place, href = "Options", f"{options}#{key}"
        else:
            place, href = "Design", design
        found.append(LinkedProblem(problem.message, href, place))
    return found


@blueprint.get("/pages/<pid>/publish")
@guard.role_required(*EDITORS)
def publish_show(pid: str) -> str:
    page = guard.owned(Page, pid)
    return _ask(page)


@blueprint.post("/pages/<pid>/publish")
@guard.role_required(*EDITORS)
def publish_create(pid: str) -> AnyResponse | tuple[str, int]:
    page = guard.owned(Page, pid)
    before = page.live_version_id
    try:
        version = service.publish(
            page,
            guard.current_account(),
            guard.current_user(),
            lock_version=request.form.get("lock_version", type=int),
        )
    except PublishRefused:
        return _ask(page), 422
    except Conflict as conflict:
        return _ask(page, conflict.message), 409
    is_new = version.id != before
    flash(
        f"Version {version.number} is live. Visitors see it within a second."
        if is_new
        else f"Version {version.number} is live."
    )
    return redirect(url_for("builder.share_show", pid=pid), 303)


def _ask(page: Page, *words: str) -> str:
    schema = FormSchema.load(page.draft)
    live = queries.live_version(page)
    ready = readiness(db.session(), guard.current_account(), schema)
    return render_template(
        "builder/pages/publish.html",
        page=page,
        changes=changes(queries.schema_of(live), schema),
        problems=linked(page, ready.problems),
        warnings=[*words, *ready.warnings],
        live=live,
    )


@blueprint.get("/pages/<pid>/versions")
@guard.role_required(*EDITORS)
def versions_list(pid: str) -> str:
    page = guard.owned(Page, pid)
    return render_template(
        "builder/pages/versions.html",
        page=page,
        versions=queries.versions_of(page, page_number(request.args.get("page"))),
    )


@blueprint.get("/pages/<pid>/versions/<int:number>")
@guard.role_required(*EDITORS)
def versions_show(pid: str, number: int) -> str:
    page = guard.owned(Page, pid)
    version = _version(page, number)
    before = queries.version_of(page, number - 1)
    schema = FormSchema.load(version.document)
    return render_template(
        "builder/pages/version.html",
        page=page,
        version=version,
        by=queries.publisher_of(version),
        changes=changes(queries.schema_of(before), schema),
        back_to_it=changes(FormSchema.load(page.draft), schema),
    )


@blueprint.get("/pages/<pid>/versions/<int:number>/view")
@guard.role_required(*EDITORS)
def versions_draw(pid: str, number: int) -> Response:
    """The version as visitors saw it, for the frame; it cannot be sent."""
    page = guard.owned(Page, pid)
    schema = FormSchema.load(_version(page, number).document)
    drawn = draw_preview(schema, script_url=static_url("public/form.js"))
    set_policy(preview_policy(drawn.style_digest))
    return make_response(drawn.html)


@blueprint.post("/pages/<pid>/versions/<int:number>/restore")
@guard.role_required(*EDITORS)
def versions_restore(pid: str, number: int) -> AnyResponse:
    page = guard.owned(Page, pid)
    service.restore_version(page, _version(page, number))
    flash(f"The draft is version {number} again. Visitors see it after you publish.")
    return redirect(url_for("builder.editor_design", pid=pid), 303)


def _version(page: Page, number: int) -> PageVersion:
    version = queries.version_of(page, number)
    if version is None:
        raise NotFound()
    return version
