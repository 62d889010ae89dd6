"""The bare limit that bench_public.py compares with: Flask with a constant, and a raw driver post.

The same form, body and server as the product, and nothing of what makes it a product. Settings come
as BENCH_* variables. Must never be run by itself.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, Response, redirect, request

PAGE = Path(os.environ["BENCH_PAGE"]).read_bytes()
DATABASE = os.environ["BENCH_DATABASE"]
IS_SQLITE = not DATABASE.startswith("postgresql")

app = Flask("twin", static_folder=None)
_threads = threading.local()
_one_writer = threading.RLock()

TABLES = (
    "CREATE TABLE IF NOT EXISTS twin_submissions (id {id}, public_id TEXT UNIQUE, page_id INTEGER,"
    " nonce TEXT, answers TEXT, context TEXT, created_at TEXT, UNIQUE (page_id, nonce))",
    "CREATE TABLE IF NOT EXISTS twin_deliveries (id {id}, public_id TEXT UNIQUE,"
    " submission_id INTEGER, kind TEXT, state TEXT, payload TEXT, recipient TEXT, due_at TEXT)",
)


def connection() -> Any:
    """One kept connection for each thread, with the product's durability."""
    if not hasattr(_threads, "connection"):
        if IS_SQLITE:
            made: Any = sqlite3.connect(DATABASE, timeout=5, isolation_level=None)
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("PRAGMA synchronous=FULL")
            serial = "INTEGER PRIMARY KEY"
        else:
            made = psycopg.connect(DATABASE, autocommit=True)
            serial = "BIGSERIAL PRIMARY KEY"
        with _one_writer:
            for table in TABLES:
                made.execute(table.format(id=serial))
        _threads.connection = made
    return _threads.connection


@app.get("/page")
def page() -> Response:
    """The constant."""
    return Response(PAGE, content_type="text/html; charset=utf-8")


@app.post("/page")
def take() -> Any:
    """One submission and two deliveries through the bare driver, in one durable transaction."""
    answers = {key: value for key, value in request.form.items() if not key.startswith("_")}
    text = json.dumps(answers)
    nonce = hashlib.sha256(text.encode()).hexdigest()
    public_id = secrets.token_urlsafe(16)
    now = datetime.now(UTC).isoformat()
    if IS_SQLITE:
        with _one_writer:
            _store(connection(), "?", public_id, nonce, text, now)
    else:
        _store(connection(), "%s", public_id, nonce, text, now)
    return redirect(f"/thanks?r={public_id}", 303)


def _store(held: Any, mark: str, public_id: str, nonce: str, text: str, now: str) -> None:
    held.execute("BEGIN IMMEDIATE" if IS_SQLITE else "BEGIN")
    submission_id = held.execute(
        "INSERT INTO twin_submissions (public_id, page_id, nonce, answers, context, created_at)"  # noqa: S608
        f" VALUES ({', '.join([mark] * 6)}) RETURNING id",
        (public_id, 1, nonce, text, "{}", now),
    ).fetchone()[0]
    for recipient in ("one@example.org", "two@example.org"):
        held.execute(
            "INSERT INTO twin_deliveries (public_id, submission_id, kind, state, payload,"  # noqa: S608
            f" recipient, due_at) VALUES ({', '.join([mark] * 7)})",
            (secrets.token_urlsafe(16), submission_id, "mail", "pending", "{}", recipient, now),
        )
    held.execute("COMMIT")
