"""Who on our side gets a mail: users who are not archived, each address once.

Must never return an archived user, whatever list names them.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.delivery.kinds.base import Recipient
from hostedpages.models import Account, User


def of_new_leads(session: Session, account: Account) -> list[Recipient]:
    """The account's New Lead list: users who asked for new leads, and its extra addresses."""
    users = session.execute(
        select(User.id, User.email)
        .where(
            User.account_id == account.id, User.archived_at.is_(None), User.gets_new_leads.is_(True)
        )
        .order_by(User.id)
    )
    chosen = [Recipient(email, user_id) for user_id, email in users]
    return _once(chosen, _known(session, account, account.new_lead_emails))


def of_page(
    session: Session, account: Account, *, notify_users: Sequence[str], notify_emails: Sequence[str]
) -> list[Recipient]:
    """A page's own list (users by email address, and further addresses), else the New Lead list."""
    if not notify_users and not notify_emails:
        return of_new_leads(session, account)
    chosen = _known(session, account, [*notify_users, *notify_emails])
    users_only = {each.casefold() for each in notify_users}
    # A name on the users' list that is no user of this account any more gets nothing.
    own = _once(each for each in chosen if each.user_id or each.email.casefold() not in users_only)
    # When all of them have left, somebody must still know about the lead.
    return own or of_new_leads(session, account)


def of_users(session: Session, account: Account, public_ids: Sequence[str]) -> list[Recipient]:
    """The given users of the account; for none given, its New Lead list."""
    if not public_ids:
        return of_new_leads(session, account)
    users = session.execute(
        select(User.id, User.email)
        .where(
            User.account_id == account.id,
            User.archived_at.is_(None),
            User.public_id.in_(public_ids),
        )
        .order_by(User.id)
    )
    return [Recipient(email, user_id) for user_id, email in users]


def _known(session: Session, account: Account, addresses: Sequence[str]) -> list[Recipient]:
    """Addresses as recipients, with the user behind one; without those of archived users."""
    if not addresses:
        return []
    lowered = {each.casefold() for each in addresses}
    found = session.execute(
        select(User.id, User.email, User.archived_at).where(
            User.account_id == account.id, User.email.in_(lowered)
        )
    ).all()
    users = {each.email.casefold(): each for each in found}
    known = []
    for address in addresses:
        user = users.get(address.casefold())
        if user is None:
            known.append(Recipient(address))
        elif user.archived_at is None:
            known.append(Recipient(user.email, user.id))
    return known


def _once(*groups: Iterable[Recipient]) -> list[Recipient]:
    by_address: dict[str, Recipient] = {}
    for group in groups:
        for each in group:
            by_address.setdefault(each.email.casefold(), each)
    return list(by_address.values())
