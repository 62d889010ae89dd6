"""Signing a sender in with Google or Microsoft: to their page of consent, and back.

The state of the way stands in the person's own session. Must never take a code that another
session asked for, and never show or log a code or a token.
"""

import asyncio
import hmac
import secrets

from flask import flash, redirect, request, session, url_for
from werkzeug.wrappers import Response

from hostedpages.accounts import guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.senders import gate, service
from hostedpages.builder.services import settings
from hostedpages.mail import oauth
from hostedpages.mail.errors import MailError
from hostedpages.models import Sender

ON_THE_WAY = "mail_sign_in"


@blueprint.get("/settings/mail/<public_id>/sign-in")
@guard.signed_in
def senders_sign_in(public_id: str) -> Response:
    """To the provider's page of consent."""
    sender = gate.reachable(public_id)
    client = oauth.clients(settings()).get(sender.sign_in)
    if client is None:
        return _to(sender)
    state, verifier = secrets.token_urlsafe(32), oauth.new_verifier()
    session[ON_THE_WAY] = {"state": state, "verifier": verifier, "sender": public_id}
    address = oauth.authorize_url(
        client, redirect_uri=_back_here(), state=state, verifier=verifier, email=sender.email
    )
    return redirect(address, 303)


@blueprint.get("/settings/mail/signed-in")
@guard.signed_in
def senders_signed_in() -> Response:
    """Back from the provider, with a code or with a refusal."""
    begun = session.pop(ON_THE_WAY, None)
    state = request.args.get("state", "")
    if not isinstance(begun, dict) or not hmac.compare_digest(
        str(begun["state"]).encode(), state.encode()
    ):
        flash("That sign-in was not begun here, or it took too long. Please begin again.")
        return redirect(url_for("builder.senders_list"), 303)
    sender = gate.reachable(begun["sender"])
    client = oauth.clients(settings()).get(sender.sign_in)
    code = request.args.get("code", "")
    if client is None or not code:
        flash("Permission was not given, so this sender is not used yet.")
        return _to(sender)
    try:
        token = asyncio.run(
            oauth.exchange_code(
                client, code=code, redirect_uri=_back_here(), verifier=begun["verifier"]
            )
        )
    except MailError as error:
        flash(error.message)
        return _to(sender)
    service.keep_sign_in(sender, token.refresh_token, settings=settings())
    flash(f"Signed in with {client.provider.label}. Now test it.")
    return _to(sender)


def _to(sender: Sender) -> Response:
    return redirect(url_for("builder.senders_show", public_id=sender.public_id), 303)


def _back_here() -> str:
    return settings().public_url + url_for("builder.senders_signed_in")
