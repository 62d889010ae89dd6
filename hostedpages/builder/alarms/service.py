"""What owners and admins change about alarms, and the test of both ways.

Must never show a stored signing secret again: it is returned once, when it is made.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock, db, ratelimit
from hostedpages.accounts import checks
from hostedpages.builder import hosts
from hostedpages.config import Settings
from hostedpages.delivery import moves, outbox, webhooks
from hostedpages.delivery.alarms import looks, tell
from hostedpages.delivery.egress import UrlRefused, checked_url, host_and_port
from hostedpages.errors import Refused, TooManyTries
from hostedpages.models import Account, Delivery, User
from hostedpages.vault import CannotOpen, Vault

MAX_ADDRESSES = 10
TESTS = 10
TESTS_PER_SECONDS = 24 * 60 * 60
LOOKS = 20  # at the hosts of new webhooks of one account, in
LOOKS_PER_SECONDS = 600
WEBHOOK_FIELD = "alarm_webhook_url"


def change(
    account: Account,
    *,
    alarm_emails: list[str],
    alarm_webhook_url: str,
    daily_digest: bool,
    settings: Settings,
) -> str:
    """Change who is told. Returns the signing secret when this made one, else an empty string.

    1. Check addresses and webhook; its host is looked up and judged here and at every message.
    2. Store; the first webhook gets a secret. 3. What was given up goes to the new address.
    Raises Refused with the field to mend, TooManyTries when new webhooks were given too often.
    """
    field = "alarm_emails"
    addresses = list(dict.fromkeys(checks.email(each, field=field) for each in alarm_emails))
    if len(addresses) > MAX_ADDRESSES:
        raise Refused(f"Please give at most {MAX_ADDRESSES} addresses.", field=field)
    url = alarm_webhook_url.strip()
    is_new = url != account.alarm_webhook_url
    if url and is_new:
        _check(account, url, settings)
    secret = ""
    with db.transaction() as session:
        account.alarm_emails = addresses
        account.alarm_webhook_url = url
        account.daily_digest = daily_digest
        if not url:
            account.alarm_webhook_sealed = ""
        elif not account.alarm_webhook_sealed:
            secret = webhooks.new_secret()
            _seal(account, secret, settings)
        if url and is_new:
            _send_again(session, account)
    return secret


def make_secret(account: Account, settings: Settings) -> str:
    """A new signing secret, returned this once. The one before signs for a day more, beside it.

    Raises Refused without a webhook.
    """
    if not account.alarm_webhook_url:
        raise Refused("There is no webhook to sign for.", field=WEBHOOK_FIELD)
    secret = webhooks.new_secret()
    try:
        old = Vault(settings.secret_keys).open(
            account.alarm_webhook_sealed, place=account.alarm_webhook_place
        )
    except CannotOpen:
        old = ""
    with db.transaction():
        _seal(account, webhooks.ring(secret, old=old, now=clock.now()), settings)
    return secret


def send_test(account: Account, *, by: User, settings: Settings) -> None:
    """Put a test alarm for every address by every way, and for the webhook.

    Raises TooManyTries, and Refused when there is nobody to tell.
    """
    now = clock.now()
    with db.transaction() as session:
        wait = ratelimit.allow(session, f"alarm_test:{account.id}", TESTS, TESTS_PER_SECONDS, now)
        if wait:
            raise TooManyTries(
                f"At most {TESTS} test alarms a day are sent. Please try again later.",
                retry_after_seconds=wait,
            )
        known = looks.servers(session)
        rows = tell.test_rows(session, account, known, settings, now, by=by.name or by.email)
        if not rows:
            raise Refused("There is nobody to tell: give an address.", field="alarm_emails")
        outbox.put_many(session, rows)


def _check(account: Account, url: str, settings: Settings) -> None:
    is_allowed = settings.allows_private_hosts
    try:
        place = host_and_port(checked_url(url, allow_private=is_allowed))
    except UrlRefused as error:
        raise Refused(str(error), field=WEBHOOK_FIELD) from None
    with db.transaction() as session:
        key = f"webhook-host:{account.id}"
        wait = ratelimit.allow(session, key, LOOKS, LOOKS_PER_SECONDS, clock.now())
    if wait:
        raise TooManyTries(
            "The webhook was changed very often just now. Please wait some minutes.",
            retry_after_seconds=wait,
        )
    # No transaction is open from here on, while other machines are asked.
    found = hosts.judge({WEBHOOK_FIELD: place}, account_id=account.id, allow_private=is_allowed)
    if found:
        raise Refused(str(found[WEBHOOK_FIELD]), field=WEBHOOK_FIELD)


def _seal(account: Account, stored: str, settings: Settings) -> None:
    account.alarm_webhook_sealed = Vault(settings.secret_keys).seal(
        stored, place=account.alarm_webhook_place
    )


def _send_again(session: Session, account: Account) -> None:
    """What the earlier address did not take, the oldest first."""
    now = clock.now()
    given_up = session.scalars(
        select(Delivery)
        .where(
            Delivery.account_id == account.id,
            Delivery.created_at > now - looks.FAILED_LATELY,
            Delivery.kind == tell.WEBHOOK,
            Delivery.state == "failed",
        )
        .order_by(Delivery.created_at, Delivery.id)
    ).all()
    for delivery in given_up:
        moves.retry(delivery, now)
