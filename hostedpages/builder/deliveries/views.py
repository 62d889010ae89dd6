"""The delivery log over HTTP. HTTP only: reads are in `queries`, writes in `service`."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages.accounts import guard
from hostedpages.accounts.next_path import safe_next
from hostedpages.builder.addresses import queries as addresses
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.deliveries import queries, service, stops, ways, words, written
from hostedpages.builder.paging import SIZES, page_number, page_size
from hostedpages.builder.services import settings
from hostedpages.delivery import kinds
from hostedpages.models import Delivery

ROLES = ("owner", "admin", "standard")
MAIL_SETTERS = ("owner", "admin")

words.install(blueprint)


@blueprint.get("/deliveries")
@guard.role_required(*ROLES)
def deliveries_list() -> str:
    """The log, narrowed by state, kind, page and recipient."""
    account = guard.current_account()
    wanted = queries.LogFilter(
        state=request.args.get("state", "") if request.args.get("state") in words.FILTERS else "",
        kind_key=request.args.get("kind", ""),
        page=request.args.get("hosted_page", ""),
        search=request.args.get("q", "").strip()[:200],
    )
    log = queries.log_page(
        account,
        wanted,
        number=page_number(request.args.get("page")),
        size=page_size(request.args.get("size"), default=25),
    )
    stops.look_up(row.delivery for row in log)
    again, left_out = service.failed_again(account)
    return render_template(
        "builder/deliveries/list.html",
        log=log,
        wanted=wanted,
        filters=words.FILTERS,
        kinds=queries.kinds_to_choose(),
        pages=queries.pages_to_choose(account),
        sizes=SIZES,
        needs_count=queries.needs_person_count(account),
        again_count=len(again),
        left_out=left_out,
        mail_note=ways.mail_note(account, platform_sends=bool(settings().smtp_url)),
        sets_up_mail=guard.current_session().user.role in MAIL_SETTERS,
        can_retry=service.can_retry,
        written_ways=written.ways_now(row.delivery for row in log),
        stop_of=stops.stop_of,
    )


@blueprint.get("/deliveries/<public_id>")
@guard.role_required(*ROLES)
def deliveries_show(public_id: str) -> str:
    """One delivery: every attempt with the server's words."""
    delivery = guard.owned(Delivery, public_id)
    secret = kinds.kind_of(delivery.kind).has_secret
    text = "" if secret else delivery.payload.get("text", "")
    return render_template(
        "builder/deliveries/show.html",
        row=queries.log_row(delivery),
        delivery=delivery,
        text=text if isinstance(text, str) else "",
        notices=addresses.notices_of(delivery),
        stopped=addresses.stopped_of(delivery.account_id, delivery.recipient)
        if kinds.kind_of(delivery.kind).is_to_contact
        else [],
        can_retry=service.can_retry(delivery),
        can_send_now=written.can_send_now(delivery),
        can_cancel=service.can_cancel(delivery),
    )


@blueprint.post("/deliveries/<public_id>/retry")
@guard.role_required(*ROLES)
def deliveries_retry(public_id: str) -> Response:
    """Send it again."""
    delivery = guard.owned(Delivery, public_id)
    service.retry_delivery(delivery, by=guard.current_session().user)
    flash("It goes out again within seconds.")
    return _back(delivery)


@blueprint.post("/deliveries/<public_id>/send-now")
@guard.role_required(*ROLES)
def deliveries_send_now(public_id: str) -> Response:
    """Send what was only written to a folder."""
    delivery = guard.owned(Delivery, public_id)
    service.send_written(delivery, by=guard.current_session().user)
    flash("It goes out within seconds.")
    return _back(delivery)


@blueprint.post("/deliveries/<public_id>/cancel")
@guard.role_required(*ROLES)
def deliveries_cancel(public_id: str) -> Response:
    """Stop it."""
    delivery = guard.owned(Delivery, public_id)
    service.cancel_delivery(delivery, by=guard.current_session().user)
    flash("Canceled. It will not be sent.")
    return _back(delivery)


@blueprint.post("/deliveries/retry-failed")
@guard.role_required(*ROLES)
def deliveries_retry_failed() -> Response:
    """Send again all that failed."""
    count, left_out = service.retry_failed(guard.current_account(), by=guard.current_session().user)
    flash(words.again_words(count, left_out))
    return redirect(url_for("builder.deliveries_list", state="waiting"), 303)


def _back(delivery: Delivery) -> Response:
    given = safe_next(request.form.get("next"))
    return redirect(given or url_for("builder.deliveries_show", public_id=delivery.public_id), 303)
