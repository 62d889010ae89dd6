"""Commands that run the product and look after it."""

import os
import socket
import sys
from pathlib import Path
from typing import Any

import click

from hostedpages.cli import opened
from hostedpages.config import PREFIX, Settings


@click.command()
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
    with opened.database(settings):
        first = seed.first_start(with_demo=not no_demo)
        click.echo(_welcome(settings, first))
    environ = {
        **os.environ,
        f"{PREFIX}DATA_DIR": str(settings.data_dir),
        f"{PREFIX}PORT": str(settings.port),
        f"{PREFIX}PUBLIC_URL": settings.public_url,
    }
    sys.stdout.flush()
    # A fresh and small process watches over both: all that this one has loaded is given back.
    os.execve(supervisor.BOTH[0], supervisor.BOTH, environ)  # noqa: S606  no shell is wanted


@click.command()
def web() -> None:
    """Runs the web server alone. Run `hostedpages worker` beside it, or nothing is delivered."""
    from hostedpages.supervisor import ROOT, WEB

    Settings.from_env()
    os.chdir(ROOT)
    os.execv(WEB[0], WEB)  # noqa: S606  no shell is wanted: this process becomes the web server


@click.command()
def worker() -> None:
    """Runs the worker alone: it delivers what submissions have promised."""
    from hostedpages.delivery import worker as delivery_worker

    delivery_worker.main(Settings.from_env())


@click.command()
def migrate() -> None:
    """Brings the tables of the database up to this version."""
    with opened.database():
        click.echo("The tables are current.")


@click.command()
def demo() -> None:
    """Makes the demo account with a published page and a plan, if it is not there yet."""
    from hostedpages import seed

    with opened.database() as settings:
        click.echo(_welcome(settings, seed.first_start(with_demo=True)))


@click.command()
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
