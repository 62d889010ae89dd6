"""Results of a page, leads of all pages, one submission, exports. HTTP only."""

from collections.abc import Iterator

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hostedpages import clock, db
from hostedpages.accounts import guard
from hostedpages.builder import times
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.deliveries import stops
from hostedpages.builder.inbox import export, figures, filters, queries
from hostedpages.builder.pages import queries as page_queries
from hostedpages.builder.paging import SIZES, page_number, page_size
from hostedpages.builder.share import addresses
from hostedpages.builder.shell import EDITORS
from hostedpages.errors import Conflict
from hostedpages.models import Page, Submission
from hostedpages.schema import clean
from hostedpages.submit import pipeline

blueprint.add_app_template_filter(clean.phone_text, "phone_text")


@blueprint.get("/pages/<pid>/results")
@guard.signed_in
def results_show(pid: str) -> str:
    page = guard.owned(Page, pid)
    account = guard.current_account()
    wanted = filters.read(request.args)
    columns = queries.columns_of(page, request.args.getlist("column"))
    rows = queries.submissions_of(
        page,
        wanted,
        columns,
        number=page_number(request.args.get("page")),
        size=page_size(request.args.get("size")),
    )
    return render_template(
        "builder/inbox/results.html",
        page=page,
        tab="results",
        rows=rows,
        filters=wanted,
        columns=columns,
        figures=figures.figures_of(page),
        quarantined=queries.quarantined_count(account, page),
        sizes=SIZES,
        has_any=page_queries.submission_count(page) > 0,
        shown=filters.SHOWN,
    )


@blueprint.get("/pages/<pid>/results.csv")
@guard.signed_in
def results_export(pid: str) -> Response:
    """The submissions that the filters leave, as a CSV file."""
    page = guard.owned(Page, pid)
    chunks = export.write_csv(page, filters.read(request.args), times.account_zone(), bom=True)
    response = Response(_in_own_unit(chunks), mimetype="text/csv")
    day = clock.now().astimezone(times.account_zone()).date().isoformat()
    name = f"{page.slug}-{day}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _in_own_unit(chunks: Iterator[str]) -> Iterator[str]:
    """What is read while it is sent: the request's unit is closed by then."""
    with db.unit():
        yield from chunks


@blueprint.get("/leads")
@guard.signed_in
def leads_list() -> str:
    account = guard.current_account()
    wanted = filters.read(request.args)
    rows = queries.leads_of(
        account,
        wanted,
        number=page_number(request.args.get("page")),
        size=page_size(request.args.get("size")),
    )
    return render_template(
        "builder/inbox/leads.html",
        rows=rows,
        filters=wanted,
        quarantined=queries.quarantined_count(account),
        has_any=queries.submission_count(account) > 0,
        sizes=SIZES,
        shown=filters.SHOWN,
    )


@blueprint.get("/leads/<pid>")
@guard.signed_in
def leads_show(pid: str) -> str:
    """One submission. As a part of a list (`?part=1`) only the panel is drawn."""
    found = queries.lead(guard.owned(Submission, pid))
    stops.look_up(found.deliveries)
    part = "builder/inbox/_panel.html" if request.args.get("part") else "builder/inbox/lead.html"
    return render_template(part, lead=found, page=found.page)


@blueprint.post("/leads/<pid>/release")
@guard.role_required(*EDITORS)
def leads_release(pid: str) -> AnyResponse:
    """Not spam: everything that was promised happens now."""
    submission = guard.owned(Submission, pid)
    page = queries.lead(submission).page
    user = guard.current_user()
    try:
        pipeline.release(
            submission,
            page_url=addresses.of(guard.current_account()).page(page),
            by_user_id=user.id if user else None,
        )
        flash("Taken as a lead. Contact, notifications and plan follow as for any other.")
    except Conflict as conflict:
        flash(conflict.message)
    return redirect(url_for("builder.leads_show", pid=pid), 303)
