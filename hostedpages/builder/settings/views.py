"""Settings of the account and of oneself: name, time zone, notification, password, devices."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages import clock, db
from hostedpages.accounts import guard, sessions
from hostedpages.accounts import service as accounts
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.settings import devices, service
from hostedpages.builder.settings.forms import AccountForm, OwnNameForm, PasswordForm
from hostedpages.errors import Refused, TooManyTries

MANAGERS = ("owner", "admin")
Answer = str | Response | tuple[str, int]


@blueprint.get("/settings")
@guard.signed_in
def settings_show() -> Answer:
    return redirect(url_for("builder.settings_account"), 303)


@blueprint.get("/settings/account")
@guard.signed_in
def settings_account() -> Answer:
    if guard.current_session().user.role not in MANAGERS:
        return redirect(url_for("builder.settings_devices"), 303)
    account = guard.current_account()
    form = AccountForm(
        data={
            "name": account.name,
            "time_zone": account.time_zone,
            "new_lead_emails": "\n".join(account.new_lead_emails),
            "company_address": account.company_address,
            "company_phone": account.company_phone,
            "company_email": account.company_email,
        }
    )
    return render_template("builder/settings/account.html", form=form)


@blueprint.post("/settings/account")
@guard.role_required(*MANAGERS)
def settings_account_update() -> Answer:
    form = AccountForm(request.form)
    try:
        service.change_account(
            guard.current_account(),
            name=form.name.data or "",
            time_zone=form.time_zone.data or "",
            new_lead_emails=(form.new_lead_emails.data or "").replace(",", " ").split(),
            company_address=form.company_address.data or "",
            company_phone=form.company_phone.data or "",
            company_email=form.company_email.data or "",
        )
    except Refused as error:
        form.show(error, default="name")
        return render_template("builder/settings/account.html", form=form), error.status
    flash("Saved")
    return redirect(url_for("builder.settings_account"), 303)


@blueprint.get("/settings/devices")
@guard.signed_in
def settings_devices() -> Answer:
    return _devices_page(OwnNameForm(data={"name": guard.current_session().user.name}))


@blueprint.post("/settings/devices/name")
@guard.signed_in
def settings_name_update() -> Answer:
    form = OwnNameForm(request.form)
    try:
        service.change_own_name(guard.current_session().user, form.name.data or "")
    except Refused as error:
        form.show(error, default="name")
        return _devices_page(form), error.status
    flash("Saved")
    return redirect(url_for("builder.settings_devices"), 303)


@blueprint.post("/settings/devices/password")
@guard.signed_in
def settings_password_update() -> Answer:
    user = guard.current_session().user
    form = PasswordForm(request.form)
    try:
        opened = accounts.change_password(
            user,
            current=form.current.data or "",
            new=form.password.data or "",
            visitor=guard.visitor(),
        )
    except (Refused, TooManyTries) as error:
        form.show(error, default="password")
        return _devices_page(OwnNameForm(data={"name": user.name}), form), error.status
    response = guard.remember(redirect(url_for("builder.settings_devices"), 303), opened.token)
    flash("Password saved. All other devices are signed out.")
    return response


@blueprint.post("/settings/devices/<public_id>/sign-out")
@guard.signed_in
def settings_device_sign_out(public_id: str) -> Answer:
    current = guard.current_session()
    accounts.sign_out_device(current.user, public_id)
    if public_id == current.public_id:
        return guard.forget(redirect(url_for("accounts.sign_in"), 303))
    flash("Signed out there")
    return redirect(url_for("builder.settings_devices"), 303)


@blueprint.post("/settings/devices/sign-out-everywhere")
@guard.signed_in
def settings_sign_out_everywhere() -> Answer:
    accounts.sign_out_everywhere(guard.current_session().user)
    return guard.forget(redirect(url_for("accounts.sign_in"), 303))


def _devices_page(name_form: OwnNameForm, password_form: PasswordForm | None = None) -> str:
    current = guard.current_session()
    return render_template(
        "builder/settings/devices.html",
        user=current.user,
        current_id=current.public_id,
        sessions=sessions.live_sessions(db.session(), current.user, now=clock.now()),
        describe=devices.describe,
        is_phone=devices.is_phone,
        name_form=name_form,
        password_form=password_form or PasswordForm(),
    )
