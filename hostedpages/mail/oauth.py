"""Signing in to Google's and Microsoft's mail servers with the provider's own consent instead of a
password: authorization code with PKCE (RFC 6749, 7636), then fresh access tokens for XOAUTH2.

Must never follow a redirect, use a proxy of the environment, keep more of an answer than fits a
token, or let a code, a secret or a token into a message or a log.
"""

import asyncio
import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2

from hostedpages import clock
from hostedpages.config import Settings
from hostedpages.mail.errors import MailError, clean_reply

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 30.0
MAX_ANSWER_BYTES = 64 * 1024
EARLY = timedelta(minutes=5)  # a token is renewed so long before its end
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
# What a token endpoint says when only the person can help (RFC 6749 5.2 and the providers' own).
_NEEDS_CONSENT = frozenset(
    {"invalid_grant", "interaction_required", "consent_required", "login_required"}
)
_ANEW = "Connect the account anew with the provider's own button."


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider asks its users, and where it gives tokens."""

    key: str
    label: str
    authorize_endpoint: str
    token_endpoint: str
    scope: str
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A provider together with this installation's registration there."""

    provider: Provider
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token for XOAUTH2. With a `refresh_token` keep that one in place of the last."""

    value: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(default="", repr=False)

    def is_fresh(self, now: datetime) -> bool:
        return now < self.expires_at - EARLY


PROVIDERS = {
    each.key: each
    for each in (
        Provider(
            "google",
            "Google",
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://mail.google.com/",
            # Without these two Google gives a refresh token the first time only.
            (("access_type", "offline"), ("prompt", "consent")),
        ),
        Provider(
            "microsoft",
            "Microsoft",
            "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            "offline_access https://outlook.office.com/SMTP.Send"
            " https://outlook.office.com/IMAP.AccessAsUser.All",
            (("response_mode", "query"),),
        ),
    )
}


def clients(settings: Settings) -> dict[str, OAuthClient]:
    """The providers that this installation is registered with, by key."""
    registered = {
        "google": (settings.google_client_id, settings.google_client_secret),
        "microsoft": (settings.microsoft_client_id, settings.microsoft_client_secret),
    }
    return {
        key: OAuthClient(PROVIDERS[key], *pair) for key, pair in registered.items() if all(pair)
    }


def new_verifier() -> str:
    """A fresh PKCE verifier, to be kept with the person's session until the code comes."""
    return secrets.token_urlsafe(48)


def authorize_url(
    client: OAuthClient, *, redirect_uri: str, state: str, verifier: str, email: str = ""
) -> str:
    """Where to send the person. `state` must be unguessable and bound to their session."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    wanted = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": client.provider.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode("ascii").rstrip("="),
        "code_challenge_method": "S256",
        **dict(client.provider.extra),
        **({"login_hint": email} if email else {}),
    }
    return f"{client.provider.authorize_endpoint}?{urlencode(wanted)}"


async def exchange_code(
    client: OAuthClient, *, code: str, redirect_uri: str, verifier: str
) -> Token:
    """Turn the code that the person brought back into a token with its refresh token.

    Raises MailError, also when the provider gave no refresh token.
    """
    token = await _ask(
        client,
        (code, verifier),
        grant_type="authorization_code",
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=verifier,
    )
    if not token.refresh_token:
        raise _refused(client, "it gave no lasting permission")
    return token


async def access_token(client: OAuthClient, refresh_token: str) -> Token:
    """A fresh access token. Raises MailError: `authentication` (held) when the person must consent
    anew, `connection` when the provider cannot be asked at this moment."""
    return await _ask(
        client, (refresh_token,), grant_type="refresh_token", refresh_token=refresh_token
    )


class Tokens:
    """Access tokens of this process, by the caller's key, renewed shortly before their end."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[set[str], Token]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, key: str, client: OAuthClient, refresh_token: str) -> Token:
        """The kept token, or a new one; asked for once however many wait. Raises MailError."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            if kept and refresh_token in kept[0] and kept[1].is_fresh(clock.now()):
                return kept[1]
            token = await access_token(client, refresh_token)
            self._kept[key] = ({refresh_token, token.refresh_token or refresh_token}, token)
            return token

    def forget(self, key: str) -> None:
        """The server refused this token: ask for another one next time."""
        self._kept.pop(key, None)


async def _ask(client: OAuthClient, confidential: tuple[str, ...], **values: str) -> Token:
    """Ask the token endpoint once, within its deadline. Raises MailError."""
    data = {**values, "client_id": client.client_id, "client_secret": client.client_secret}
    label = client.provider.label
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            status, content = await _post(client.provider.token_endpoint, data)
    except (TimeoutError, httpx2.TimeoutException):
        raise _passing(f"{label} did not answer in time") from None
    except httpx2.HTTPError as error:
        raise _passing(f"{label} cannot be reached ({type(error).__name__})") from None
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if status == 200 and isinstance(answer, dict):
        token = _token(answer)
        if token is not None:
            return token
    if isinstance(answer, dict) and 400 <= status < 500 and status != 429:
        reason = str(answer.get("error", ""))
        words = clean_reply(
            f"{reason} {answer.get('error_description', '')}",
            (*confidential, client.client_secret),
        )
        raise _refused(client, f"it said {words}", needs_operator=reason not in _NEEDS_CONSENT)
    raise _passing(f"{label} gave an answer that cannot be used (status {status})")


async def _post(url: str, data: dict[str, str]) -> tuple[int, bytes]:
    """Post a form; the status and at most MAX_ANSWER_BYTES of the answer."""
    timeout = httpx2.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with (
        httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout) as http,
        http.stream("POST", url, data=data, headers=headers) as response,
    ):
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                return response.status_code, b""
        return response.status_code, bytes(content)


def _token(answer: dict[str, Any]) -> Token | None:
    value, renewed = answer.get("access_token"), answer.get("refresh_token", "")
    if not (isinstance(value, str) and _TOKEN.fullmatch(value)):
        return None
    if str(answer.get("token_type", "bearer")).lower() != "bearer":
        return None
    seconds = answer.get("expires_in", 3600)
    if not isinstance(seconds, int | float) or not 0 < seconds <= 86_400:
        seconds = 3600
    if not (isinstance(renewed, str) and _TOKEN.fullmatch(renewed)):
        renewed = ""
    return Token(value, clock.now() + timedelta(seconds=seconds), renewed)


def _refused(client: OAuthClient, words: str, *, needs_operator: bool = False) -> MailError:
    label = client.provider.label
    hint = _ANEW
    if needs_operator:
        hint = f"{_ANEW} If that does not help: client id and secret of {label} in the settings."
    return MailError(
        f"{label} does not let us sign in: {words}.",
        kind="authentication",
        server=True,
        held=True,
        hint=hint,
    )


def _passing(words: str) -> MailError:
    return MailError(f"Signing in was not possible: {words}.", kind="connection", server=True)
