"""Stopped addresses over HTTP: list, one address, add by hand, let go again."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages.accounts import guard
from hostedpages.builder.addresses import queries, service, words
from hostedpages.builder.addresses.forms import KINDS, LiftForm, StopForm
from hostedpages.builder.addresses.queries import FILTERS, Wanted
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.paging import SIZES, page_number, page_size
from hostedpages.errors import Refused
from hostedpages.models import SuppressedAddress

MANAGERS = ("owner", "admin")
Answer = str | Response | tuple[str, int]

words.install(blueprint)


@blueprint.get("/settings/addresses")
@guard.role_required(*MANAGERS)
def addresses_list() -> Answer:
    """All stopped addresses, narrowed by kind and search."""
    account = guard.current_account()
    show = request.args.get("show", "")
    wanted = Wanted(
        show=show if show in FILTERS else "", search=request.args.get("q", "").strip()[:200]
    )
    return render_template(
        "builder/addresses/list.html",
        rows=queries.stopped_page(
            account,
            wanted,
            number=page_number(request.args.get("page")),
            size=page_size(request.args.get("size"), default=25),
        ),
        wanted=wanted,
        filters=FILTERS,
        sizes=SIZES,
        has_any=queries.has_any(account),
    )


@blueprint.get("/settings/addresses/new")
@guard.role_required(*MANAGERS)
def addresses_new() -> Answer:
    """Stop an address by hand."""
    return _new_page(StopForm())


@blueprint.post("/settings/addresses/new")
@guard.role_required(*MANAGERS)
def addresses_create() -> Answer:
    """Stop it."""
    form = StopForm(request.form)
    try:
        address, is_new = service.stop_by_hand(
            guard.current_account(),
            email=form.email.data or "",
            kind=form.kind.data or "",
            by=guard.current_session().user,
        )
    except Refused as error:
        form.show(error, default="email")
        return _new_page(form), error.status
    flash(
        f"No plan mail goes to {address} any more." if is_new else f"{address} was stopped before."
    )
    return redirect(url_for("builder.addresses_list"), 303)


@blueprint.get("/settings/addresses/<public_id>")
@guard.role_required(*MANAGERS)
def addresses_show(public_id: str) -> Answer:
    """One address: why it is stopped, who carries it, and the way back."""
    return _page(guard.owned(SuppressedAddress, public_id), LiftForm())


@blueprint.post("/settings/addresses/<public_id>/lift")
@guard.role_required(*MANAGERS)
def addresses_lift(public_id: str) -> Answer:
    """Let it be written to again."""
    address = guard.owned(SuppressedAddress, public_id)
    form = LiftForm(request.form)
    try:
        service.let_go(address, note=form.note.data or "", by=guard.current_session().user)
    except Refused as error:
        form.show(error, default="note")
        return _page(address, form), error.status
    flash(f"{address.address_key} may be written to again.")
    return redirect(url_for("builder.addresses_list"), 303)


def _new_page(form: StopForm) -> str:
    return render_template("builder/addresses/new.html", form=form, kinds=KINDS)


def _page(address: SuppressedAddress, form: LiftForm) -> str:
    row = queries.stopped_row(address)
    form.note.label.text = (
        "How did this person agree to get mails again?" if row.is_opt_out else "What has changed?"
    )
    form.note.description = (
        "For example: asked for it on the phone on March 3. It is kept as the record of consent."
        if row.is_opt_out
        else "For example: the address was misspelled at the provider and works again."
    )
    return render_template(
        "builder/addresses/show.html",
        row=row,
        form=form,
        contacts=queries.contacts_with(address),
        others=[
            each
            for each in queries.stopped_of(address.account_id, address.address_key)
            if each.address.id != address.id
        ],
    )
