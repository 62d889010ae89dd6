"""The gate of every route: who may come in, and what they may load.

A view says its gate by a decorator; `install` asks each request at one place, and a view without
a gate is refused. Must never tell a foreign id from a missing one.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response

from hostedpages import clock, db
from hostedpages.accounts import service, sessions
from hostedpages.accounts.next_path import safe_next
from hostedpages.config import Settings
from hostedpages.errors import NotFound
from hostedpages.models import Account, User, UserSession
from hostedpages.web.answers import NotSent, wants_json
from hostedpages.web.limits import address_key, client_address

View = TypeVar("View", bound=Callable[..., Any])
Row = TypeVar("Row")

PUBLIC = "public"
SIGNED_OUT = "signed_out"
SIGNED_IN = "signed_in"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NO_ROLE = "Your role does not include this. An owner or admin of your account can help."
OTHER_SITE = "This was asked for from another site, so nothing was done. Please go back and retry."
STALE_PAGE = "This page was open for too long. Please reload it and send again."

_csrf = CSRFProtect()


def public(view: View) -> View:
    """Everybody, without any cookie: hosted pages, health, static files. Not checked for CSRF."""
    return _with_gate(view, PUBLIC)


def signed_out(view: View) -> View:
    """Everybody, as part of the staff side: sign in, reset, invitation. Checked for CSRF."""
    return _with_gate(view, SIGNED_OUT)


def signed_in(view: View) -> View:
    """Users of any role."""
    return _with_gate(view, SIGNED_IN)


def role_required(*roles: str) -> Callable[[View], View]:
    """Users with one of `roles`; others get 403."""

    def decorate(view: View) -> View:
        return _with_gate(view, "role:" + ",".join(sorted(roles)), frozenset(roles))

    return decorate


def _with_gate(view: View, gate: str, roles: frozenset[str] = frozenset()) -> View:
    # Marks only: the check itself is in one place and cannot be lost under another decorator.
    setattr(view, "gate", gate)  # noqa: B010  a function has no such attribute for the type checker
    setattr(view, "gate_roles", roles)  # noqa: B010
    return view


def install(app: Flask) -> None:
    """Check every request of `app`. Call it after the hook that opens the unit of work."""
    settings: Settings = app.extensions["hostedpages"].settings
    prefix = "__Host-hp" if settings.secure_cookies else "hp"
    app.config.update(
        # The cookie of Flask holds the CSRF secret and short messages; who is signed in is ours.
        SESSION_COOKIE_NAME=f"{prefix}_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=sessions.ABSOLUTE,
        WTF_CSRF_CHECK_DEFAULT=False,  # asked in _check, for every gate but the public one
        WTF_CSRF_TIME_LIMIT=None,  # a designer may stay open for days
        WTF_CSRF_SSL_STRICT=False,  # the Referer is optional; _refuse_other_sites asks better
        USER_COOKIE=f"{prefix}_session",
    )
    _csrf.init_app(app)
    app.before_request(_check)
    app.context_processor(_for_templates)


def gate_of(app: Flask, endpoint: str) -> str | None:
    """The gate of an endpoint, None when it has none."""
    return getattr(app.view_functions.get(endpoint), "gate", None)


def current_session() -> UserSession:
    """The signed-in browser. Raises Unauthorized when there is none."""
    found = _session_of_request()
    if found is None:
        raise Unauthorized("Please sign in.")
    return found


def current_user() -> User | None:
    """The user of this request, with the role read in this request; None when nobody is signed in.

    Behind the gates `signed_in` and `role_required` there always is one.
    """
    found = _session_of_request()
    return found.user if found else None


def current_account() -> Account:
    """The account of this request's user. Raises Unauthorized when nobody is signed in."""
    return current_session().user.account


def owned(model: type[Row], public_id: str) -> Row:
    """Load a row of the current account by its public id. Raises NotFound for all others."""
    columns: Any = model
    row = None
    if len(public_id) <= 64:
        row = db.session().scalar(
            select(model).where(
                columns.account_id == current_account().id, columns.public_id == public_id
            )
        )
    if row is None:
        raise NotFound()
    return row


def visitor() -> service.Visitor:
    """Where this request comes from, for limits and for the list of devices."""
    return service.Visitor(
        address=client_address(),
        address_key=address_key(),
        user_agent=request.user_agent.string,
    )


def remember(response: Response, token: str) -> Response:
    """Give the browser its new session, and nothing of what it had before."""
    session.clear()  # a new CSRF secret too: one planted before the sign-in is worthless
    _ready_form_cookie()
    response.set_cookie(
        current_app.config["USER_COOKIE"],
        token,
        max_age=sessions.ABSOLUTE,
        path="/",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def forget(response: Response) -> Response:
    """Take the session's cookies away from the browser."""
    session.clear()
    _delete_user_cookie(response)
    return response


def _delete_user_cookie(response: Response) -> None:
    response.delete_cookie(
        current_app.config["USER_COOKIE"],
        path="/",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _check() -> Response | None:
    if request.endpoint is None:
        return None  # no such address, or a host or method that is refused: answered by routing
    view = current_app.view_functions[request.endpoint]
    gate = getattr(view, "gate", None)
    if gate == PUBLIC:
        return None
    if gate is None:
        raise NotFound()
    g.family = "staff"
    if request.method not in SAFE_METHODS:
        _refuse_other_sites()
        _require_csrf_token()
    _ready_form_cookie()
    if gate == SIGNED_OUT:
        return None
    found = _session_of_request()
    if found is None:
        return _ask_to_sign_in()
    g.log_ids = {"account": found.user.account.public_id, "user": found.user.public_id}
    _touch(found, clock.now())
    roles = view.gate_roles  # type: ignore[attr-defined]  # set together with the gate
    if roles and found.user.role not in roles:
        raise Forbidden(NO_ROLE)
    return None


def _require_csrf_token() -> None:
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return
    try:
        _csrf.protect()
    except CSRFError:
        raise NotSent(STALE_PAGE) from None


def _refuse_other_sites() -> None:
    """Refuse a write that another site's page asks for. Browsers only: others send no such header.

    `Sec-Fetch-Site` is asked first, `Origin` always when it names somebody.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise NotSent(OTHER_SITE)
    origin = request.headers.get("Origin")
    if origin is None or (origin == "null" and site is not None):
        return
    public_url = current_app.extensions["hostedpages"].settings.public_url
    own = {_origin(request.host_url), _origin(public_url)}
    if origin.lower() not in own:
        raise NotSent(OTHER_SITE)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _ready_form_cookie() -> None:
    if not session.permanent:
        session.permanent = True  # otherwise a restored tab holds a form that cannot be sent


def _ask_to_sign_in() -> Response:
    if wants_json():
        raise Unauthorized("Please sign in again.")
    after = request.full_path.rstrip("?") if request.method == "GET" else "/"
    goal = safe_next(after)
    target = url_for("accounts.sign_in", next=goal) if goal else url_for("accounts.sign_in")
    answer = redirect(target, 303)
    if current_app.config["USER_COOKIE"] in request.cookies:
        _delete_user_cookie(answer)
    return answer


def _session_of_request() -> UserSession | None:
    if "user_session" not in g:
        token = request.cookies.get(current_app.config["USER_COOKIE"], "")
        g.user_session = sessions.live_session(db.session(), token, now=clock.now())
    found: UserSession | None = g.user_session
    return found


def _touch(found: UserSession, now: datetime) -> None:
    if now - found.last_seen_at < sessions.TOUCH_EVERY:
        return
    try:
        service.touch_session(found.id, now)
    except OperationalError:
        current_app.logger.warning("a session's last use was not stored: the database is busy")


def _for_templates() -> dict[str, object]:
    """`current_user` and `current_account` for staff templates; public ones never ask."""
    found: UserSession | None = g.get("user_session")
    if found is None:
        return {"current_user": None, "current_account": None}
    return {"current_user": found.user, "current_account": found.user.account}
