"""Signed-out screens and the first visit: sign in, one-time link, reset, invitation, welcome.

Must never say whether an address belongs to a user, and never use up a link on a GET: mail
scanners open links too.
"""

from collections.abc import Callable

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages import clock, db
from hostedpages.accounts import guard, links, service
from hostedpages.accounts.forms import (
    EmailForm,
    InviteForm,
    NewPasswordForm,
    SignInForm,
    WelcomeForm,
)
from hostedpages.accounts.next_path import safe_next
from hostedpages.errors import NotFound, Refused, TooManyTries
from hostedpages.models import User
from hostedpages.tokens import hash_token

blueprint = Blueprint("accounts", __name__, template_folder="templates")
Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("/sign-in")
@guard.signed_out
def sign_in() -> Answer:
    after = safe_next(request.args.get("next"))
    if guard.current_user() is not None:
        return redirect(after or "/", 303)
    return _sign_in_page(SignInForm(), after)


@blueprint.post("/sign-in")
@guard.signed_out
def sign_in_with_password() -> Answer:
    form = SignInForm(request.form)
    after = safe_next(request.form.get("next"))
    try:
        opened = service.sign_in(
            form.email.data or "", form.password.data or "", visitor=guard.visitor()
        )
    except (Refused, TooManyTries) as error:
        form.show(error, default="password")
        return _sign_in_page(form, after), error.status, _retry(error)
    return _enter(opened, after or "/")


@blueprint.get("/sign-in/link")
@guard.signed_out
def link_request() -> Answer:
    return render_template("accounts/link_request.html", form=EmailForm())


@blueprint.post("/sign-in/link")
@guard.signed_out
def link_send() -> Answer:
    return _send("accounts/link_request.html", service.request_link, "sign in")


@blueprint.get("/sign-in/link/<token>")
@guard.signed_out
def link_show(token: str) -> Answer:
    found = _user_of("sign_in", token)
    if found is None:
        return _dead_link()
    return render_template("accounts/link.html", user=found)


@blueprint.post("/sign-in/link/<token>")
@guard.signed_out
def link_use(token: str) -> Answer:
    try:
        opened = service.use_link(token, visitor=guard.visitor())
    except NotFound:
        return _dead_link()
    return _enter(opened, url_for("accounts.welcome") if opened.is_first else "/")


@blueprint.post("/sign-out")
@guard.signed_out
def sign_out() -> Answer:
    token = request.cookies.get(current_app.config["USER_COOKIE"], "")
    if token:
        service.sign_out(hash_token(token))
    return guard.forget(redirect(url_for("accounts.sign_in"), 303))


@blueprint.get("/reset")
@guard.signed_out
def reset_request() -> Answer:
    return render_template("accounts/reset_request.html", form=EmailForm())


@blueprint.post("/reset")
@guard.signed_out
def reset_send() -> Answer:
    return _send("accounts/reset_request.html", service.request_reset, "set a new password")


@blueprint.get("/reset/<token>")
@guard.signed_out
def reset_show(token: str) -> Answer:
    found = _user_of("reset", token)
    if found is None:
        return _dead_link()
    return render_template("accounts/reset.html", form=NewPasswordForm(), user=found)


@blueprint.post("/reset/<token>")
@guard.signed_out
def reset_use(token: str) -> Answer:
    form = NewPasswordForm(request.form)
    try:
        opened = service.reset_password(
            token, password=form.password.data or "", visitor=guard.visitor()
        )
    except NotFound:
        return _dead_link()
    except (Refused, TooManyTries) as error:
        form.show(error, default="password")
        page = render_template("accounts/reset.html", form=form, user=_user_of("reset", token))
        return page, error.status, _retry(error)
    return _enter(opened, "/")


@blueprint.get("/invite/<token>")
@guard.signed_out
def invite_show(token: str) -> Answer:
    found = _user_of("invite", token)
    if found is None:
        return _dead_link()
    form = InviteForm(data={"name": found.name})
    return render_template("accounts/invite.html", form=form, user=found)


@blueprint.post("/invite/<token>")
@guard.signed_out
def invite_use(token: str) -> Answer:
    form = InviteForm(request.form)
    try:
        opened = service.accept_invite(
            token,
            name=form.name.data or "",
            password=form.password.data or "",
            visitor=guard.visitor(),
        )
    except NotFound:
        return _dead_link()
    except (Refused, TooManyTries) as error:
        form.show(error, default="password")
        page = render_template("accounts/invite.html", form=form, user=_user_of("invite", token))
        return page, error.status, _retry(error)
    return _enter(opened, "/")


@blueprint.get("/welcome")
@guard.signed_in
def welcome() -> Answer:
    user = guard.current_session().user
    form = WelcomeForm(
        data={
            "name": user.name,
            "account_name": user.account.name,
            "time_zone": user.account.time_zone,
        }
    )
    return _welcome_page(form, user)


@blueprint.post("/welcome")
@guard.signed_in
def welcome_finish() -> Answer:
    user = guard.current_session().user
    form = WelcomeForm(request.form)
    opened = None
    try:
        service.finish_welcome(
            user,
            name=form.name.data or "",
            account_name=form.account_name.data if form.account_name.raw_data else None,
            time_zone=form.time_zone.data if form.time_zone.raw_data else None,
        )
        if form.password.data and user.password_hash is None:
            opened = service.change_password(
                user, current="", new=form.password.data, visitor=guard.visitor()
            )
    except (Refused, TooManyTries) as error:
        form.show(error, default="name")
        return _welcome_page(form, user), error.status, _retry(error)
    goal = "/leads" if user.role == "salesperson" else "/pages/new"
    return _enter(opened, goal) if opened else redirect(goal, 303)


def _sign_in_page(form: SignInForm, after: str | None) -> str:
    if not form.email.errors and not form.password.errors:
        form.email.render_kw = {**form.email.render_kw, "autofocus": True}
    return render_template("accounts/sign_in.html", form=form, next=after)


def _welcome_page(form: WelcomeForm, user: User) -> str:
    asks_account = user.role in ("owner", "admin")
    return render_template("accounts/welcome.html", form=form, user=user, asks_account=asks_account)


def _send(template: str, ask: Callable[..., None], purpose: str) -> Answer:
    """Ask the service for a mail, and say the same for every address."""
    form = EmailForm(request.form)
    email = form.email.data or ""
    try:
        ask(email, visitor=guard.visitor())
    except TooManyTries as error:
        form.show(error, default="email")
        return render_template(template, form=form), error.status, _retry(error)
    settings = current_app.extensions["hostedpages"].settings
    return render_template(
        "accounts/sent.html", email=email, purpose=purpose, mail_in_folder=not settings.smtp_url
    )


def _enter(opened: service.Opened, goal: str) -> Response:
    return guard.remember(redirect(goal, 303), opened.token)


def _user_of(purpose: str, token: str) -> User | None:
    found = links.find(db.session(), purpose, token, now=clock.now())
    return found.user if found else None


def _dead_link() -> Answer:
    return render_template("accounts/dead_link.html"), 404


def _retry(error: Refused | TooManyTries) -> dict[str, str]:
    if isinstance(error, TooManyTries):
        return {"Retry-After": str(max(1, round(error.retry_after_seconds)))}
    return {}
