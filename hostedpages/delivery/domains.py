"""Domains that accounts prove: who signs what leaves through the installation's server, and the
daily look at their records.

Must never sign for a domain whose record was never found, and never hold a transaction while name
servers are asked.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.mail import dkim, domain_auth
from hostedpages.mail.dkim_check import Selector
from hostedpages.mail.dns import Resolver
from hostedpages.mail.findings import Finding
from hostedpages.models import SendingDomain
from hostedpages.vault import Vault

EVERY = timedelta(days=1)
EVERY_WHILE_NEW = timedelta(hours=1)  # people wait for what they have just published
NEW_FOR = timedelta(hours=domain_auth.HOURS)
LOOKS_AT_ONCE = 4
_LATE = timedelta(minutes=5)  # a chore comes a little earlier or later than its hour


@dataclass(frozen=True, slots=True)
class Signing:
    """The address an account's mail comes from, and what signs it."""

    from_email: str
    from_name: str
    domain: str
    selector: str
    key_sealed: str
    key_place: str

    def sign(self, as_bytes: bytes, vault: Vault) -> bytes:
        """The whole message with its signature.

        Raises vault.CannotOpen when the key was sealed with a secret that is gone.
        """
        key = vault.open(self.key_sealed, place=self.key_place)
        return dkim.sign(as_bytes, domain=self.domain, selector=self.selector, private_key=key)


def signing_of(session: Session, account_id: int) -> Signing | None:
    """How mail of this account is signed when the installation's server sends it.

    None unless the account has a domain with an address to send from, that was fine once and whose
    key was there, or could not be asked for, at the last look: a mistake in another record later
    makes no mail leave under another name.
    """
    candidates = session.scalars(
        select(SendingDomain)
        .where(
            SendingDomain.account_id == account_id,
            SendingDomain.fine_since.is_not(None),
            SendingDomain.from_email != "",
        )
        .order_by(SendingDomain.id)
    )
    found = next((each for each in candidates if _has_key(each)), None)
    if found is None:
        return None
    return Signing(
        from_email=found.from_email,
        from_name=found.from_name,
        domain=found.name,
        selector=found.selector,
        key_sealed=found.key_sealed,
        key_place=found.key_place(found.selector),
    )


def _has_key(domain: SendingDomain) -> bool:
    states = {each["name"]: each["state"] for each in domain.findings}
    return states.get(f"dkim:{domain.selector}", "fine") in ("fine", "could_not_check")


@dataclass(frozen=True, slots=True)
class ToLookAt:
    """What a look needs to know of a domain, read before name servers are asked."""

    id: int
    name: str
    selectors: tuple[Selector, ...]

    @classmethod
    def of(cls, domain: SendingDomain) -> "ToLookAt":
        """The key in use, and the next one while there is one."""
        selectors = [Selector(domain.selector, domain.public_key)]
        if domain.next_selector:
            selectors.append(Selector(domain.next_selector, domain.next_public_key, is_next=True))
        return cls(domain.id, domain.name, tuple(selectors))


def look(asked: ToLookAt, resolver: Resolver, include: str) -> list[Finding]:
    """Ask the name servers; takes up to some seconds. Hold no transaction meanwhile."""
    return domain_auth.look(
        asked.name, resolver=resolver, selectors=asked.selectors, include=include
    )


def record(asked: ToLookAt, findings: list[Finding], now: datetime) -> SendingDomain | None:
    """Store what a look found, and sign with the next key once its record is there.

    None when the domain was removed, or its keys were changed, meanwhile.
    """
    with db.transaction() as session:
        domain = session.get(SendingDomain, asked.id)
        if domain is None or ToLookAt.of(domain) != asked:
            return None
        states = {each.name: each.state for each in findings}
        if domain.next_selector and states.get(f"dkim:{domain.next_selector}") == "fine":
            findings = _switched(domain, findings)
        state = domain_auth.state_of(findings)
        if state == "fine" and domain.state != "fine":
            domain.fine_since = now
        domain.state = state
        domain.findings = [each.to_json() for each in findings]
        domain.checked_at = now
    return domain


def _switched(domain: SendingDomain, findings: list[Finding]) -> list[Finding]:
    """Let the next key sign; the old one's record stays in the DNS until a person removes it."""
    old = f"dkim:{domain.selector}"
    domain.old_selector = domain.selector
    domain.selector, domain.next_selector = domain.next_selector, ""
    domain.key_sealed, domain.next_key_sealed = domain.next_key_sealed, ""
    domain.public_key, domain.next_public_key = domain.next_public_key, ""
    new = f"dkim:{domain.selector}"
    return [each.in_use() if each.name == new else each for each in findings if each.name != old]


async def look_at_all(settings: Settings) -> None:
    """The chore: look at every domain whose turn has come, a few at a time."""
    due = await asyncio.to_thread(_due)
    if not due:
        return
    resolver = Resolver(settings.name_servers)
    free = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def one(asked: ToLookAt) -> None:
        async with free:
            await asyncio.to_thread(_look_and_record, asked, resolver, settings.spf_include)

    # One domain's fault is told after all others had their turn.
    ended = await asyncio.gather(*(one(each) for each in due), return_exceptions=True)
    for fault in ended:
        if fault is not None:
            raise fault


def _due() -> list[ToLookAt]:
    now = clock.now()
    with db.unit() as session:
        found = session.scalars(
            select(SendingDomain)
            .where(
                or_(
                    SendingDomain.checked_at.is_(None),
                    SendingDomain.checked_at <= now - EVERY + _LATE,
                    SendingDomain.checked_at > now + clock.CLOCKS_DIFFER,
                    (SendingDomain.state != "fine")
                    & (SendingDomain.created_at > now - NEW_FOR)
                    & (SendingDomain.checked_at <= now - EVERY_WHILE_NEW + _LATE),
                    (SendingDomain.next_selector != "")
                    & (SendingDomain.checked_at <= now - EVERY_WHILE_NEW + _LATE),
                )
            )
            .order_by(SendingDomain.checked_at)
        )
        return [ToLookAt.of(each) for each in found]


def _look_and_record(asked: ToLookAt, resolver: Resolver, include: str) -> None:
    findings = look(asked, resolver, include)
    with db.unit():
        record(asked, findings, clock.now())
