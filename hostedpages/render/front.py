"""Answers the page that everybody gets before the framework is asked.

A hosted page under an advertisement is asked for thousands of times while nothing changes. What
the application itself answered a moment ago is given again, headers included, for as long as the
look-up of the live version may be kept anyway. Must never keep an answer that is not public, and
never answer anything but a plain GET.
"""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask

from hostedpages.render.live import LOOK_UP_SECONDS, Kept
from hostedpages.web.asked import accepts_gzip, is_trusted

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]

_PATHS = re.compile(r"/p/([a-z0-9-]{1,80})/([a-z0-9-]{1,80})|/f/([A-Za-z0-9_-]{22})")
_REQUEST_ID = "X-Request-Id"
# The answer depends on nothing else; a request with one of these goes to the application.
_TO_APPLICATION = ("HTTP_RANGE", "HTTP_IF_MODIFIED_SINCE", "CONTENT_LENGTH")

_access = logging.getLogger("hostedpages.access")


@dataclass(frozen=True, slots=True)
class Answer:
    """One public page as it was answered; good until `until` on the monotonic clock."""

    until: float
    headers: tuple[tuple[str, str], ...]
    body: bytes
    etag: str
    fields: dict[str, Any]


class Front:
    """Stands before the application of `app`."""

    def __init__(self, app: Flask, behind: Application, hosts: Iterable[str]) -> None:
        self._app = app
        self._behind = behind
        trusted = sorted(hosts)
        # The very check that the application makes, so that neither serves what the other refuses.
        self._is_trusted = lru_cache(256)(lambda host: is_trusted(host, trusted))
        self._answers: Kept[Answer] = Kept()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING"):
            return self._behind(environ, start)
        path = environ["PATH_INFO"]
        key = (path, accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")))
        kept = self._answers.get(key)
        if kept is not None and kept.until > time.monotonic() and self._is_plain(environ):
            return self._again(kept, environ, start)
        found = _PATHS.fullmatch(path)
        if found is None or self._app.testing or not self._is_plain(environ):
            return self._behind(environ, start)
        return self._first(key, found, environ, start)

    def _is_plain(self, environ: dict[str, Any]) -> bool:
        return self._is_trusted(environ.get("HTTP_HOST", "")) and not any(
            environ.get(each, "0") not in ("", "0") for each in _TO_APPLICATION
        )

    def _again(self, kept: Answer, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        request_id = secrets.token_hex(8)
        headers = [*kept.headers, (_REQUEST_ID, request_id)]
        status, body = "200 OK", kept.body
        if kept.etag in environ.get("HTTP_IF_NONE_MATCH", "-"):
            status, body = "304 Not Modified", b""
            headers = [each for each in headers if each[0] != "Content-Length"]
        if _access.isEnabledFor(logging.INFO):
            fields = {**kept.fields, "request": request_id, "status": int(status[:3])}
            _access.info("request", extra={"fields": fields})
        start(status, headers)
        return (body,)

    def _first(
        self, key: tuple[str, bool], path: re.Match[str], environ: dict[str, Any], start: Start
    ) -> Iterable[bytes]:
        """Let the application answer, and keep what it says if that is for everybody."""
        until = time.monotonic() + LOOK_UP_SECONDS
        said: list[Any] = []

        def listen(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            said[:] = [status, headers]
            return start(status, headers, *rest)

        answer = self._behind(environ, listen)
        if not (said and said[0] == "200 OK" and isinstance(answer, Iterable)):
            return answer
        headers = dict(said[1])
        if not headers.get("Cache-Control", "").startswith("public") or "Set-Cookie" in headers:
            return answer
        chunks = list(answer)
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        account, page, public_id = path.groups()
        names = {"account_slug": account, "page_slug": page, "public_id": public_id}
        route = "/f/<public_id>" if public_id else "/p/<account_slug>/<page_slug>"
        self._answers.put(
            key,
            Answer(
                until=until,
                headers=tuple(each for each in said[1] if each[0] != _REQUEST_ID),
                body=b"".join(chunks),
                etag=headers.get("ETag", "none"),
                fields={"method": "GET", "route": route, "ms": 0.0}
                | {name: value for name, value in names.items() if value},
            ),
        )
        return chunks


def install(app: Flask) -> None:
    """Put the front before `app`. Call it after everything else that wraps it."""
    settings = app.extensions["hostedpages"].settings
    front = Front(app, app.wsgi_app, settings.trusted_hosts)
    app.wsgi_app = front  # type: ignore[method-assign, assignment]  # as its documentation does
