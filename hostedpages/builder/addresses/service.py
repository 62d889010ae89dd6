"""What owners and admins change about stopped addresses: stop one by hand, let one go again.

Must never let one go without a note of why: it is the record of the person's consent.
"""

from hostedpages import clock, db
from hostedpages.accounts import checks
from hostedpages.builder.addresses.forms import KINDS
from hostedpages.delivery import suppressions
from hostedpages.errors import Conflict, Refused
from hostedpages.models import Account, SuppressedAddress, User

MIN_NOTE = 10
MAX_NOTE = 500


def stop_by_hand(account: Account, *, email: str, kind: str, by: User) -> tuple[str, bool]:
    """Stop an address. Returns it and whether that is new. Raises Refused with the field."""
    address = checks.email(email, field="email")
    if kind not in KINDS:
        raise Refused("Choose why it is stopped.", field="kind")
    stop = suppressions.opt_out if kind == "opted_out" else suppressions.quarantine
    with db.transaction() as session:
        is_new = stop(
            session, account.id, address, reason="manual", by_user_id=by.id, now=clock.now()
        )
    return address, is_new


def let_go(address: SuppressedAddress, *, note: str, by: User) -> None:
    """Let an address be written to again. Raises Refused for a note that says nothing, Conflict
    when somebody else was faster."""
    note = " ".join(note.split())
    if len(note) < MIN_NOTE:
        raise Refused("Say it in a few words: this is kept as the record.", field="note")
    if len(note) > MAX_NOTE:
        raise Refused(f"At most {MAX_NOTE} characters.", field="note")
    with db.transaction() as session:
        lifted = suppressions.lift(session, address, by_user_id=by.id, note=note, now=clock.now())
        if not lifted:
            raise Conflict("This address may be written to again already.")
