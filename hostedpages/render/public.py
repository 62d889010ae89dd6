"""What the public side keeps in memory for one application: live look-ups, drawn pages, tokens.

Must never hold anything of one visitor.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, current_app

from hostedpages import clock
from hostedpages.render.live import LOOK_UP_SECONDS, LivePage, LivePages, Version
from hostedpages.render.page import Look, Pages
from hostedpages.tokens import CLOCK_TOLERANCE, Tokens
from hostedpages.web import static_url

TOKEN_LIFE = timedelta(days=7)
RECEIPT_LIFE = timedelta(days=1)
# Everybody gets the same page within these; an honest visitor loses ten minutes of seven days.
TOKEN_STEP_SECONDS = 600
TOKEN_READ_FOR = TOKEN_LIFE + timedelta(seconds=TOKEN_STEP_SECONDS) + CLOCK_TOLERANCE


@dataclass(frozen=True, slots=True)
class FormToken:
    """What a posted page says of itself; one that is not `is_fresh` must be shown again."""

    version_number: int
    issued_at: datetime
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a thank-you page may know: never an answer."""

    reference: str
    version_number: int
    is_embedded: bool


class Public:
    """Found by `public()`; made once for each application."""

    def __init__(self, app: Flask) -> None:
        # A test publishes and looks at once; a visitor may wait half a second.
        self.lives = LivePages(lambda: 0.0 if app.testing else LOOK_UP_SECONDS)
        self.pages = Pages()
        self._tokens: dict[tuple[str, int, int], str] = {}

    def form_token(self, live: LivePage, version: Version) -> str:
        """The token of a page handed out now; it names the page, the version and the time."""
        step = int(clock.now().timestamp()) // TOKEN_STEP_SECONDS * TOKEN_STEP_SECONDS
        key = (live.public_id, version.number, step)
        token = self._tokens.get(key)
        if token is None:
            if len(self._tokens) > 2000:
                self._tokens.clear()
            payload: dict[str, Any] = {"p": live.public_id, "v": version.number, "t": step}
            token = _tokens().sign("form", payload)
            self._tokens[key] = token
        return token

    def read_form_token(self, token: str, live: LivePage) -> FormToken | None:
        """What the token of a posted page says; None when it is wrong or of another page."""
        payload = _tokens().read("form", token, max_age=None)
        if payload is None or payload.get("p") != live.public_id:
            return None
        number = payload.get("v")
        if not isinstance(number, int):
            return None
        issued_at = datetime.fromtimestamp(payload["t"], UTC)
        return FormToken(number, issued_at, clock.now() - issued_at <= TOKEN_READ_FOR)

    def receipt(
        self,
        live: LivePage,
        *,
        version_number: int,
        reference: str,
        is_embedded: bool,
        at: datetime,
    ) -> str:
        """The token of a thank-you page: the same one for a repeat of the same submission."""
        payload = {
            "p": live.public_id,
            "v": version_number,
            "n": reference,
            "e": int(is_embedded),
            "t": int(at.timestamp()),
        }
        return _tokens().sign("receipt", payload)

    def read_receipt(self, token: str, live: LivePage) -> Receipt | None:
        """The receipt, or None when it is wrong, too old or of another page."""
        payload = _tokens().read("receipt", token, max_age=RECEIPT_LIFE) if token else None
        if payload is None or payload.get("p") != live.public_id:
            return None
        return Receipt(str(payload["n"]), int(payload["v"]), bool(payload["e"]))


def _tokens() -> Tokens:
    found: Tokens = current_app.extensions["hostedpages"].tokens
    return found


def public() -> Public:
    """The public side's memory of the current application."""
    found: Public = current_app.extensions["hostedpages_public"]
    return found


def look(live: LivePage, *, is_embedded: bool) -> Look:
    """How the current application shows this page to visitors."""
    settings = current_app.extensions["hostedpages"].settings
    return Look(
        script_url=static_url("public/form.js"),
        is_embedded=is_embedded,
        canonical=f"{settings.public_url}{live.path}",
    )
