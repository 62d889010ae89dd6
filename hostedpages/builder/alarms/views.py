"""Settings, Alarms: what needs a person, who is told, and the test of both ways."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages.accounts import guard
from hostedpages.builder.alarms import queries, service
from hostedpages.builder.alarms.forms import AlarmsForm
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.services import settings
from hostedpages.errors import Refused, TooManyTries

MANAGERS = ("owner", "admin")
Answer = str | Response | tuple[str, int]


@blueprint.get("/settings/alarms")
@guard.role_required(*MANAGERS)
def alarms_show() -> Answer:
    account = guard.current_account()
    return _page(
        AlarmsForm(
            data={
                "alarm_emails": "\n".join(account.alarm_emails),
                "alarm_webhook_url": account.alarm_webhook_url,
                "daily_digest": account.daily_digest,
            }
        )
    )


@blueprint.post("/settings/alarms")
@guard.role_required(*MANAGERS)
def alarms_update() -> Answer:
    form = AlarmsForm(request.form)
    try:
        secret = service.change(
            guard.current_account(),
            alarm_emails=(form.alarm_emails.data or "").replace(",", " ").split(),
            alarm_webhook_url=form.alarm_webhook_url.data or "",
            daily_digest=bool(form.daily_digest.data),
            settings=settings(),
        )
    except (Refused, TooManyTries) as error:
        form.show(error, default="alarm_webhook_url")
        return _page(form), error.status
    if secret:
        return _secret_page(secret, is_first=True), 201
    flash("Saved")
    return redirect(url_for("builder.alarms_show"), 303)


@blueprint.post("/settings/alarms/secret")
@guard.role_required(*MANAGERS)
def alarms_secret() -> Answer:
    try:
        secret = service.make_secret(guard.current_account(), settings())
    except Refused as error:
        flash(error.message)
        return redirect(url_for("builder.alarms_show"), 303)
    return _secret_page(secret, is_first=False), 201


@blueprint.post("/settings/alarms/test")
@guard.role_required(*MANAGERS)
def alarms_test() -> Answer:
    try:
        service.send_test(
            guard.current_account(), by=guard.current_session().user, settings=settings()
        )
    except (Refused, TooManyTries) as error:
        flash(error.message)
    return redirect(url_for("builder.alarms_show", _anchor="test"), 303)


@blueprint.get("/settings/alarms/test")
@guard.role_required(*MANAGERS)
def alarms_test_show() -> Answer:
    """The result alone, for the script that looks again until it is there."""
    return render_template("builder/alarms/_test.html", test=_last_test())


def _page(form: AlarmsForm) -> str:
    account = guard.current_account()
    return render_template(
        "builder/alarms/show.html",
        form=form,
        account=account,
        alarms=queries.open_and_told(account),
        over=queries.over_lately(account),
        ways=queries.ways_to_tell(account, settings()),
        told=queries.told_addresses(account),
        looked_at=queries.looked_at(),
        test=_last_test(),
    )


def _last_test() -> queries.LastTest | None:
    return queries.last_test(guard.current_account(), has_server=bool(settings().smtp_url))


def _secret_page(secret: str, *, is_first: bool) -> str:
    return render_template("builder/alarms/secret.html", secret=secret, is_first=is_first)
