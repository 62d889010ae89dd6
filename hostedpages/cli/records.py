"""Commands on users, pages, submissions and deliveries."""

import json
import sys
from typing import Any

import click

from hostedpages.cli import opened

_SLUG = click.option(
    "--account", "account_slug", required=True, metavar="SLUG", help="The account's slug."
)
_FORMAT = click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="How the rows are written.",
)


@click.group()
def user() -> None:
    """Adds, lists and archives users, and makes one-time sign-in links."""


@user.command("add")
@_SLUG
@click.option("--email", required=True, help="The user's address; also the sign-in name.")
@click.option("--name", default="", help="The user's name.")
@click.option(
    "--role",
    type=click.Choice(["owner", "admin", "standard", "salesperson"]),
    default="standard",
    show_default=True,
    help="What the user may do.",
)
@click.option("--new-account", metavar="NAME", help="Make the account first, with this name.")
def user_add(account_slug: str, email: str, name: str, role: str, new_account: str | None) -> None:
    """Adds a user to an account and prints a one-time sign-in link."""
    from hostedpages.accounts import service
    from hostedpages.accounts.links import PRINTED_VALID_FOR

    with opened.database() as settings:
        if new_account:
            added = service.create_account_with_user(
                new_account, account_slug, email=email, name=name, role=role
            )
        else:
            account = opened.account(account_slug)
            added = service.create_user(account, email=email, name=name, role=role)
        click.echo(settings.public_url + service.one_time_link(added, valid_for=PRINTED_VALID_FOR))


@user.command("list")
@_SLUG
def user_list(account_slug: str) -> None:
    """Lists the users of an account, one JSON object a line."""
    from sqlalchemy import select

    from hostedpages import db
    from hostedpages.models import User

    with opened.database():
        account = opened.account(account_slug)
        found = db.session().scalars(
            select(User).where(User.account_id == account.id).order_by(User.email)
        )
        for each in found:
            archived = each.archived_at.isoformat() if each.archived_at else None
            opened.print_json(
                email=each.email, name=each.name, role=each.role, archived_at=archived
            )


@user.command("archive")
@_SLUG
@click.option("--email", required=True, help="The user's address.")
def user_archive(account_slug: str, email: str) -> None:
    """Archives a user: ends all sessions and links, and stops notifications, at once."""
    from hostedpages.accounts import service

    with opened.database():
        service.archive_user(opened.user(opened.account(account_slug), email), by=None)
        click.echo(f"{email} is archived.")


@user.command("link")
@_SLUG
@click.option("--email", required=True, help="The user's address.")
def user_link(account_slug: str, email: str) -> None:
    """Prints a link that signs this user in once."""
    from hostedpages.accounts import service
    from hostedpages.accounts.links import PRINTED_VALID_FOR

    with opened.database() as settings:
        found = opened.user(opened.account(account_slug), email)
        if found.archived_at is not None:
            raise click.ClickException(f"{email} is archived and cannot sign in.")
        click.echo(settings.public_url + service.one_time_link(found, valid_for=PRINTED_VALID_FOR))


@click.group()
def page() -> None:
    """Imports and exports pages as files."""


@page.command("import")
@click.argument("file", type=click.File("rb"))
@_SLUG
@click.option("--publish", is_flag=True, help="Publish the page at once.")
def page_import(file: Any, account_slug: str, publish: bool) -> None:
    """Reads a page FILE (- for standard input) into an account, as a new draft.

    A page with the same slug gets a new draft. Prints the page's addresses as JSON.
    """
    from hostedpages.builder.pages import service
    from hostedpages.schema.form_schema import DocumentError

    with opened.database() as settings:
        account = opened.account(account_slug)
        try:
            imported = service.import_document(account, file.read(), publish=publish)
        except DocumentError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            sys.exit(1)
        live = imported.live_version
        opened.print_json(
            public_id=imported.public_id,
            url=f"{settings.public_url}/p/{account.slug}/{imported.slug}",
            embed_url=f"{settings.public_url}/f/{imported.public_id}",
            version=live.number if live else None,
        )


@page.command("export")
@click.argument("slug")
@_SLUG
def page_export(slug: str, account_slug: str) -> None:
    """Writes the draft of the page SLUG to standard output, as `page import` reads it."""
    from hostedpages.builder.pages import service

    with opened.database():
        found = opened.page(opened.account(account_slug), slug)
        sys.stdout.buffer.write(service.export_bytes(found))


@page.command("schema")
def page_schema() -> None:
    """Prints the JSON Schema of a page file."""
    from hostedpages.schema.form_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


@click.group()
def submission() -> None:
    """Exports submissions."""


@submission.command("export")
@_SLUG
@click.option("--page", "slug", required=True, metavar="SLUG", help="The page's slug.")
@_FORMAT
def submission_export(account_slug: str, slug: str, file_format: str) -> None:
    """Writes every submission of a page to standard output, the oldest first."""
    from hostedpages.builder.inbox import export

    with opened.database():
        found = opened.page(opened.account(account_slug), slug)
        write = export.write_csv if file_format == "csv" else export.write_jsonl
        for chunk in write(found):
            click.echo(chunk, nl=False)


@click.group()
def delivery() -> None:
    """Lists deliveries."""


@delivery.command("list")
@_SLUG
@click.option(
    "--format", "_file_format", type=click.Choice(["jsonl"]), default="jsonl", help="JSON lines."
)
def delivery_list(account_slug: str, _file_format: str) -> None:
    """Lists the deliveries of an account, the oldest first, one JSON object a line."""
    from hostedpages.builder.deliveries import queries

    with opened.database():
        for each in queries.all_deliveries(opened.account(account_slug)):
            opened.print_json(
                public_id=each.public_id,
                kind=each.kind,
                state=each.state,
                recipient=each.recipient,
                summary=each.summary,
                due_at=each.due_at.isoformat(),
                attempts=each.attempts,
                error=each.error,
                receipt=each.receipt,
                finished_at=each.finished_at.isoformat() if each.finished_at else None,
            )
