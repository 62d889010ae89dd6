"""What owners and admins change about sending domains: add, check, From, keys, remove.

Must never ask name servers inside a transaction, and never show a private key.
"""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hostedpages import clock, db, ratelimit
from hostedpages.accounts import checks
from hostedpages.config import Settings
from hostedpages.delivery import domains
from hostedpages.errors import Refused, TooManyTries
from hostedpages.mail import dkim
from hostedpages.mail.dns import Resolver
from hostedpages.mail.headers import one_address
from hostedpages.mail.mailbox_domains import owner_of
from hostedpages.mail.names import NameRefused, domain_name, readable
from hostedpages.models import Account, SendingDomain
from hostedpages.tokens import random_id
from hostedpages.vault import Vault

MAX_DOMAINS = 20
# What asks name servers or makes a key, however it is asked for: of one account, in
CHECKS = 20
CHECKS_PER_SECONDS = 600


def add(account: Account, typed: str, settings: Settings) -> SendingDomain:
    """Add a domain with a new key, and look at its records for the first time.

    Raises Refused when it is no public domain, is a mailbox provider's, is there already, or there
    are too many; TooManyTries as `check` does, whatever became of the domains before.
    """
    try:
        name = domain_name(typed)
    except NameRefused as error:
        raise Refused(str(error), field="name") from None
    if owner := owner_of(name):
        words = f"Only {owner} can publish records for {name}. Set up a sender instead."
        raise Refused(words, field="name")
    from_email = ""
    if "@" in typed:
        from_email = one_address(typed.strip()) or ""
        # A local part may hold what ends a domain: `example.com/x@other.com` is no proof of other.
        if from_email.rpartition("@")[2] != name:
            raise Refused("Please give one valid email address, or just the domain.", field="name")
    _count(account.id)
    pair = dkim.new_key_pair()  # takes a moment, so not inside the transaction
    domain = SendingDomain(
        account_id=account.id,
        public_id=random_id(),
        name=name,
        from_email=from_email,
        selector=dkim.FIRST_SELECTOR,
        public_key=pair.public_key,
    )
    place = domain.key_place(domain.selector)
    domain.key_sealed = Vault(settings.secret_keys).seal(pair.private_key, place=place)
    with db.transaction() as session:
        _refuse_one_more(session, account.id, name)
        session.add(domain)
        try:
            session.flush()
        except IntegrityError:
            raise _taken(name) from None  # two people at the same moment; the database decided
    look(domain, settings)
    return domain


def check(account: Account, domain: SendingDomain, settings: Settings) -> None:
    """Look at the records now. Raises TooManyTries when that was asked for too often."""
    _count(account.id)
    look(domain, settings)


def look(domain: SendingDomain, settings: Settings) -> None:
    """Ask the name servers, and store what they say. The caller has counted it."""
    asked = domains.ToLookAt.of(domain)
    db.session().rollback()  # no transaction stays open while other machines are asked
    findings = domains.look(asked, Resolver(settings.name_servers), settings.spf_include)
    domains.record(asked, findings, clock.now())


def change_from(domain: SendingDomain, *, from_email: str, from_name: str) -> None:
    """Set the address and name that mail from this domain carries. Raises Refused.

    Without an address, mail goes on leaving from the installation's own.
    """
    typed = from_email.strip()
    address = one_address(typed) if typed else ""
    if address is None:
        raise Refused("Please give one valid email address.", field="from_email")
    if address and address.rpartition("@")[2] != domain.name:
        words = f"The address must be at {readable(domain.name)}, the domain that is proven here."
        raise Refused(words, field="from_email")
    name = ""
    if from_name.strip():
        name = checks.name(from_name, "Please give a name.", field="from_name")
    with db.transaction():
        domain.from_email = address
        domain.from_name = name


def prepare_next_key(domain: SendingDomain, settings: Settings) -> None:
    """Make the next key; it signs once its record is found. Does nothing while there is one.

    Raises TooManyTries as `check` does.
    """
    if domain.next_selector:
        return
    _count(domain.account_id)
    selector = dkim.next_selector(domain.selector, domain.old_selector)
    pair = dkim.new_key_pair()
    sealed = Vault(settings.secret_keys).seal(pair.private_key, place=domain.key_place(selector))
    with db.transaction():
        if domain.next_selector:
            return
        domain.next_selector = selector
        domain.next_key_sealed = sealed
        domain.next_public_key = pair.public_key
    look(domain, settings)


def drop_next_key(domain: SendingDomain) -> None:
    """Forget a next key that does not sign yet."""
    with db.transaction():
        gone = f"dkim:{domain.next_selector}"
        domain.next_selector = domain.next_key_sealed = domain.next_public_key = ""
        domain.findings = [each for each in domain.findings if each["name"] != gone]


def forget_old_key(domain: SendingDomain) -> None:
    """The record of the key before was removed by a person: say no more about it."""
    with db.transaction():
        domain.old_selector = ""


def remove(domain: SendingDomain) -> None:
    """Forget the domain and its keys. Mail leaves from the installation's own address again."""
    with db.transaction() as session:
        session.delete(domain)


def _count(account_id: int) -> None:
    """Count one look, and the key that is made before it. Raises TooManyTries."""
    with db.transaction() as session:
        key = f"check-domain:{account_id}"
        wait = ratelimit.allow(session, key, CHECKS, CHECKS_PER_SECONDS, clock.now())
    if wait:
        raise TooManyTries(
            "That was checked very often just now. Changes in the DNS need a while: please wait "
            "some minutes.",
            retry_after_seconds=wait,
        )


def _refuse_one_more(session: Session, account_id: int, name: str) -> None:
    names = session.scalars(
        select(SendingDomain.name).where(SendingDomain.account_id == account_id)
    ).all()
    if name in names:
        raise _taken(name)
    if len(names) >= MAX_DOMAINS:
        raise Refused(f"An account can have {MAX_DOMAINS} domains. Remove one first.", field="name")


def _taken(name: str) -> Refused:
    return Refused(f"{readable(name)} is there already.", field="name")
