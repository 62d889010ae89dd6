"""What every command does first: open the database and find rows by the names people type."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from hostedpages.config import Settings

if TYPE_CHECKING:
    from hostedpages.models import Account, Page, User


@contextmanager
def database(settings: Settings | None = None) -> Iterator[Settings]:
    """Open the database with current tables, and one unit of work."""
    from hostedpages import db
    from hostedpages import migrate as migrations

    settings = settings or Settings.from_env()
    migrations.upgrade(db.connect(settings))
    with db.unit():
        yield settings


def account(slug: str) -> "Account":
    from sqlalchemy import select

    from hostedpages import db
    from hostedpages.models import Account

    found = db.session().scalar(select(Account).where(Account.slug == slug))
    if found is None:
        known = ", ".join(db.session().scalars(select(Account.slug).order_by(Account.slug)))
        raise click.ClickException(f"There is no account “{slug}”. Known: {known or 'none yet'}.")
    return found


def user(account: "Account", email: str) -> "User":
    from sqlalchemy import select

    from hostedpages import db
    from hostedpages.models import User

    found = db.session().scalar(
        select(User).where(User.account_id == account.id, User.email == email.strip().lower())
    )
    if found is None:
        raise click.ClickException(f"There is no user {email} in “{account.slug}”.")
    return found


def page(account: "Account", slug: str) -> "Page":
    from sqlalchemy import select

    from hostedpages import db
    from hostedpages.models import Page

    found = db.session().scalar(
        select(Page).where(Page.account_id == account.id, Page.slug == slug)
    )
    if found is None:
        raise click.ClickException(f"There is no page “{slug}” in “{account.slug}”.")
    return found


def print_json(**values: object) -> None:
    """One JSON object on a line."""
    click.echo(json.dumps(values, ensure_ascii=False))
