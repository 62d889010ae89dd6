"""How many automatic answers one address may get, so that a form is no cannon.

Must never be asked for a notification of a lead: those always go.
"""

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hostedpages.models import RateBucket
from hostedpages.tokens import hash_token

DAY_SECONDS = 24 * 60 * 60
PER_PAGE_A_DAY = 1
PER_ADDRESS_A_DAY = 3
_DOTS_DO_NOT_COUNT = frozenset({"gmail.com", "googlemail.com"})


def take_answer(session: Session, *, page_id: int | None, address: str, now: float) -> bool:
    """Use up one automatic answer of this address; False when it has had its share.

    At most one per page and three in the whole installation within any 24 hours. `now` is in unix
    seconds. Part of the caller's transaction.
    """
    key = hash_token(mailbox_key(address))[:40]
    page_keys = [f"answer:{page_id}:{key}:{slot}" for slot in range(PER_PAGE_A_DAY)]
    all_keys = [f"answer:all:{key}:{slot}" for slot in range(PER_ADDRESS_A_DAY)]
    free = _free(session, page_keys + all_keys, now)
    page_key = next((each for each in page_keys if each in free), None)
    all_key = next((each for each in all_keys if each in free), None)
    if page_key is None or all_key is None:
        return False
    return _occupy(session, page_key, now) and _occupy(session, all_key, now)


def mailbox_key(address: str) -> str:
    """One key for the spellings of one mailbox: case, `+tag`, and dots where they do not count."""
    local, _, domain = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0]
    if domain in _DOTS_DO_NOT_COUNT:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _free(session: Session, keys: list[str], now: float) -> set[str]:
    taken = session.scalars(
        select(RateBucket.key).where(RateBucket.key.in_(keys), RateBucket.tat > now)
    )
    return set(keys) - set(taken)


def _occupy(session: Session, key: str, now: float) -> bool:
    until = now + DAY_SECONDS
    moved = session.execute(
        update(RateBucket.__table__)  # type: ignore[arg-type]  # a Table, as the ORM types it
        .where(RateBucket.key == key, RateBucket.tat <= now)
        .values(tat=until)
        .returning(RateBucket.id)
    ).first()
    if moved is not None:
        return True
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = session.execute(
        make(RateBucket)
        .values(key=key, tat=until)
        .on_conflict_do_nothing()
        .returning(RateBucket.id)
    ).first()
    return made is not None
