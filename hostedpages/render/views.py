"""GET of public pages: the page, its embedded form, and the script for other people's sites.

Must never write anything, set a cookie, or let one visitor's page be kept for another.
"""

from typing import Any

from flask import Blueprint, Flask, current_app, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from hostedpages import clock
from hostedpages.accounts import guard
from hostedpages.render import answers, known_contact, page
from hostedpages.render.drawing import first_state
from hostedpages.render.live import LivePage
from hostedpages.render.page import Message
from hostedpages.render.public import Public, public
from hostedpages.web.static import answer_with, static_file

blueprint = Blueprint("render", __name__, template_folder="templates")

CLOSED = "This form is no longer taking answers."
PAUSED = "This form is taking a break. Please come back later."
KEPT_AN_HOUR = "public, max-age=3600"


@blueprint.record_once
def _prepare(state: Any) -> None:
    app: Flask = state.app
    app.extensions["hostedpages_public"] = Public(app)


@blueprint.get("/p/<account_slug>/<page_slug>")
@guard.public
def show_page(account_slug: str, page_slug: str) -> Response:
    """The page by itself."""
    return _show(public().lives.at_address(account_slug, page_slug), is_embedded=False)


@blueprint.get("/f/<public_id>")
@guard.public
def show_form(public_id: str) -> Response:
    """The same form for frames; this address never changes."""
    return _show(public().lives.with_public_id(public_id), is_embedded=True)


@blueprint.get("/embed.js")
@guard.public
def embed_script() -> Response:
    """The script for other people's pages, at an address that never changes."""
    return answer_with(static_file("public/embed.js"), KEPT_AN_HOUR)


def _show(live: LivePage | None, *, is_embedded: bool) -> Response:
    if live is None:
        raise NotFound()
    if not live.is_open(clock.now()):
        return answers.message(live, closed_message(live), 410, is_embedded=is_embedded)
    if request.query_string:
        if "c" in request.args:
            return _show_personal(live, is_embedded=is_embedded)
        prefill = prefilled(live)
        if prefill:
            state = first_state(live.version.schema, prefill)
            return answers.form(live, live.version, state, is_embedded=is_embedded)
    return answers.blank(live, is_embedded=is_embedded)


def _show_personal(live: LivePage, *, is_embedded: bool) -> Response:
    """A page asked for by a personal link. The headers do not tell whether the link is good."""
    known = known_contact.read(
        request.args["c"],
        page_id=live.id,
        page_public_id=live.public_id,
        tokens=current_app.extensions["hostedpages"].tokens,
    )
    schema = live.version.schema
    state = first_state(schema, prefilled(live), known_contact.treat(schema, known))
    state.carried = {"known": known.token} if known else {}
    return answers.form(live, live.version, state, is_embedded=is_embedded, is_personal=True)


def prefilled(live: LivePage) -> dict[str, list[str]]:
    """What the address brings for fields that the page lists, and that are not personal data."""
    schema = live.version.schema
    found = {}
    for key in schema.options.prefill:
        field = schema.field(key)
        if field is None or field.is_pii or key not in request.args:
            continue
        values = [each[: page.MAX_PREFILL] for each in request.args.getlist(key)[:50]]
        checked = schema.check({key: values})
        if key not in checked.errors:
            found[key] = checked.raw.get(key, [])
    return found


def closed_message(live: LivePage) -> Message:
    """What visitors read when the page takes no answers."""
    return Message("This form is closed", PAUSED if live.status == "paused" else CLOSED)
