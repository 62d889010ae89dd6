"""The list of pages, new pages, and what a row's menu does. HTTP only."""

from flask import Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hostedpages.accounts import guard
from hostedpages.accounts.next_path import safe_next
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.pages import previews, queries, service
from hostedpages.builder.paging import page_number
from hostedpages.builder.share import addresses
from hostedpages.builder.shell import EDITORS
from hostedpages.errors import Refused
from hostedpages.models import Page
from hostedpages.schema.form_schema import DocumentError, Problem
from hostedpages.schema.templates import TEMPLATES

MAX_FILE_BYTES = 2_000_000


@blueprint.get("/")
@guard.signed_in
def pages_home() -> AnyResponse:
    """The first screen of this user's role."""
    user = guard.current_user()
    sells = user is not None and user.role == "salesperson"
    return redirect(url_for("builder.leads_list" if sells else "builder.pages_list"))


@blueprint.get("/pages")
@guard.role_required(*EDITORS)
def pages_list() -> str:
    account = guard.current_account()
    search = request.args.get("q", "").strip()[:200]
    status = request.args.get("status", "")
    sort = request.args.get("sort", "updated")
    sort = sort if sort in queries.SORTS else "updated"
    descending = request.args.get("dir", "desc" if sort != "name" else "asc") != "asc"
    return render_template(
        "builder/pages/list.html",
        pages=queries.pages_of(
            account,
            search=search,
            status=status,
            sort=sort,
            descending=descending,
            number=page_number(request.args.get("page")),
        ),
        addresses=addresses.of(account),
        account=account,
        search=search,
        status=status,
        sort=sort,
        descending=descending,
        statuses=queries.STATUS_WORDS,
        pills=queries.STATUS_PILLS,
        is_filtered=bool(search or status),
        has_pages=queries.page_count(account) > 0,
    )


@blueprint.get("/pages/new")
@guard.role_required(*EDITORS)
def pages_new() -> str:
    return _gallery([])


@blueprint.post("/pages/new")
@guard.role_required(*EDITORS)
def pages_create() -> AnyResponse:
    key = request.form.get("template", service.EMPTY)
    name = request.form.get("name", "")
    page = service.create_from_template(guard.current_account(), key, name)
    return redirect(url_for("builder.editor_design", pid=page.public_id), 303)


@blueprint.post("/pages/import")
@guard.role_required(*EDITORS)
def pages_import() -> AnyResponse | tuple[str, int]:
    upload = request.files.get("file")
    data = b""
    if upload is not None:
        data = upload.read(MAX_FILE_BYTES + 1)
        upload.close()
    if not data:
        return _gallery([Problem("", "Please choose a page file.")]), 422
    if len(data) > MAX_FILE_BYTES:
        return _gallery([Problem("", "A page file has at most 2 MB.")]), 422
    try:
        page = service.import_document(guard.current_account(), data)
    except DocumentError as error:
        return _gallery(error.problems), 422
    flash(f"“{page.name}” was imported as a draft.")
    return redirect(url_for("builder.editor_design", pid=page.public_id), 303)


def _gallery(problems: list[Problem]) -> str:
    return render_template(
        "builder/pages/new.html",
        templates=[(each, previews.sketch(each.document)) for each in TEMPLATES],
        empty_key=service.EMPTY,
        problems=problems[:20],
        more_problems=max(0, len(problems) - 20),
    )


@blueprint.get("/pages/<pid>")
@guard.signed_in
def pages_show(pid: str) -> AnyResponse:
    """The workspace's first tab: Results for who may not edit."""
    page = guard.owned(Page, pid)
    user = guard.current_user()
    sells = user is not None and user.role == "salesperson"
    target = "builder.results_show" if sells else "builder.editor_design"
    return redirect(url_for(target, pid=page.public_id))


@blueprint.post("/pages/<pid>/rename")
@guard.role_required(*EDITORS)
def pages_rename(pid: str) -> AnyResponse:
    page = guard.owned(Page, pid)
    try:
        service.rename(page, guard.current_account(), request.form.get("name", ""))
    except Refused as refused:
        flash(refused.message)
    return redirect(_back(url_for("builder.pages_show", pid=pid)), 303)


@blueprint.post("/pages/<pid>/duplicate")
@guard.role_required(*EDITORS)
def pages_duplicate(pid: str) -> AnyResponse:
    copy = service.duplicate(guard.owned(Page, pid), guard.current_account())
    flash(
        {
            "text": f"“{copy.name}” was made.",
            "href": url_for("builder.editor_design", pid=copy.public_id),
            "link": "Open",
        }
    )
    return redirect(url_for("builder.pages_list"), 303)


@blueprint.get("/pages/<pid>/export")
@guard.role_required(*EDITORS)
def pages_export(pid: str) -> Response:
    """The page file of the draft, as a download."""
    page = guard.owned(Page, pid)
    response = Response(service.export_bytes(page), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{page.slug}.json"'
    return response


@blueprint.post("/pages/<pid>/pause")
@guard.role_required(*EDITORS)
def pages_pause(pid: str) -> AnyResponse:
    page = guard.owned(Page, pid)
    service.pause(page)
    _say(f"“{page.name}” is paused. Visitors see a closed page.", "builder.pages_resume", page)
    return redirect(_back(url_for("builder.pages_list")), 303)


@blueprint.post("/pages/<pid>/resume")
@guard.role_required(*EDITORS)
def pages_resume(pid: str) -> AnyResponse:
    page = guard.owned(Page, pid)
    service.resume(page)
    _say(f"“{page.name}” is live again.", "builder.pages_pause", page)
    return redirect(_back(url_for("builder.pages_list")), 303)


@blueprint.post("/pages/<pid>/archive")
@guard.role_required(*EDITORS)
def pages_archive(pid: str) -> AnyResponse:
    page = guard.owned(Page, pid)
    was_open = page.status == "published"
    service.archive(page)
    fields = {"open": "1"} if was_open else {}
    _say(f"“{page.name}” is archived.", "builder.pages_restore", page, fields)
    return redirect(url_for("builder.pages_list"), 303)


@blueprint.post("/pages/<pid>/restore")
@guard.role_required(*EDITORS)
def pages_restore(pid: str) -> AnyResponse:
    page = guard.owned(Page, pid)
    service.restore(page, is_open=request.form.get("open") == "1")
    words = {"published": "is live again", "paused": "is back, paused"}
    flash(f"“{page.name}” {words.get(page.status, 'is back')}.")
    return redirect(_back(url_for("builder.pages_list")), 303)


@blueprint.get("/pages/<pid>/delete")
@guard.role_required("owner", "admin")
def pages_delete_ask(pid: str) -> str:
    page = guard.owned(Page, pid)
    if queries.submission_count(page):
        abort(404)
    return render_template("builder/pages/delete.html", page=page)


@blueprint.post("/pages/<pid>/delete")
@guard.role_required("owner", "admin")
def pages_delete(pid: str) -> AnyResponse:
    page = guard.owned(Page, pid)
    name = page.name
    service.delete_page(page)
    flash(f"“{name}” was deleted.")
    return redirect(url_for("builder.pages_list"), 303)


def _say(text: str, undo: str, page: Page, fields: dict[str, str] | None = None) -> None:
    flash({"text": text, "undo": url_for(undo, pid=page.public_id), "fields": fields or {}})


def _back(otherwise: str) -> str:
    """The staff screen that the post came from: only one of our own paths."""
    path = safe_next(request.form.get("back"))
    return path if path and path.startswith("/pages") else otherwise
