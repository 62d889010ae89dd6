"""One short factory per model: rows that are right, with defaults that a test can override.

Each stores its row at once, in the transaction that is open or in one of its own, and needs an
open unit. What is not given is made, in the same account.
"""

import itertools
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, TypeVar

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import notifications, outbox, recipients, senders
from hostedpages.mail import dkim
from hostedpages.models import (
    Account,
    ActionPlan,
    Base,
    Contact,
    ContactLink,
    Delivery,
    DeliveryAttempt,
    Enrollment,
    LeadSource,
    Page,
    PageVersion,
    PlanStep,
    Sender,
    SendingDomain,
    Submission,
    SuppressedAddress,
    User,
)
from hostedpages.tokens import random_id
from hostedpages.vault import Vault
from tests import zones

Row = TypeVar("Row", bound=Base)

_numbers = itertools.count(1)


def store(row: Row) -> Row:
    """Insert a row, and give it back with its id."""
    current = db.session()
    if current.info.get("writes"):
        current.add(row)
        current.flush()
    else:
        with db.transaction() as session:
            session.add(row)
    return row


def document(*elements: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A page document with these elements; without any, a first name and an email address."""
    title = changes.pop("title", "Get a quote")
    made: dict[str, Any] = {
        "format": 1,
        "name": "Quote request",
        "slug": "quote",
        "title": title,
        "elements": list(elements)
        or [
            field("first_name", "First name", binds_to="first_name"),
            field("email", "Email", type="email", required=True, binds_to="email"),
        ],
    }
    return {**made, **changes}


def field(key: str, label: str, *, type: str = "text", **settings: Any) -> dict[str, Any]:
    """A field element of a page document."""
    return {"kind": "field", "key": key, "type": type, "label": label, **settings}


def account(**values: Any) -> Account:
    number = next(_numbers)
    values.setdefault("name", f"Account {number}")
    values.setdefault("slug", f"account-{number}")
    return store(Account(**values))


def user(owner: Account | None = None, **values: Any) -> User:
    number = next(_numbers)
    owner = owner or account()
    values.setdefault("email", f"user-{number}@example.org")
    values.setdefault("name", f"User {number}")
    values.setdefault("role", "owner")
    made = store(User(account_id=owner.id, **values))
    assert made.account is owner
    return made


def lead_source(owner: Account, **values: Any) -> LeadSource:
    values.setdefault("name", f"Source {next(_numbers)}")
    values.setdefault("name_key", values["name"].casefold())
    values.setdefault("web_key", random_id())
    return store(LeadSource(account_id=owner.id, **values))


def plan(owner: Account, *steps: dict[str, Any], **values: Any) -> ActionPlan:
    """An action plan, Ready unless told otherwise; each step is the columns of a PlanStep."""
    values.setdefault("name", f"Plan {next(_numbers)}")
    values.setdefault("name_key", values["name"].casefold())
    values.setdefault("state", "ready")
    rows = [
        PlanStep(account_id=owner.id, position=position, **step)
        for position, step in enumerate(steps)
    ]
    return store(ActionPlan(account_id=owner.id, steps=rows, **values))


def page(
    owner: Account,
    *elements: dict[str, Any],
    published: bool = True,
    draft: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    **values: Any,
) -> Page:
    """A page with these elements, published unless told otherwise.

    Rows only: `builder.pages.service.publish` is what people use. `options` are the page's options,
    `draft` a whole document instead of elements.
    """
    number = next(_numbers)
    values.setdefault("name", f"Page {number}")
    values.setdefault("name_key", values["name"].casefold())
    values.setdefault("slug", f"page-{number}")
    if draft is None:
        draft = document(*elements, name=values["name"], slug=values["slug"])
    if options:
        draft = {**draft, "options": {**draft.get("options", {}), **options}}
    values.setdefault("status", "published" if published else "draft")
    made = store(Page(account_id=owner.id, draft=draft, **values))
    if published:
        publish(made)
    return made


def publish(page: Page, **values: Any) -> PageVersion:
    """The page's draft as its next live version."""
    number = page.live_version.number + 1 if page.live_version else 1
    made = store(
        PageVersion(
            account_id=page.account_id,
            page_id=page.id,
            number=number,
            document=page.draft,
            digest=f"{number:064x}",
            **values,
        )
    )
    with nullcontext() if db.session().info.get("writes") else db.transaction():
        page.live_version_id, page.status = made.id, "published"
    db.session().expire(page, ["live_version"])
    return made


def contact(owner: Account, **values: Any) -> Contact:
    number = next(_numbers)
    values.setdefault("first_name", "Pat")
    values.setdefault("last_name", f"Person {number}")
    values.setdefault("email", f"pat-{number}@example.org")
    values.setdefault("email_key", values["email"].lower())
    return store(Contact(account_id=owner.id, **values))


def contact_link(page: Page, contact: Contact, **values: Any) -> ContactLink:
    values.setdefault("expires_at", clock.now() + timedelta(days=14))
    return store(
        ContactLink(account_id=page.account_id, page_id=page.id, contact_id=contact.id, **values)
    )


def submission(page: Page, contact: Contact | None = None, **values: Any) -> Submission:
    """One submission to the page's live version."""
    assert page.live_version_id is not None, "the page is not published"
    values.setdefault("answers", {"first_name": "Pat", "email": "pat@example.org"})
    values.setdefault("result", "created")
    values.setdefault("nonce", random_id())
    values.setdefault("answers_digest", "0" * 64)
    return store(
        Submission(
            account_id=page.account_id,
            page_id=page.id,
            page_version_id=page.live_version_id,
            contact_id=contact.id if contact else None,
            **values,
        )
    )


def enrollment(plan: ActionPlan, contact: Contact, **values: Any) -> Enrollment:
    """Somebody in a plan: the row only, without deliveries."""
    return store(
        Enrollment(account_id=plan.account_id, plan_id=plan.id, contact_id=contact.id, **values)
    )


def delivery(owner: Account, **values: Any) -> Delivery:
    """An email to a contact that is due now, unless told otherwise."""
    values.setdefault("kind", "email")
    values.setdefault("due_at", clock.now())
    values.setdefault("payload", {"subject": "Hello", "text": "Thank you.", "is_answer": False})
    values.setdefault("recipient", "pat@example.org")
    values.setdefault("summary", "Email “Hello”")
    return store(Delivery(account_id=owner.id, **values))


def notify_of(submission: Submission, *, users: Sequence[str] = (), **values: Any) -> None:
    """Promise the new-lead mails of a submission, as taking it in does."""
    with db.transaction() as session:
        account = session.get_one(Account, submission.account_id)
        rows = notifications.rows_for(
            recipients.of_page(session, account, notify_users=users, notify_emails=[]),
            account_id=account.id,
            page_id=submission.page_id,
            submission_id=submission.id,
            contact_id=submission.contact_id,
            sender_id=senders.choose(session, account.id, notifications.STREAM),
            **{"returning": False, "due_at": submission.created_at} | values,
        )
        outbox.put_many(session, rows)


def attempt(delivery: Delivery, **values: Any) -> DeliveryAttempt:
    """One ended try of a delivery."""
    values.setdefault("number", 1)
    values.setdefault("started_at", clock.now())
    values.setdefault("finished_at", clock.now())
    sender = db.session().get(Sender, values.get("sender_id", 0))
    values.setdefault("counted_as", sender.counted_as if sender else "")
    return store(DeliveryAttempt(account_id=delivery.account_id, delivery_id=delivery.id, **values))


def suppressed_address(owner: Account, address: str, **values: Any) -> SuppressedAddress:
    """An address that the account may not write to; opted out unless told otherwise."""
    made = {"kind": "opted_out", "reason": "one_click", "address_key": address.lower()} | values
    return store(SuppressedAddress(account_id=owner.id, **made))


def sender(owner: Account, **values: Any) -> Sender:
    """The account's own sender, at a server on the loopback, without a password."""
    made = {
        "slot": "account",
        "smtp_host": "127.0.0.1",
        "smtp_port": 2525,
        "security": "none",
        "email": "office@example.com",
        "state": "ok",
    } | values
    return store(Sender(account_id=owner.id, **made))


def sending_domain(
    owner: Account, *, settings: Settings, next_selector: str = "", **values: Any
) -> SendingDomain:
    """A domain whose key is that of the faulty zones, sealed; not looked at yet."""
    vault, pair = Vault(settings.secret_keys), zones.key_pair()
    made = {
        "name": "fine.test",
        "selector": "lf1",
        "key_sealed": "",
        "public_key": pair.public_key,
    } | values
    made.setdefault("from_email", f"office@{made['name']}")
    row = SendingDomain(account_id=owner.id, public_id=random_id(), **made)
    row.key_sealed = vault.seal(pair.private_key, place=row.key_place(row.selector))
    if next_selector:
        following = dkim.new_key_pair()
        row.next_selector, row.next_public_key = next_selector, following.public_key
        place = row.key_place(next_selector)
        row.next_key_sealed = vault.seal(following.private_key, place=place)
    return store(row)
