"""From a request to an intake: everything a submission needs, read and checked before anything
is written.

Reads the whole body first, so that no slow sender is waited for in a transaction. Must never keep
a key that the form does not have, and never the visitor's address itself.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Request, current_app, request
from werkzeug.datastructures import MultiDict

from hostedpages import clock
from hostedpages.config import Settings
from hostedpages.render import known_contact
from hostedpages.render.known_contact import KnownContact, Treatment
from hostedpages.render.live import LivePage, Version
from hostedpages.sanitize import clean_text
from hostedpages.schema.form_schema import FormSchema
from hostedpages.submit.spam import Signs, reasons
from hostedpages.web import address_key

TRAP = "_q9"
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id")
CLICKS = ("gclid", "fbclid", "msclkid")
MAX_CAMPAIGN = 200
MAX_ADDRESS = 500
MAX_AGENT = 300
REPEAT_SECONDS = 600

_KEY = re.compile(r"[A-Za-z0-9_-]{16,40}")
_DIGITS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Posted:
    """What came in, before a version is known: the answers as typed and the control inputs."""

    form: MultiDict[str, str]
    token: str
    go: str
    screen: int
    asked: frozenset[str] | None
    key: str
    elapsed_ms: int | None
    landing: str
    referrer: str
    known: KnownContact | None

    @property
    def typed(self) -> frozenset[str]:
        """The names that came with a value."""
        return frozenset(name for name, values in self.form.lists() if any(values))

    @property
    def carried(self) -> dict[str, str]:
        """What travels along when the page is shown again."""
        return {
            "key": self.key,
            "elapsed": "" if self.elapsed_ms is None else str(self.elapsed_ms),
            "landing": self.landing,
            "referrer": self.referrer,
            "known": self.known.token if self.known else "",
        }


@dataclass(frozen=True, slots=True)
class Intake:
    """A checked submission, ready to be accepted. `nonces` are the keys under which an earlier
    one counts as the same; the first is this one's own."""

    live: LivePage
    version: Version
    values: Mapping[str, Any]
    context: dict[str, Any]
    nonces: tuple[str, ...]
    digest: str
    known: KnownContact | None
    spam_reasons: list[str]
    rate_key: str
    rates: tuple[tuple[int, int], ...]
    page_url: str
    now: datetime
    opened_at: datetime | None = None


def read(live: LivePage) -> Posted:
    """Read the whole body. Raises RequestEntityTooLarge."""
    form = request.form
    token = form.get("_known", "") or request.args.get("c", "")
    known = None
    if token:
        known = known_contact.read(
            token,
            page_id=live.id,
            page_public_id=live.public_id,
            tokens=current_app.extensions["hostedpages"].tokens,
        )
    elapsed = form.get("_elapsed", "")
    screen = form.get("_screen", "")
    key = form.get("_key", "")
    asked = form.get("_asked")
    return Posted(
        form=form,
        token=form.get("_token", ""),
        go=form.get("_go", "submit"),
        screen=int(screen) if _DIGITS.fullmatch(screen) else 0,
        asked=None if asked is None else frozenset(asked.split()),
        key=key if _KEY.fullmatch(key) else "",
        elapsed_ms=int(elapsed) if _DIGITS.fullmatch(elapsed) else None,
        landing=_address(form.get("_landing") or request.args.get("_landing", "")),
        referrer=_address(form.get("_referrer") or request.args.get("_referrer", "")),
        known=known,
    )


def answers(schema: FormSchema, posted: Posted, treatment: Treatment) -> dict[str, list[str]]:
    """The posted answers of the form's own fields, but for those this visitor was not shown."""
    given = {
        each.key: posted.form.getlist(each.key)
        for each in schema.fields
        if each.key not in treatment.hidden and each.key in posted.form
    }
    for each in schema.fields:
        # A hidden field bound to a campaign word is fed by the address.
        bound = each.binds_to or ""
        is_campaign = not each.type.is_shown and bound.startswith("utm_")
        if is_campaign and not any(given.get(each.key, ())):
            word = _campaign(request.args.get(bound, ""))
            given[each.key] = [word] if word else []
    return given


def build(
    live: LivePage,
    version: Version,
    posted: Posted,
    values: Mapping[str, Any],
    opened_at: datetime | None,
    treatment: Treatment,
) -> Intake:
    """Complete a checked submission with where it came from and how it will be recognized."""
    settings: Settings = current_app.extensions["hostedpages"].settings
    now = clock.now()
    kept = {
        each.key: values[each.key]
        for each in version.schema.fields
        if each.key in values and not each.type.is_empty(each.type.from_json(values[each.key]))
    }
    visitor = _hashed(settings, address_key())
    known_id = posted.known.contact.public_id if posted.known else ""
    digest = hashlib.sha256(
        json.dumps([version.id, known_id, kept], sort_keys=True).encode()
    ).hexdigest()
    texts = [each for each in kept.values() if isinstance(each, str)]
    return Intake(
        live=live,
        version=version,
        values=kept,
        context=_context(request, posted, visitor, known_id, treatment),
        nonces=_nonces(posted, digest, visitor, now),
        digest=digest,
        known=posted.known,
        spam_reasons=reasons(Signs(posted.form.get(TRAP, ""), posted.elapsed_ms, texts)),
        rate_key=f"submit:{live.id}:{visitor}",
        rates=((settings.rate_per_minute, 60), (settings.rate_per_hour, 3600)),
        page_url=f"{settings.public_url}{live.path}",
        now=now,
        opened_at=opened_at,
    )


def _nonces(posted: Posted, digest: str, visitor: str, now: datetime) -> tuple[str, ...]:
    if posted.key:
        return (posted.key,)
    step = int(now.timestamp()) // REPEAT_SECONDS

    def made(at: int) -> str:
        return "d" + hashlib.sha256(f"{digest} {visitor} {at}".encode()).hexdigest()[:40]

    return made(step), made(step - 1)


def _context(
    asked: Request, posted: Posted, visitor: str, known_id: str, treatment: Treatment
) -> dict[str, Any]:
    """Where the visitor came from. Every value is text of a bounded length, or left out."""
    utm = {name: _campaign(asked.args.get(name, "")) for name in UTM}
    click = {name: _campaign(asked.args.get(name, "")) for name in CLICKS}
    found: dict[str, Any] = {
        "utm": {name: value for name, value in utm.items() if value},
        "click": {name: value for name, value in click.items() if value},
        "landing": posted.landing or _address(asked.url),
        "referrer": posted.referrer,
        "user_agent": clean_text(asked.user_agent.string[:MAX_AGENT]),
        "visitor": visitor,
        "elapsed_ms": posted.elapsed_ms,
        "contact": known_id,
        "unasked": sorted(treatment.unasked),
    }
    return {name: value for name, value in found.items() if value not in ("", {}, [], None)}


def _campaign(text: str) -> str:
    return " ".join(clean_text(text[:MAX_CAMPAIGN]).split())


def _address(text: str) -> str:
    """A web address as text, without a personal link's key; empty when it is none."""
    text = clean_text(text[: 4 * MAX_ADDRESS]).strip()
    if not text.startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    query = [(name, value) for name, value in parse_qsl(parts.query)[:30] if name != "c"]
    own = [(name, value) for name, value in query if not name.startswith("_")]
    return urlunsplit(parts._replace(query=urlencode(own), fragment=""))[:MAX_ADDRESS]


def _hashed(settings: Settings, address: str) -> str:
    """One visitor's network address as a key that nobody can turn back without our secret."""
    key = hashlib.sha256(f"visitor {settings.secret_keys[0]}".encode()).digest()
    return hashlib.blake2b(address.encode(), key=key, digest_size=12).hexdigest()
