"""The `hostedpages` command. Imports stay inside the functions, so that `--help` is quick.

Must never show a traceback or a secret: errors are one sentence on stderr, exit code 1 or 2.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hostedpages import __version__
from hostedpages.config import PREFIX, Settings, SettingsError
from hostedpages.errors import DomainError

if TYPE_CHECKING:
    from hostedpages.models import Account, Page, User

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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hostedpages")
def cli() -> None:
    """Runs and looks after the hosted-pages and lead-form service.

    Settings come from HOSTEDPAGES_ variables; .env.example in the project describes each.
    """


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Listen here; default 8000.")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder; default ./data.")
@click.option("--no-demo", is_flag=True, help="Do not make the demo account on the first start.")
def serve(port: int | None, data: Path | None, no_demo: bool) -> None:
    """Runs everything: web and worker under one parent. Ctrl-C ends it.

    Makes the data folder and the tables when they are missing, and on the first start a demo
    account. Prints the builder's address with a one-time sign-in link.
    """
    from hostedpages import seed, supervisor

    settings = Settings.from_env(port=port, data_dir=data)
    if _is_taken(settings):
        if port is not None or f"{PREFIX}PORT" in os.environ:
            raise click.ClickException(f"Port {settings.port} is in use. Choose another --port.")
        settings = Settings.from_env(port=_free_port(settings), data_dir=data)
    with _database(settings):
        first = seed.first_start(with_demo=not no_demo)
        click.echo(_welcome(settings, first))
    environ = {
        **os.environ,
        f"{PREFIX}DATA_DIR": str(settings.data_dir),
        f"{PREFIX}PORT": str(settings.port),
        f"{PREFIX}PUBLIC_URL": settings.public_url,
    }
    sys.exit(supervisor.run(environ))


@cli.command()
def web() -> None:
    """Runs the web server alone. Run `hostedpages worker` beside it, or nothing is delivered."""
    from hostedpages.supervisor import ROOT

    Settings.from_env()
    os.chdir(ROOT)
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    os.execv(sys.executable, command)


@cli.command()
def worker() -> None:
    """Runs the worker alone: it delivers what submissions have promised."""
    from hostedpages.delivery import worker as delivery_worker

    delivery_worker.main(Settings.from_env())


@cli.command()
def migrate() -> None:
    """Brings the tables of the database up to this version."""
    with _database():
        click.echo("The tables are current.")


@cli.command()
def demo() -> None:
    """Makes the demo account with a published page and a plan, if it is not there yet."""
    from hostedpages import seed

    with _database() as settings:
        click.echo(_welcome(settings, seed.first_start(with_demo=True)))


@cli.group()
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

    with _database() as settings:
        if new_account:
            account = service.create_account(new_account, account_slug)
        else:
            account = _account(account_slug)
        added = service.create_user(account, email=email, name=name, role=role)
        click.echo(settings.public_url + service.one_time_link(added))


@user.command("list")
@_SLUG
def user_list(account_slug: str) -> None:
    """Lists the users of an account, one JSON object a line."""
    from sqlalchemy import select

    from hostedpages import db
    from hostedpages.models import User

    with _database():
        account = _account(account_slug)
        found = db.session().scalars(
            select(User).where(User.account_id == account.id).order_by(User.email)
        )
        for each in found:
            archived = each.archived_at.isoformat() if each.archived_at else None
            _print_json(email=each.email, name=each.name, role=each.role, archived_at=archived)


@user.command("archive")
@_SLUG
@click.option("--email", required=True, help="The user's address.")
def user_archive(account_slug: str, email: str) -> None:
    """Archives a user: ends all sessions and links, and stops notifications, at once."""
    from hostedpages.accounts import service

    with _database():
        service.archive_user(_user(_account(account_slug), email), by=None)
        click.echo(f"{email} is archived.")


@user.command("link")
@_SLUG
@click.option("--email", required=True, help="The user's address.")
def user_link(account_slug: str, email: str) -> None:
    """Prints a link that signs this user in once."""
    from hostedpages.accounts import service

    with _database() as settings:
        found = _user(_account(account_slug), email)
        if found.archived_at is not None:
            raise click.ClickException(f"{email} is archived and cannot sign in.")
        click.echo(settings.public_url + service.one_time_link(found))


@cli.group()
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

    with _database() as settings:
        account = _account(account_slug)
        try:
            imported = service.import_document(account, file.read(), publish=publish)
        except DocumentError as error:
            for problem in error.problems:
                click.echo(f"{problem.path}: {problem.message}", err=True)
            sys.exit(1)
        live = imported.live_version
        _print_json(
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

    with _database():
        found = _page(_account(account_slug), slug)
        click.get_binary_stream("stdout").write(service.export_bytes(found))


@page.command("schema")
def page_schema() -> None:
    """Prints the JSON Schema of a page file."""
    from hostedpages.schema.form_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


@cli.group()
def submission() -> None:
    """Exports submissions."""


@submission.command("export")
@_SLUG
@click.option("--page", "slug", required=True, metavar="SLUG", help="The page's slug.")
@_FORMAT
def submission_export(account_slug: str, slug: str, file_format: str) -> None:
    """Writes every submission of a page to standard output, the oldest first."""
    from hostedpages.builder.inbox import export

    with _database():
        found = _page(_account(account_slug), slug)
        write = export.write_csv if file_format == "csv" else export.write_jsonl
        for chunk in write(found):
            click.echo(chunk, nl=False)


@cli.group()
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

    with _database():
        for each in queries.all_deliveries(_account(account_slug)):
            _print_json(
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


@cli.command()
def doctor() -> None:
    """Looks at the whole set-up and says of each part: fine, or the problem and how to fix it."""
    from hostedpages import db, health

    settings = Settings.from_env()
    db.connect(settings)
    broken = 0
    with db.unit():
        for check in health.check_all(settings):
            broken += not check.fine
            click.echo(f"{'fine   ' if check.fine else 'problem'}  {check.name}: {check.detail}")
            if check.fix:
                click.echo(f"         fix: {check.fix}")
    sys.exit(1 if broken else 0)


def main() -> None:
    """Run a command; turn whatever goes wrong into one sentence."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        cli(prog_name="hostedpages")
    except SettingsError as error:
        _fail(str(error), 2)
    except DomainError as error:
        _fail(error.message, 1)
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or type(error).__name__).splitlines()[0]
        _fail(f"The database refused: {reason} Run `hostedpages doctor` to see what to do.", 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left
        sys.exit(1)


def _fail(message: str, code: int) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


@contextmanager
def _database(settings: Settings | None = None) -> Iterator[Settings]:
    """Open the database with current tables, and one unit of work."""
    from hostedpages import db
    from hostedpages import migrate as migrations

    settings = settings or Settings.from_env()
    migrations.upgrade(db.connect(settings))
    with db.unit():
        yield settings


def _account(slug: str) -> "Account":
    from sqlalchemy import select

    from hostedpages import db
    from hostedpages.models import Account

    found = db.session().scalar(select(Account).where(Account.slug == slug))
    if found is None:
        known = ", ".join(db.session().scalars(select(Account.slug).order_by(Account.slug)))
        raise click.ClickException(f"There is no account “{slug}”. Known: {known or 'none yet'}.")
    return found


def _user(account: "Account", email: str) -> "User":
    from sqlalchemy import select

    from hostedpages import db
    from hostedpages.models import User

    found = db.session().scalar(
        select(User).where(User.account_id == account.id, User.email == email.strip().lower())
    )
    if found is None:
        raise click.ClickException(f"There is no user {email} in “{account.slug}”.")
    return found


def _page(account: "Account", slug: str) -> "Page":
    from sqlalchemy import select

    from hostedpages import db
    from hostedpages.models import Page

    found = db.session().scalar(
        select(Page).where(Page.account_id == account.id, Page.slug == slug)
    )
    if found is None:
        raise click.ClickException(f"There is no page “{slug}” in “{account.slug}”.")
    return found


def _welcome(settings: Settings, first: Any) -> str:
    lines = ["", "  Hosted Pages is starting.", ""]
    if first.sign_in_path:
        lines += [
            f"  Builder    {settings.public_url}{first.sign_in_path}",
            "             (signs you in once; then set a password)",
        ]
    else:
        lines.append(f"  Builder    {settings.public_url}/")
    if first.page_path:
        lines.append(f"  Demo page  {settings.public_url}{first.page_path}")
    mail = (
        "sent through HOSTEDPAGES_SMTP_URL"
        if settings.smtp_url
        else f"written to {settings.mail_dir} (set HOSTEDPAGES_SMTP_URL to send it)"
    )
    lines += [f"  Mail       {mail}", f"  Data       {settings.data_dir}", ""]
    return "\n".join(lines)


def _is_taken(settings: Settings) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind, settings.port))
        except OSError:
            return True
    return False


def _free_port(settings: Settings) -> int:
    with socket.socket() as probe:
        probe.bind((settings.bind, 0))
        return int(probe.getsockname()[1])


def _print_json(**values: object) -> None:
    click.echo(json.dumps(values, ensure_ascii=False))


if __name__ == "__main__":
    main()
