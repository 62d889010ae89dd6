"""Domains that accounts prove: who signs what leaves through the installation's server, and the
daily look at their records.

Must never sign for a domain whose record was not found, and never hold a transaction while name
servers are asked.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.mail import dkim
from hostedpages.models import SendingDomain
from hostedpages.vault import Vault


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

    None unless the account has a domain that is fine and has an address to send from.
    """
    found = session.scalar(
        select(SendingDomain)
        .where(
            SendingDomain.account_id == account_id,
            SendingDomain.state == "fine",
            SendingDomain.from_email != "",
        )
        .order_by(SendingDomain.id)
        .limit(1)
    )
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
