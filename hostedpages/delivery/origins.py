"""Whom a mail comes from: its From, what signs it, and how its sender's server is reached.

Read for a whole batch at once, at the moment of sending. Must never open a secret, and never keep
a row that the session could change: what it returns is used while no transaction is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.config import Settings
from hostedpages.delivery import domains
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.limits import Limits
from hostedpages.delivery.rows import Claimed
from hostedpages.delivery.streams import PRODUCT
from hostedpages.mail.headers import named, one_address, sender_header
from hostedpages.models import PLATFORM, Account, Sender, SenderHealth


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one delivery comes from.

    `id_domain` makes the Message-ID: that of the sender that was chosen for it, so that it stays
    the same at each attempt. `sender` is whose server takes it, None for the installation's.
    """

    mail_from: str
    id_domain: str
    own_addresses: frozenset[str]
    sender: Sender | None = None
    limits: Limits = Limits()
    signing: domains.Signing | None = None
    note: str = ""
    installation_from: str = ""  # for the same account, when its domain cannot be used

    def without_domain(self) -> "Origin | None":
        """The installation's own address in place of the account's domain; None when it is that
        already."""
        if self.signing is None:
            return None
        note = (
            f"Sent from the address of Hosted Pages, because its mail server takes nothing from "
            f"{self.signing.from_email}. {self.note}"
        ).strip()
        return replace(self, mail_from=self.installation_from, signing=None, note=note)


def gather(session: Session, batch: Sequence[Claimed], settings: Settings) -> dict[int, Origin]:
    """The origin of each claimed delivery, by its id."""
    mails = [each for each in batch if each.through >= PLATFORM]
    accounts = {each.account_id for each in mails}
    if not accounts:
        return {}
    senders: dict[int, Sender] = {}
    own: dict[int, set[str]] = {each: set() for each in accounts}
    for sender in session.scalars(select(Sender).where(Sender.account_id.in_(accounts))):
        senders[sender.id] = sender
        own[sender.account_id].add(sender.email.casefold())
        session.expunge(sender)
    by_platform = {each.account_id for each in mails if each.through == PLATFORM}
    names = {
        each.id: each.name
        for each in session.execute(
            select(Account.id, Account.name).where(Account.id.in_(by_platform))
        )
    }
    signings = {each: domains.signing_of(session, each) for each in by_platform}
    problems = _problems(session, {each.sender_id for each in mails if _is_instead(each)})
    _, platform = sender_header(settings.mail_from)
    # Many mails of a batch come from the same place: that is made up once.
    made: dict[tuple[int, int, int, bool], Origin | None] = {}
    found = {}
    for each in mails:
        is_product = kind_of(each.kind).stream(each.payload) == PRODUCT
        key = (each.account_id, each.sender_id, each.through, is_product)
        if key not in made:
            chosen = senders.get(each.sender_id)
            addresses = frozenset({platform.casefold(), *own[each.account_id]})
            if each.through != PLATFORM:
                made[key] = _own(chosen, addresses) if chosen else None
            else:
                signing = None if is_product else signings[each.account_id]
                name = names.get(each.account_id, "")
                made[key] = Origin(
                    mail_from=settings.mail_from
                    if is_product
                    else _from_platform(name, platform, signing),
                    id_domain=_domain(chosen.email if chosen else platform),
                    own_addresses=addresses,
                    signing=signing,
                    note=_instead(problems.get(each.sender_id, "")) if _is_instead(each) else "",
                    installation_from=named(name, platform),
                )
        if (origin := made[key]) is not None:
            found[each.id] = origin
    return found


def _own(sender: Sender, addresses: frozenset[str]) -> Origin:
    return Origin(
        mail_from=named(sender.from_name, sender.email),
        id_domain=_domain(sender.email),
        own_addresses=addresses,
        sender=sender,
        limits=Limits.of(sender.limits),
    )


def _from_platform(account: str, platform: str, signing: domains.Signing | None) -> str:
    """An account without a proven domain has its name on the installation's address."""
    if signing is not None:
        return named(signing.from_name or account, signing.from_email)
    return named(account, platform)


def _domain(address: str) -> str:
    return (one_address(address) or "").rpartition("@")[2]


def _is_instead(claimed: Claimed) -> bool:
    return claimed.through == PLATFORM and claimed.sender_id != PLATFORM


def _problems(session: Session, sender_ids: set[int]) -> dict[int, str]:
    if not sender_ids:
        return {}
    rows = select(SenderHealth.sender_id, SenderHealth.problem).where(
        SenderHealth.sender_id.in_(sender_ids)
    )
    return {each.sender_id: each.problem for each in session.execute(rows)}


def _instead(problem: str) -> str:
    because = problem.rstrip(". ") or "the account's own server cannot be used"
    return f"Sent through the Hosted Pages server, because: {because}."
