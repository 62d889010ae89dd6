"""Who may see and change which sender: owners and admins all, everybody else their own.

Must never tell a foreign sender from a missing one.
"""

from dataclasses import dataclass

from werkzeug.exceptions import Forbidden

from hostedpages.accounts import guard
from hostedpages.builder.settings.views import MANAGERS
from hostedpages.errors import NotFound
from hostedpages.models import Sender, User
from hostedpages.models.sender import SLOTS

MINE = "mine"


@dataclass(frozen=True)
class Slot:
    """A place for one sender: `key` as it is stored, `name` as addresses say it."""

    key: str
    name: str
    user: User | None


def is_manager() -> bool:
    """Whether this user may see and change all senders of the account."""
    return guard.current_session().user.role in MANAGERS


def reachable(public_id: str) -> Sender:
    """A sender that this user may change. Raises NotFound, and Forbidden within the account."""
    sender = guard.owned(Sender, public_id)
    if not is_manager() and sender.user_id != guard.current_session().user.id:
        raise Forbidden(guard.NO_ROLE)
    return sender


def slot_named(name: str) -> Slot:
    """The slot that an address asks for. Raises NotFound; Forbidden for those of the account."""
    user = guard.current_session().user
    if name == MINE:
        return Slot(f"user:{user.public_id}", MINE, user)
    if name not in SLOTS:
        raise NotFound()
    if not is_manager():
        raise Forbidden(guard.NO_ROLE)
    return Slot(name, name, None)
