"""What a first start finds: an account with an owner and, unless refused, a demo page and plan.

Must never touch an installation that already has an account, and never set a password.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from hostedpages import db
from hostedpages.accounts import service as accounts
from hostedpages.accounts.links import PRINTED_VALID_FOR
from hostedpages.builder.pages import service as pages
from hostedpages.builder.plans import service as plans
from hostedpages.models import Account, Page, User

_DEMO_PAGE = Path(__file__).parent / "demo_page.json"
_DEMO_PLAN = "New estimate"
_FIRST_NAME = "Our company"


@dataclass(frozen=True)
class FirstStart:
    """Paths to print; empty when there is nothing to say."""

    sign_in_path: str = ""
    page_path: str = ""


def first_start(*, with_demo: bool) -> FirstStart:
    """Make the first account and its owner if there is none; say how to enter.

    An owner without a password gets a new one-time link at every start, or nobody could enter.
    """
    session = db.session()
    account = session.scalar(select(Account).order_by(Account.id).limit(1))
    if account is None:
        account = _demo_account() if with_demo else _empty_account()
    owner = session.scalar(
        select(User).where(
            User.account_id == account.id,
            User.role == "owner",
            User.archived_at.is_(None),
        )
    )
    link = ""
    if owner and owner.password_hash is None:
        link = accounts.one_time_link(owner, valid_for=PRINTED_VALID_FOR)
    slug = json.loads(_DEMO_PAGE.read_text())["slug"]
    page = session.scalar(
        select(Page).where(
            Page.account_id == account.id, Page.slug == slug, Page.status == "published"
        )
    )
    return FirstStart(link, f"/p/{account.slug}/{page.slug}" if page else "")


def _empty_account() -> Account:
    account = accounts.create_account(_FIRST_NAME)
    accounts.create_user(account, email="owner@example.com", role="owner")
    return account


def _demo_account() -> Account:
    account = accounts.create_account("Northside Roofing", "demo")
    accounts.create_user(account, email="owner@example.com", role="owner")
    _demo_plan(account)
    pages.import_document(account, _DEMO_PAGE.read_bytes(), publish=True)
    return account


def _demo_plan(account: Account) -> None:
    plan = plans.create_plan(account, _DEMO_PLAN)
    plans.add_step(
        plan,
        kind="email",
        delay_amount=0,
        delay_unit="minutes",
        settings={
            "subject": "Thank you, {{contact.first_name|there}}",
            "body": (
                "Hello {{contact.first_name|there}},\n\n"
                "we have your request and will call you within one working day.\n\n"
                "{{account.name}}"
            ),
        },
    )
    plans.add_step(
        plan,
        kind="email",
        delay_amount=3,
        delay_unit="days",
        at_time="09:00",
        settings={
            "subject": "Did we reach you?",
            "body": (
                "Hello {{contact.first_name|there}},\n\n"
                "if we have not spoken yet: simply answer this email with a time that suits you."
                "\n\n{{account.name}}"
            ),
        },
    )
    plans.set_ready(plan)
