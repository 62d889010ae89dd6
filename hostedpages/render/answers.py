"""Drawn pages as answers: their headers, and which of them may be kept by whom.

Must never let a page with somebody's values be stored by a browser, a proxy or a search engine.
"""

from flask import request
from werkzeug.wrappers import Response

from hostedpages.render.drawing import FormState
from hostedpages.render.live import LivePage, Version
from hostedpages.render.page import Drawn, Message, draw_form, draw_message
from hostedpages.render.policy import policy_of
from hostedpages.render.public import look, public
from hostedpages.web.asked import accepts_gzip

HTML = "text/html; charset=utf-8"
ASK_EACH_TIME = "public, max-age=0, must-revalidate"
KEEP_NOTHING = "private, no-store"


def blank(live: LivePage, *, is_embedded: bool) -> Response:
    """The page that everybody gets: the same bytes, out of memory."""
    mine = public()
    drawn = mine.pages.blank(
        live,
        live.version,
        look(live, is_embedded=is_embedded),
        mine.form_token(live, live.version),
    )
    environ = request.environ
    headers = {
        "Content-Type": HTML,
        "Cache-Control": ASK_EACH_TIME,
        "Content-Security-Policy": drawn.policy,
        "ETag": drawn.etag,
        "Vary": "Accept-Encoding",
    }
    asked = environ.get("HTTP_IF_NONE_MATCH")
    if asked is not None and request.if_none_match.contains_weak(drawn.etag.strip('"')):
        return Response(status=304, headers=headers)
    if accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
        headers["Content-Encoding"] = "gzip"
        return Response(drawn.compressed, headers=headers)
    return Response(drawn.body, headers=headers)


def form(
    live: LivePage,
    version: Version,
    state: FormState,
    *,
    is_embedded: bool,
    is_personal: bool = False,
    status: int = 200,
) -> Response:
    """The page for one visitor: values, errors, a known contact. `version` is what it answers."""
    state.token = public().form_token(live, version)
    drawn = draw_form(version.schema, state, look(live, is_embedded=is_embedded), live.public_id)
    return _private(live, version, drawn, status, is_embedded, is_personal)


def message(
    live: LivePage, said: Message, status: int, *, is_embedded: bool, version: Version | None = None
) -> Response:
    """A page that says something in the design of the page's form."""
    version = version or live.version
    drawn = draw_message(version.schema, said, look(live, is_embedded=is_embedded))
    return _private(live, version, drawn, status, is_embedded, is_personal=False)


def _private(
    live: LivePage,
    version: Version,
    drawn: Drawn,
    status: int,
    is_embedded: bool,
    is_personal: bool,
) -> Response:
    policy = policy_of(version.schema, drawn.style_digest, is_embedded, is_personal=is_personal)
    return Response(
        drawn.body,
        status,
        {
            "Content-Type": HTML,
            "Cache-Control": KEEP_NOTHING,
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer" if is_personal else "strict-origin-when-cross-origin",
            "X-Robots-Tag": "noindex",
        },
    )
