"""Logs as one JSON object a line, with ids and never an answer, an address or a token.

Used by web and worker alike. Must never let a line break, a color code or a secret through.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any

from hostedpages.pii import redact

MAX_TEXT = 1500
MAX_LINE_BYTES = 4096
MAX_FRAMES = 12

_ids: ContextVar[Mapping[str, str]] = ContextVar("log_ids", default={})  # noqa: B039  never changed

_SECRETS = re.compile(
    r"(/(?:sign-in/link|invite|reset)/|[?&](?:c|r|token|_token)=|://[^\s:/@]*:)[^\s/&@\"'<]+"
)


@contextmanager
def ids(**values: str) -> Iterator[None]:
    """Add these ids to each line logged inside the block."""
    token = _ids.set({**_ids.get(), **values})
    try:
        yield
    finally:
        _ids.reset(token)


def set_ids(**values: str) -> None:
    """Add these ids to each line from here on, until the current context ends."""
    _ids.set({**_ids.get(), **values})


def clear_ids() -> None:
    _ids.set({})


def configure(level: str, stream: IO[str] | None = None) -> None:
    """Send all loggers of this process to `stream` (standard error) as JSON lines.

    Leaves a process alone that has its own handlers, such as a test run.
    """
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root.addHandler(handler)
    root.setLevel(level.upper())
    for noisy in ("sqlalchemy.engine", "alembic", "asyncio", "flask_wtf.csrf"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class JsonFormatter(logging.Formatter):
    """`time`, `level`, `logger`, `message`, the ids, and what `extra={"fields": {...}}` holds."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": safe_text(record.getMessage()),
            **_ids.get(),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, Mapping):
            line.update({name: _safe_value(value) for name, value in fields.items()})
        if record.exc_info and record.exc_info[1] is not None:
            line.update(_error(record.exc_info[1]))
        text = json.dumps(line)
        if len(text) > MAX_LINE_BYTES:
            line = {key: _cut(value) for key, value in line.items() if key != "trace"}
            text = json.dumps(line)[:MAX_LINE_BYTES]
            if not text.endswith("}"):
                text = json.dumps({key: line[key] for key in ("time", "level", "logger")})
        return text


def safe_text(text: str) -> str:
    """Without secrets and personal data, at most `MAX_TEXT` characters."""
    return redact(_SECRETS.sub(r"\1[secret]", text[: 2 * MAX_TEXT]))[:MAX_TEXT]


def _safe_value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return _safe_short(text) if len(text) <= 100 else safe_text(text)[:300]


@lru_cache(maxsize=4096)
def _safe_short(text: str) -> str:
    # The same few routes, methods and slugs come with every request.
    return safe_text(text)


def _cut(value: object) -> object:
    return value[:300] if isinstance(value, str) else value


def _error(error: BaseException) -> dict[str, object]:
    """Where it happened, and the first line of what it says: the rest may hold stored values."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    said = str(error).partition("\n")[0]
    return {
        "error": type(error).__name__,
        "error_message": safe_text(said)[:300],
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}"[-160:] for frame in frames],
    }
