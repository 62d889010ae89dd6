"""Is the product well? One list of checks for `/readyz` and for the `doctor` command.

Must never change anything, and never show a secret or an address of the database.
"""

import os
import shutil
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from hostedpages import clock, db
from hostedpages.accounts import guard
from hostedpages.config import Settings
from hostedpages.mail import transport_for
from hostedpages.mail.headers import sender_header
from hostedpages.models import Delivery, Heartbeat
from hostedpages.models.sealed import all_sealed
from hostedpages.vault import CannotOpen, Vault

WORKER_SILENCE = timedelta(seconds=30)
LATE = timedelta(minutes=5)
MIN_FREE_BYTES = 200 * 1024 * 1024

blueprint = Blueprint("health", __name__)


@dataclass(frozen=True)
class Check:
    """One finding: `fine` or not, what was seen, and how to mend it."""

    name: str
    fine: bool
    detail: str
    fix: str = ""


@blueprint.get("/healthz")
@guard.public
def healthz() -> Response:
    """The process is up."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@guard.public
def readyz() -> tuple[Response, int]:
    """The product can take and deliver submissions."""
    checks = [check_database(), check_worker()]
    ready = all(check.fine for check in checks)
    answer = jsonify(
        status="ready" if ready else "not ready",
        checks={check.name: "fine" if check.fine else check.detail for check in checks},
    )
    return answer, 200 if ready else 503


def check_database() -> Check:
    """The database answers, and its tables are those of this code."""
    try:
        session = db.session()
        session.execute(text("SELECT 1"))
        current = db.has_current_tables()
    except SQLAlchemyError as error:
        return Check(
            "database",
            False,
            f"The database does not answer ({type(error).__name__}).",
            "Check HOSTEDPAGES_DATABASE_URL and that the server runs.",
        )
    if not current:
        return Check(
            "database",
            False,
            "The tables are of another version of the code.",
            "Run: hostedpages migrate",
        )
    return Check("database", True, f"It answers ({db.engine().dialect.name}), tables are current.")


def check_worker() -> Check:
    """The worker gave a sign of life within the last 30 seconds."""
    try:
        last = db.session().scalar(select(func.max(Heartbeat.at)).where(Heartbeat.name == "worker"))
    except SQLAlchemyError:
        return Check("worker", False, "Unknown while the database is down.")
    if last is None:
        return Check("worker", False, "It has never run.", "Run: hostedpages worker")
    silent = clock.now() - last
    if silent > WORKER_SILENCE:
        seconds = int(silent.total_seconds())
        return Check("worker", False, f"Silent for {seconds} s.", "Run: hostedpages worker")
    return Check("worker", True, "It runs.")


def check_all(settings: Settings) -> Iterator[Check]:
    """Everything that `doctor` looks at."""
    database = check_database()
    yield database
    if database.fine:
        yield check_worker()
        yield _check_outbox()
        yield _check_secrets(settings)
    yield _check_disk(settings)
    yield _check_key_file(settings)
    yield _check_address(settings)
    yield _check_mail(settings)
    yield Check("encryption", True, ssl.OPENSSL_VERSION)


def _check_outbox() -> Check:
    late = db.session().scalar(
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.state == "pending", Delivery.due_at < clock.now() - LATE)
    )
    failed = db.session().scalar(
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.state.in_(("failed", "unknown", "held")))
    )
    if late:
        return Check(
            "outbox",
            False,
            f"{late} deliveries are more than 5 minutes late.",
            "See that the worker runs; read its log.",
        )
    if failed:
        return Check(
            "outbox",
            False,
            f"{failed} deliveries need a person.",
            "Open Deliveries in the builder: each says why, with a retry.",
        )
    return Check("outbox", True, "Nothing is late and nothing has failed.")


def _check_secrets(settings: Settings) -> Check:
    """Every stored password and key opens with one of the installation's keys."""
    vault = Vault(settings.secret_keys)
    lost, older = [], 0
    for found in all_sealed(db.session()):
        try:
            vault.open(found.sealed, place=found.place)
        except CannotOpen:
            lost.append(found.words)
            continue
        older += not vault.is_newest(found.sealed)
    if lost:
        more = f", and {len(lost) - 3} more" if len(lost) > 3 else ""
        return Check(
            "secrets",
            False,
            f"No key opens {', '.join(lost[:3])}{more}.",
            "Put the former key into HOSTEDPAGES_SECRET_KEY_FALLBACKS, or enter them again.",
        )
    if older:
        return Check(
            "secrets",
            True,
            f"All open; {older} need a former key.",
            "Run: hostedpages rotate-keys",
        )
    return Check("secrets", True, "Every stored secret opens.")


def _check_disk(settings: Settings) -> Check:
    free = shutil.disk_usage(settings.data_dir).free
    if not os.access(settings.data_dir, os.W_OK):
        return Check("disk", False, f"{settings.data_dir} cannot be written.", "Mend its owner.")
    if free < MIN_FREE_BYTES:
        return Check("disk", False, f"Only {free // 2**20} MiB are free.", "Make room.")
    return Check("disk", True, f"{free // 2**20} MiB free in {settings.data_dir}.")


def _check_key_file(settings: Settings) -> Check:
    path = settings.data_dir / "secret.key"
    if path.exists() and path.stat().st_mode & 0o077:
        return Check("key file", False, "Others can read it.", f"Run: chmod 600 {path}")
    return Check("key file", True, "Readable by its owner only, or not used.")


def _check_address(settings: Settings) -> Check:
    if not settings.secure_cookies and settings.bind not in ("127.0.0.1", "localhost", "::1"):
        return Check(
            "address",
            False,
            f"{settings.public_url} is not https, and the server listens beyond this machine.",
            "Put a TLS proxy in front and set HOSTEDPAGES_PUBLIC_URL to the https address.",
        )
    return Check("address", True, settings.public_url)


def _check_mail(settings: Settings) -> Check:
    try:
        transport_for(settings)
        sender_header(settings.mail_from)
    except ValueError as error:
        return Check("mail", False, str(error), "Correct the setting, and start the product again.")
    if settings.smtp_url:
        return Check("mail", True, "Goes through HOSTEDPAGES_SMTP_URL.")
    return Check(
        "mail",
        True,
        f"Reaches nobody: it is written to {settings.mail_dir}. That is enough to try things out; "
        "set HOSTEDPAGES_SMTP_URL to send it. Accounts with a sender of their own are not "
        "concerned.",
    )
