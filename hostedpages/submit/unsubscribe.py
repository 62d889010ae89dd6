"""Where the reader of a mail says stop: a page with a button, and the button of mail programs.

Looking at it changes nothing, because link scanners look at everything; only a POST does, without
cookie or form token (RFC 8058). Must never tell a forged link from a stale one, nor show a whole
address to whoever holds the link.
"""

from flask import Blueprint, current_app, make_response, render_template, request
from werkzeug.wrappers import Response

from hostedpages import clock, pii
from hostedpages.accounts import guard
from hostedpages.delivery import stop_links
from hostedpages.submit import service
from hostedpages.submit.service import Standing

blueprint = Blueprint("unsubscribe", __name__, template_folder="templates")

ONE_CLICK = "One-Click"


@blueprint.get("/u/<token>")
@guard.public
def unsubscribe_show(token: str) -> Response:
    """The page with the button."""
    found = _standing(token)
    return _page(found, "stopped" if found and found.is_stopped else "ask")


@blueprint.post("/u/<token>")
@guard.public
def unsubscribe_stop(token: str) -> Response:
    """Stop, or with `again` take it back; the same answer however often it comes."""
    found = _standing(token)
    if found is None:
        return _page(None, "ask")
    now = clock.now()
    if request.form.get("again"):
        service.take_stop_back(found, now=now)
        found = _standing(token)
        return _page(found, "stopped" if found and found.is_stopped else "again")
    is_one_click = request.form.get("List-Unsubscribe") == ONE_CLICK
    service.stop_mail(found, reason="one_click" if is_one_click else "unsubscribe_page", now=now)
    return _page(_standing(token), "stopped")


def _standing(token: str) -> Standing | None:
    tokens = current_app.extensions["hostedpages"].tokens
    public_id = stop_links.delivery_id(tokens, token)
    return service.standing(public_id, clock.now()) if public_id else None


def _page(found: Standing | None, state: str) -> Response:
    response = make_response(
        render_template(
            "submit/unsubscribe.html",
            state=state if found else "unknown",
            company=found.company if found else "",
            address=pii.mask("email", found.address) if found else "",
            can_take_back=bool(found and found.can_take_back),
        ),
        200 if found else 400,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
