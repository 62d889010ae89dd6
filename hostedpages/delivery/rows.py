"""The shapes of a delivery on its way: as put, as claimed, as finished.

Must never touch the database.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from hostedpages import clock
from hostedpages.delivery.breaker import Fault
from hostedpages.delivery.kinds import kind_of
from hostedpages.models import PLATFORM
from hostedpages.tokens import random_id

Outcome = Literal["delivered", "retry", "failed", "unknown", "held", "skipped"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker holds until its lease ends.

    `failures`, `unknowns` and `crashes` count its earlier attempts by how they ended; `holds` those
    that met a server which could not be used.
    """

    id: int
    public_id: str
    account_id: int
    kind: str
    payload: dict[str, Any]
    recipient: str
    submission_id: int | None
    contact_id: int | None
    page_id: int | None
    enrollment_id: int | None
    created_at: datetime
    fence: int
    attempt: int
    failures: int = 0
    unknowns: int = 0
    crashes: int = 0
    holds: int = 0
    sender_id: int = PLATFORM  # who was chosen to take it
    through: int = PLATFORM  # whose server takes it this time
    counted_as: str = ""  # by the provider, against its limits


@dataclass(frozen=True, slots=True)
class Finished:
    """How one claimed delivery went. `retry` and `held` need `due_at`; `reply` has no secrets."""

    claimed: Claimed
    outcome: Outcome
    reply: str = ""
    due_at: datetime | None = None
    blanks_payload: bool = False
    # The attempt ended unknown although the delivery goes again (`outcome="retry"`).
    was_unknown: bool = False
    # What the mail server is to blame for; its pause counts for `due_at` too.
    fault: Fault | None = None
    # The mail server talked to us, so it works.
    answered: bool = False
    # The server's words, when it says that there is no such address and it is a contact's.
    quarantines: str = ""


def row(
    *,
    account_id: int,
    kind: str,
    payload: dict[str, Any],
    due_at: datetime,
    recipient: str = "",
    summary: str = "",
    submission_id: int | None = None,
    contact_id: int | None = None,
    page_id: int | None = None,
    enrollment_id: int | None = None,
    plan_step_id: int | None = None,
    sender_id: int = PLATFORM,
    skip_reason: str = "",
) -> dict[str, Any]:
    """One delivery as a plain row for `put_many`. With `skip_reason` it is stored as skipped."""
    now = clock.now()
    return {
        "public_id": random_id(),
        "account_id": account_id,
        "kind": kind,
        "state": "skipped" if skip_reason else "pending",
        "due_at": due_at,
        "sender_id": sender_id,
        "is_urgent": kind_of(kind).is_urgent(payload),
        "payload": payload,
        "recipient": recipient,
        "summary": summary,
        "submission_id": submission_id,
        "contact_id": contact_id,
        "page_id": page_id,
        "enrollment_id": enrollment_id,
        "plan_step_id": plan_step_id,
        "attempts": 0,
        "fence": 0,
        "lease_until": None,
        "worker": "",
        "error": skip_reason,
        "receipt": "",
        "created_at": now,
        "finished_at": now if skip_reason else None,
        "bounced_at": None,
    }
