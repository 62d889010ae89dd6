"""POST of public pages, the thank-you page, and the beacon that counts views.

HTTP only. Must never set a cookie, follow an address from the request, or lose what was typed.
"""

import json

from flask import Blueprint, current_app, request
from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from hostedpages import clock, db
from hostedpages.accounts import guard
from hostedpages.errors import TooManyTries
from hostedpages.render import answers, known_contact
from hostedpages.render.drawing import FormState
from hostedpages.render.live import LivePage, Version
from hostedpages.render.page import Message
from hostedpages.render.public import public
from hostedpages.render.views import closed_message
from hostedpages.submit import intake, pipeline, results, service, walking
from hostedpages.submit.intake import Posted
from hostedpages.submit.results import Accepted, reference_of

blueprint = Blueprint("submit", __name__)

SEND_AGAIN = "This page was open for a long time. Please check your answers and send them again."
BUSY = "We could not store your answers just now. They are still here: please send them again."
BUSY_SECONDS = 5
MAX_BEACON = 200


@blueprint.post("/p/<account_slug>/<page_slug>")
@guard.public
def post_page(account_slug: str, page_slug: str) -> Response:
    """A post of the page by itself."""
    return _take(public().lives.at_address(account_slug, page_slug), is_embedded=False)


@blueprint.post("/f/<public_id>")
@guard.public
def post_form(public_id: str) -> Response:
    """A post of the form in a frame, or of one that opened itself at the top."""
    is_top = request.headers.get("Sec-Fetch-Dest") == "document"
    return _take(public().lives.with_public_id(public_id), is_embedded=not is_top)


@blueprint.get("/f/<public_id>/thanks")
@guard.public
def thanks(public_id: str) -> Response:
    """The built-in thank-you page. Without a good receipt it says the same, but for the number."""
    live = public().lives.with_public_id(public_id)
    if live is None:
        raise NotFound()
    receipt = public().read_receipt(request.args.get("r", ""), live)
    version = public().lives.version_of(live, receipt.version_number) if receipt else None
    version = version or live.version
    said = Message(
        "Your answers have arrived",
        version.schema.options.success_message,
        is_good=True,
        reference=receipt.reference if receipt else "",
    )
    is_embedded = receipt.is_embedded if receipt else False
    return answers.message(live, said, 200, is_embedded=is_embedded, version=version)


@blueprint.post("/f/<public_id>/seen")
@guard.public
def seen(public_id: str) -> Response:
    """Count a view or a start. Says nothing, whatever comes."""
    live = public().lives.with_public_id(public_id)
    if live is not None and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin":
        event = _event(request.get_data(cache=False)[:MAX_BEACON])
        if event in service.EVENTS:
            try:
                service.count_seen(live, event, clock.now())
            except db.UNAVAILABLE:
                current_app.logger.warning("a view was not counted: the database is busy")
    return Response(status=204)


def _event(body: bytes) -> str:
    try:
        data = json.loads(body)
    except ValueError:
        return ""
    event = data.get("event") if isinstance(data, dict) else None
    return event if isinstance(event, str) else ""


def _take(live: LivePage | None, *, is_embedded: bool) -> Response:
    if live is None:
        raise NotFound()
    posted = intake.read(live)
    token = public().read_form_token(posted.token, live)
    version = public().lives.version_of(live, token.version_number) if token else None
    opened_at = token.issued_at if token and token.is_fresh else None
    if not live.is_open(clock.now(), opened_at=opened_at):
        return _closed(live, version or live.version, posted, is_embedded)
    if token is None or version is None or not token.is_fresh:
        if posted.token:
            current_app.logger.warning("a form token was too old or not ours")
        # The version that was answered: a newer one may miss a field, and so its answer.
        return _again(live, version or live.version, posted, SEND_AGAIN, 409, is_embedded)
    schema = version.schema
    treatment = known_contact.treat(schema, posted.known, posted.typed)
    given = intake.answers(schema, posted, treatment)
    step = walking.step(schema, posted, given, treatment)
    if not step.is_complete:
        state = FormState(
            visible=step.visible,
            values=step.raw,
            errors=step.errors,
            current=step.screen,
            notice=step.notice,
            carried=posted.carried,
            treatment=treatment,
        )
        return answers.form(
            live,
            version,
            state,
            is_embedded=is_embedded,
            is_personal=posted.known is not None,
            status=422 if step.errors else 200,
        )
    made = intake.build(live, version, posted, step.values, opened_at, treatment)
    try:
        accepted = pipeline.accept(made)
    except pipeline.PageClosed:
        return _closed(live, version, posted, is_embedded)
    except TooManyTries as refusal:
        response = _again(live, version, posted, refusal.message, 429, is_embedded)
        response.headers["Retry-After"] = str(max(1, round(refusal.retry_after_seconds)))
        return response
    except db.UNAVAILABLE:
        current_app.logger.exception("a submission could not be stored")
        response = _again(live, version, posted, BUSY, 503, is_embedded)
        response.headers["Retry-After"] = str(BUSY_SECONDS)
        return response
    return _thank(live, version, accepted, is_embedded)


def _thank(live: LivePage, version: Version, accepted: Accepted, is_embedded: bool) -> Response:
    location = results.success_location(version.schema.options, accepted)
    if not location:
        receipt = public().receipt(
            live,
            version_number=accepted.version_number,
            reference=reference_of(accepted.public_id),
            is_embedded=is_embedded,
            at=accepted.created_at,
        )
        location = f"/f/{live.public_id}/thanks?r={receipt}"
    return _see_other(location)


def _closed(live: LivePage, version: Version, posted: Posted, is_embedded: bool) -> Response:
    """The error URL, or a page that hands back what was typed."""
    location = results.error_location(live.version.schema.options, results.ERR_CLOSED)
    if location:
        return _see_other(location)
    said = closed_message(live)
    treatment = known_contact.treat(version.schema, posted.known, posted.typed)
    raw = version.schema.check(intake.answers(version.schema, posted, treatment)).raw
    typed = tuple(
        (each.title, ", ".join(raw[each.key]))
        for each in version.schema.fields
        if each.type.is_shown and any(raw.get(each.key, ()))
    )
    said = Message(said.heading, said.text, answers=typed)
    return answers.message(live, said, 410, is_embedded=is_embedded, version=version)


def _again(
    live: LivePage,
    version: Version,
    posted: Posted,
    notice: str,
    status: int,
    is_embedded: bool,
) -> Response:
    """The page with every answer kept, a fresh token, and a sentence why."""
    treatment = known_contact.treat(version.schema, posted.known, posted.typed)
    given = intake.answers(version.schema, posted, treatment)
    checked = version.schema.check(given, known=treatment.answered)
    state = FormState(
        visible=checked.visible,
        values=checked.raw,
        current=min(posted.screen, len(version.schema.screens) - 1),
        notice=notice,
        carried=posted.carried,
        treatment=treatment,
    )
    return answers.form(
        live,
        version,
        state,
        is_embedded=is_embedded,
        is_personal=posted.known is not None,
        status=status,
    )


def _see_other(location: str) -> Response:
    response = redirect(location, 303)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
