"""Settings > Domains: the list, one domain with its records, and what pasted headers say."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages.accounts import guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.domains import queries, service
from hostedpages.builder.domains.forms import AddDomainForm, FromForm, HeadersForm
from hostedpages.builder.services import settings
from hostedpages.errors import Refused, TooManyTries
from hostedpages.mail import received
from hostedpages.mail.domain_auth import PATIENCE
from hostedpages.mail.names import readable
from hostedpages.models import SendingDomain

MANAGERS = ("owner", "admin")
Answer = str | Response | tuple[str, int]


@blueprint.get("/settings/domains")
@guard.role_required(*MANAGERS)
def domains_list() -> Answer:
    rows = queries.domains_of(guard.current_account())
    return render_template("builder/domains/list.html", rows=rows, has_server=_has_server())


@blueprint.get("/settings/domains/new")
@guard.role_required(*MANAGERS)
def domains_new() -> Answer:
    return _new(AddDomainForm())


@blueprint.post("/settings/domains/new")
@guard.role_required(*MANAGERS)
def domains_create() -> Answer:
    form = AddDomainForm(request.form)
    try:
        domain = service.add(guard.current_account(), form.name.data or "", settings())
    except (Refused, TooManyTries) as error:
        form.show(error, default="name")
        return _new(form), error.status
    flash(f"{readable(domain.name)} added")
    return _to(domain)


@blueprint.get("/settings/domains/<public_id>")
@guard.role_required(*MANAGERS)
def domains_show(public_id: str) -> Answer:
    return _page(guard.owned(SendingDomain, public_id))


@blueprint.post("/settings/domains/<public_id>")
@guard.role_required(*MANAGERS)
def domains_update(public_id: str) -> Answer:
    domain = guard.owned(SendingDomain, public_id)
    form = FromForm(request.form)
    try:
        service.change_from(
            domain, from_email=form.from_email.data or "", from_name=form.from_name.data or ""
        )
    except Refused as error:
        form.show(error, default="from_email")
        return _page(domain, form), error.status
    flash("Saved")
    return _to(domain)


@blueprint.post("/settings/domains/<public_id>/check")
@guard.role_required(*MANAGERS)
def domains_check(public_id: str) -> Answer:
    domain = guard.owned(SendingDomain, public_id)
    try:
        service.check(guard.current_account(), domain, settings())
    except TooManyTries as error:
        return _page(domain, problem=error.message), error.status
    flash("Checked just now")
    return _to(domain)


@blueprint.post("/settings/domains/<public_id>/keys/next")
@guard.role_required(*MANAGERS)
def domains_next_key(public_id: str) -> Answer:
    domain = guard.owned(SendingDomain, public_id)
    try:
        service.prepare_next_key(domain, settings())
    except TooManyTries as error:
        return _page(domain, problem=error.message), error.status
    flash("The next key is ready: publish its record")
    return _to(domain)


@blueprint.post("/settings/domains/<public_id>/keys/drop")
@guard.role_required(*MANAGERS)
def domains_drop_key(public_id: str) -> Answer:
    domain = guard.owned(SendingDomain, public_id)
    service.drop_next_key(domain)
    flash("The next key is dropped. Nothing else changed.")
    return _to(domain)


@blueprint.post("/settings/domains/<public_id>/keys/forget")
@guard.role_required(*MANAGERS)
def domains_forget_key(public_id: str) -> Answer:
    domain = guard.owned(SendingDomain, public_id)
    service.forget_old_key(domain)
    return _to(domain)


@blueprint.get("/settings/domains/<public_id>/remove")
@guard.role_required(*MANAGERS)
def domains_remove_ask(public_id: str) -> Answer:
    row = queries.row_of(guard.owned(SendingDomain, public_id))
    return render_template("builder/domains/remove.html", row=row)


@blueprint.post("/settings/domains/<public_id>/remove")
@guard.role_required(*MANAGERS)
def domains_remove(public_id: str) -> Answer:
    domain = guard.owned(SendingDomain, public_id)
    title = readable(domain.name)
    service.remove(domain)
    flash(f"{title} is removed")
    return redirect(url_for("builder.domains_list"), 303)


@blueprint.get("/settings/domains/headers")
@guard.role_required(*MANAGERS)
def domains_headers() -> Answer:
    return render_template("builder/domains/headers.html", form=HeadersForm(), explained=None)


@blueprint.post("/settings/domains/headers")
@guard.role_required(*MANAGERS)
def domains_explain() -> Answer:
    form = HeadersForm(request.form)
    explained = received.explain(form.headers.data or "")
    status = 200
    if explained.is_empty:
        words = "These are no headers of a received message. Copy everything above its text."
        form.show(Refused(words), default="headers")
        explained, status = None, 422
    page = render_template(
        "builder/domains/headers.html",
        form=form,
        explained=explained,
        state_words=queries.state_words,
    )
    return page, status


def _has_server() -> bool:
    """Whether there is a server of ours that could send what is signed here."""
    return bool(settings().smtp_url)


def _new(form: AddDomainForm) -> str:
    return render_template("builder/domains/new.html", form=form, has_server=_has_server())


def _to(domain: SendingDomain) -> Response:
    return redirect(url_for("builder.domains_show", public_id=domain.public_id), 303)


def _page(domain: SendingDomain, form: FromForm | None = None, problem: str = "") -> str:
    return render_template(
        "builder/domains/show.html",
        row=queries.row_of(domain),
        records=queries.records_of(domain),
        ahead=queries.ahead_of(domain),
        form=form
        or FromForm(data={"from_email": domain.from_email, "from_name": domain.from_name}),
        problem=problem,
        patience=PATIENCE,
        has_server=_has_server(),
    )
