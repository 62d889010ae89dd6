"""Users of the account: list, invite, change, archive."""

from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages.accounts import checks, guard
from hostedpages.accounts import service as accounts
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.settings import queries, service
from hostedpages.builder.settings.forms import ROLES, InviteUserForm, UserForm
from hostedpages.builder.settings.views import MANAGERS
from hostedpages.errors import DomainError, Refused
from hostedpages.models import User

Answer = str | Response | tuple[str, int]


@blueprint.get("/settings/users")
@guard.role_required(*MANAGERS)
def settings_users() -> Answer:
    rows = queries.users_of(guard.current_account())
    return render_template(
        "builder/settings/users.html", rows=rows, roles=ROLES, me=guard.current_session().user
    )


@blueprint.get("/settings/users/invite")
@guard.role_required(*MANAGERS)
def settings_users_invite() -> Answer:
    return _invite_page(InviteUserForm())


@blueprint.post("/settings/users/invite")
@guard.role_required(*MANAGERS)
def settings_users_invite_send() -> Answer:
    form = InviteUserForm(request.form)
    try:
        path = accounts.invite_user(
            guard.current_account(),
            by=guard.current_session().user,
            email=form.email.data or "",
            name=form.name.data or "",
            role=form.role.data or "",
        )
    except Refused as error:
        form.show(error, default="email")
        return _invite_page(form), error.status
    return _invited_page(checks.email_key(form.email.data or ""), path), 201


@blueprint.get("/settings/users/<public_id>")
@guard.role_required(*MANAGERS)
def settings_user(public_id: str) -> Answer:
    user = guard.owned(User, public_id)
    form = UserForm(data={"role": user.role, "gets_new_leads": user.gets_new_leads})
    return _user_page(user, form)


@blueprint.post("/settings/users/<public_id>")
@guard.role_required(*MANAGERS)
def settings_user_update(public_id: str) -> Answer:
    user = guard.owned(User, public_id)
    form = UserForm(request.form)
    try:
        service.change_user(
            user,
            by=guard.current_session().user,
            role=form.role.data or "",
            gets_new_leads=bool(form.gets_new_leads.data),
        )
    except Refused as error:
        form.show(error, default="role")
        return _user_page(user, form), error.status
    flash("Saved")
    return redirect(url_for("builder.settings_users"), 303)


@blueprint.post("/settings/users/<public_id>/invite")
@guard.role_required(*MANAGERS)
def settings_user_invite(public_id: str) -> Answer:
    user = guard.owned(User, public_id)
    path = service.renew_invitation(user, by=guard.current_session().user)
    return _invited_page(user.email, path), 201


@blueprint.post("/settings/users/<public_id>/archive")
@guard.role_required(*MANAGERS)
def settings_user_archive(public_id: str) -> Answer:
    user = guard.owned(User, public_id)
    try:
        accounts.archive_user(user, by=guard.current_session().user)
    except Refused as error:
        return _back_with(error, user)
    flash(
        {
            "text": f"{user.name or user.email} is archived and signed out everywhere.",
            "undo": url_for("builder.settings_user_restore", public_id=public_id),
        }
    )
    return redirect(url_for("builder.settings_users"), 303)


@blueprint.post("/settings/users/<public_id>/restore")
@guard.role_required(*MANAGERS)
def settings_user_restore(public_id: str) -> Answer:
    user = guard.owned(User, public_id)
    try:
        service.restore_user(user, by=guard.current_session().user)
    except Refused as error:
        return _back_with(error, user)
    flash(f"{user.name or user.email} can sign in again.")
    return redirect(url_for("builder.settings_users"), 303)


def _invite_page(form: InviteUserForm) -> str:
    return render_template(
        "builder/settings/invite.html", form=form, roles=_roles_to_give(form.role.data)
    )


def _invited_page(email: str, path: str) -> str:
    settings = current_app.extensions["hostedpages"].settings
    # Once mail really leaves, the link is a key that only the invited person should see.
    link = "" if settings.smtp_url else settings.public_url + path
    return render_template("builder/settings/invited.html", email=email, link=link)


def _user_page(user: User, form: UserForm) -> str:
    return render_template(
        "builder/settings/user.html",
        form=form,
        row=queries.row_of(user),
        roles=_roles_to_give(user.role),
        me=guard.current_session().user,
    )


def _roles_to_give(shown_anyway: str | None) -> dict[str, tuple[str, str]]:
    is_owner = guard.current_session().user.role == "owner"
    return {
        role: words
        for role, words in ROLES.items()
        if role != "owner" or is_owner or shown_anyway == "owner"
    }


def _back_with(error: DomainError, user: User) -> Answer:
    form = UserForm(data={"role": user.role, "gets_new_leads": user.gets_new_leads})
    form.show(error, default="role")
    return _user_page(user, form), error.status
