"""Settings > Mail: the senders of the account, set up, changed, switched and removed.

HTTP only: reads are in `queries`, writes in `service`; tests of settings are in `check_views`.
"""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages.accounts import guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.senders import gate, page, queries, service, wanted, words
from hostedpages.builder.senders.forms import SenderForm
from hostedpages.builder.services import settings
from hostedpages.errors import Conflict
from hostedpages.models import Sender

Answer = str | Response | tuple[str, int]

words.install(blueprint)


@blueprint.get("/settings/mail")
@guard.signed_in
def senders_list() -> str:
    """Every sender with its state; whoever does not manage the account sees their own."""
    account, user = guard.current_account(), guard.current_session().user
    is_manager = gate.is_manager()
    rows = queries.rows_of(account, only=None if is_manager else user)
    used = list(queries.enabled_slots(account))
    taken = {row.sender.slot for row in rows}
    offered = [slot for slot in ("account", "marketing") if is_manager and slot not in taken]
    if f"user:{user.public_id}" not in taken:
        offered.append(gate.MINE)
    return render_template(
        "builder/senders/list.html",
        rows=rows,
        used=used,
        offered=offered,
        words=words,
        is_manager=is_manager,
        way_of_rest=words.way_of_rest(used, queries.scope_of_account(account)),
        loss_of=page.loss_of,
        platform_way=words.platform_way(settings()),
    )


@blueprint.get("/settings/mail/new")
@guard.signed_in
def senders_new() -> Answer:
    """The empty form, with the preset of the address filled in."""
    slot = gate.slot_named(request.args.get("slot", "account"))
    existing = queries.in_slot(guard.current_account(), slot.key)
    if existing is not None:
        return redirect(url_for("builder.senders_show", public_id=existing.public_id), 303)
    return page.of_new(page.empty_form(slot, request.args.get("preset", "")), slot)


@blueprint.post("/settings/mail/new")
@guard.signed_in
def senders_create() -> Answer:
    slot = gate.slot_named(request.args.get("slot", "account"))
    form = SenderForm(request.form)
    if "use_preset" in request.form:
        page.fill_with_preset(form)
        return page.of_new(form, slot)
    asked, problems = wanted.read(form, any_port=settings().allows_private_hosts)
    try:
        if problems:
            raise wanted.WrongFields(problems)
        sender = service.create_sender(
            guard.current_account(), slot.key, asked, user=slot.user, settings=settings()
        )
    except wanted.WrongFields as error:
        form.show_all(error.problems)
        return page.of_new(form, slot), error.status
    except Conflict as error:
        form.show_all({"preset": error.message})
        return page.of_new(form, slot), error.status
    flash("Saved" if sender.state == "ok" else "Saved. Now test it.")
    return redirect(url_for("builder.senders_show", public_id=sender.public_id), 303)


@blueprint.get("/settings/mail/<public_id>")
@guard.signed_in
def senders_show(public_id: str) -> Answer:
    sender = gate.reachable(public_id)
    return page.of_stored(page.form_of(sender), sender)


@blueprint.post("/settings/mail/<public_id>")
@guard.signed_in
def senders_update(public_id: str) -> Answer:
    sender = gate.reachable(public_id)
    form = SenderForm(request.form)
    if "use_preset" in request.form:
        page.fill_with_preset(form)
        return page.of_stored(form, sender)
    asked, problems = wanted.read(form, any_port=settings().allows_private_hosts, stored=sender)
    try:
        if problems:
            raise wanted.WrongFields(problems)
        service.change_sender(sender, asked, settings=settings())
    except wanted.WrongFields as error:
        form.show_all(error.problems)
        return page.of_stored(form, sender), error.status
    flash("Saved")
    return redirect(url_for("builder.senders_show", public_id=public_id), 303)


@blueprint.get("/settings/mail/<public_id>/off")
@guard.signed_in
def senders_off_ask(public_id: str) -> str:
    """Asks first where mail would reach nobody: what goes that way cannot be sent later."""
    return _ask("builder/senders/off.html", gate.reachable(public_id))


@blueprint.post("/settings/mail/<public_id>/off")
@guard.signed_in
def senders_off(public_id: str) -> Answer:
    sender = gate.reachable(public_id)
    service.switch(sender, on=False)
    undo = url_for("builder.senders_on", public_id=public_id)
    flash({"text": f"{sender.email} is off", "undo": undo})
    return redirect(url_for("builder.senders_list"), 303)


@blueprint.post("/settings/mail/<public_id>/on")
@guard.signed_in
def senders_on(public_id: str) -> Answer:
    sender = gate.reachable(public_id)
    service.switch(sender, on=True)
    flash(f"{sender.email} is used again")
    return redirect(url_for("builder.senders_list"), 303)


@blueprint.get("/settings/mail/<public_id>/remove")
@guard.signed_in
def senders_remove_ask(public_id: str) -> str:
    """Asks first: the password cannot be brought back."""
    return _ask("builder/senders/remove.html", gate.reachable(public_id))


def _ask(template: str, sender: Sender) -> str:
    waiting = queries.waiting_for(sender.account_id, sender.id)
    return render_template(template, sender=sender, waiting=waiting, loss=page.loss_of(sender))


@blueprint.post("/settings/mail/<public_id>/remove")
@guard.signed_in
def senders_remove(public_id: str) -> Answer:
    sender = gate.reachable(public_id)
    service.remove_sender(sender)
    flash(f"{sender.email} is removed")
    return redirect(url_for("builder.senders_list"), 303)
