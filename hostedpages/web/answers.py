"""Error pages and error JSON: what went wrong, in words, with the request's id.

Must never show a trace, a setting or somebody's data, and never touch a cookie.
"""

from flask import Flask, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import Forbidden, HTTPException, RequestEntityTooLarge, SecurityError
from werkzeug.wrappers import Response

from hostedpages.errors import DomainError, TooManyTries
from hostedpages.web.limits import MAX_PARTS, PUBLIC_BYTES, STAFF_BYTES

MIB = 1024 * 1024
RETRY_SECONDS = 5
DRAIN_BYTES = 16 * MIB

# Status: title, and the sentence when nobody gave a better one.
WORDS = {
    400: ("This request cannot be read", "Please go back, reload the page and try again."),
    401: ("Please sign in", "Your session is over. Sign in again; nothing was changed."),
    403: ("This is not yours to open", "Your role does not include this."),
    404: ("Nothing here", "There is nothing at this address. It may have moved or been archived."),
    405: ("This cannot be done here", "Please go back and try again from the page itself."),
    409: ("Somebody else was faster", "This was changed meanwhile. Reload to see how it is now."),
    413: ("This is too large", "Please send less at once."),
    415: ("This cannot be read", "Please send the form as a browser does."),
    422: ("Something is not right yet", "Please check what you entered."),
    429: ("Too many tries", "Please wait a moment and try again."),
    500: ("Something went wrong on our side", "It was noted. Please try again in a moment."),
    503: ("Busy right now", "Nothing was lost that was confirmed. Please try again in a moment."),
}


class NotSent(Forbidden):
    """A write that was refused because of where it came from; nothing was done."""

    title = "This was not sent"


def install(app: Flask) -> None:
    """Answer every error of `app`."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(DataError, _cannot_be_stored)


def wants_json() -> bool:
    """Whether the sender is a script: it sends JSON, or prefers it to HTML."""
    if request.is_json:
        return True
    accepts = request.accept_mimetypes
    return accepts["application/json"] > accepts["text/html"]


def problem(
    status: int,
    message: str | None = None,
    *,
    field: str | None = None,
    retry_after_seconds: float | None = None,
    title: str | None = None,
) -> Response:
    """An answer with an error `status`, as JSON or as a page, whichever the sender understands.

    JSON: `{"error": {"status", "message", "field", "request_id"}}`.
    """
    default_title, default_message = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    message = message or default_message
    request_id = g.get("request_id", "")
    if wants_json():
        error = {"status": status, "message": message, "field": field, "request_id": request_id}
        response = jsonify(error=error)
    else:
        response = make_response(
            render_template(
                "web/error.html",
                status=status,
                title=title or default_title,
                message=message,
                request_id=request_id,
                home_link=g.get("family") == "staff",
            )
        )
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = str(max(1, round(retry_after_seconds)))
    return response


def _domain_error(error: DomainError) -> Response:
    wait = error.retry_after_seconds if isinstance(error, TooManyTries) else None
    return problem(error.status, error.message, field=error.field, retry_after_seconds=wait)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    if isinstance(error, SecurityError):
        return problem(
            400,
            "This address is not the one that this product is set up for. "
            "Whoever runs it can set HOSTEDPAGES_PUBLIC_URL.",
        )
    # The library's own sentences are for developers; only ours are for people.
    own = error.description if error.description != type(error).description else None
    title = getattr(error, "title", None)
    response = problem(error.code, own if error.code < 500 else None, title=title)
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After", "WWW-Authenticate"):
            response.headers[name] = value
    return response


def _too_large(_error: RequestEntityTooLarge) -> Response:
    limit = request.max_content_length or STAFF_BYTES
    _drain()
    size = PUBLIC_BYTES if limit == PUBLIC_BYTES else STAFF_BYTES
    return problem(
        413,
        f"At most {size // MIB} MB and {MAX_PARTS:,} entries can be sent at once. "
        "Please go back and shorten your answers.",
    )


def _drain() -> None:
    """Read on for a while: a browser that is still sending would show a broken connection instead
    of the page that explains."""
    left = min(request.content_length or 0, DRAIN_BYTES)
    stream = request.environ["wsgi.input"]
    while left > 0:
        chunk = stream.read(min(left, 64 * 1024))
        if not chunk:
            return
        left -= len(chunk)


def _database_busy(error: OperationalError) -> Response:
    if "locked" in str(error.orig) or "lock timeout" in str(error.orig):
        return problem(503, retry_after_seconds=RETRY_SECONDS)
    raise error


def _cannot_be_stored(error: DataError) -> Response:
    # A NUL that somebody put into a search or a choice: PostgreSQL refuses it, nobody types it.
    if "NUL" in str(error.orig):
        return problem(400)
    raise error
