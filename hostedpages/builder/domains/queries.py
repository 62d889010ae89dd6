"""What the screens of domains show. Must never read past the account that is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from hostedpages import db
from hostedpages.mail.findings import AHEAD
from hostedpages.mail.names import readable
from hostedpages.models import Account, SendingDomain

# State -> word, kind of the pill, icon.
STATES = {
    "fine": ("Fine", "ok", "circle-check"),
    "not_found": ("Not found", "warn", "circle-question-mark"),
    "wrong": ("Wrong", "bad", "circle-x"),
    "could_not_check": ("Could not check", "warn", "circle-alert"),
    "not_checked": ("Not checked yet", "quiet", "clock"),
}


@dataclass(frozen=True)
class StateWords:
    """How a state is shown: never by color alone."""

    word: str
    kind: str
    icon: str


@dataclass(frozen=True)
class Record:
    """One finding as the domain's page shows it."""

    finding: dict[str, Any]
    state: StateWords
    short_host: str  # what to enter where the provider adds the domain by itself
    is_next: bool

    @property
    def is_fine(self) -> bool:
        return bool(self.finding["state"] == "fine")


@dataclass(frozen=True)
class DomainRow:
    """A domain with what people read about it."""

    domain: SendingDomain
    title: str  # the name in its own script
    state: StateWords
    open_count: int  # records that need somebody


def state_words(state: str) -> StateWords:
    """The words of a state; an unknown one is shown as not checked."""
    return StateWords(*STATES.get(state, STATES["not_checked"]))


def domains_of(account: Account) -> list[DomainRow]:
    """All domains by name."""
    found: Sequence[SendingDomain] = (
        db.session()
        .scalars(
            select(SendingDomain)
            .where(SendingDomain.account_id == account.id)
            .order_by(SendingDomain.name)
        )
        .all()
    )
    return [row_of(each) for each in found]


def row_of(domain: SendingDomain) -> DomainRow:
    """One domain with its words."""
    return DomainRow(
        domain,
        readable(domain.name),
        state_words(domain.state),
        sum(each["state"] != "fine" and bool(each["fix"]) for each in _records(domain)),
    )


def records_of(domain: SendingDomain) -> list[Record]:
    """The findings of the last look: what needs somebody first, each group in its own order."""
    records = [
        Record(
            finding=each,
            state=state_words(each["state"]),
            short_host=_short(each["host"], domain.name),
            is_next=each["name"] == f"dkim:{domain.next_selector}",
        )
        for each in _records(domain)
    ]
    return sorted(records, key=lambda each: each.is_fine)


def ahead_of(domain: SendingDomain) -> dict[str, Any] | None:
    """What the last look found about the whole: no such domain, or nobody could be asked."""
    return next((each for each in domain.findings if each["name"] in AHEAD), None)


def _records(domain: SendingDomain) -> list[dict[str, Any]]:
    return [each for each in domain.findings if each["name"] not in AHEAD]


def _short(host: str, domain: str) -> str:
    return "@" if host == domain else host.removesuffix(f".{domain}")
