"""`hostedpages check-mail`: the three live tests of a mail server on the command line.

Needs no database. Must never take a password as an argument, where others could read it, and
never print one.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostedpages.cli import opened

if TYPE_CHECKING:
    from hostedpages.mail.check import Check

_DEFAULT_PORTS = {"starttls": 587, "ssl": 465, "none": 25}
_LEFT_OUT = "This test does not check the password: give --user and --password-file, and it does."
_MARKS = {"ok": "ok", "problem": "PROBLEM", "skipped": "skipped"}


@click.command("check-mail")
@click.option("--host", required=True, help="The SMTP server's name.")
@click.option("--port", type=click.IntRange(1, 65535), help="Usual for the security by default.")
@click.option(
    "--security",
    type=click.Choice(["starttls", "ssl", "none"]),
    default="starttls",
    show_default=True,
    help="How the connection is encrypted.",
)
@click.option("--user", default="", help="The user name; without one nobody signs in.")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the password.",
)
@click.option("--send-to", metavar="ADDRESS", help="Send a real message there.")
@click.option("--from", "mail_from", metavar="ADDRESS", help="Its sender; the user by default.")
@click.option("--imap-host", help="Test the mailbox of the same user, too.")
@click.option("--imap-port", type=click.IntRange(1, 65535), default=993, show_default=True)
@click.option("--allow-private", is_flag=True, help="Talk to hosts in private networks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a step.")
def check_mail(
    host: str,
    port: int | None,
    security: str,
    user: str,
    password_file: Path | None,
    send_to: str | None,
    mail_from: str | None,
    imap_host: str | None,
    imap_port: int,
    *,
    allow_private: bool,
    as_json: bool,
) -> None:
    """Test a mail server: can it be reached and trusted, does the sign-in work, does mail leave.

    Without --user the password is not checked. Exit code 1 when there is any problem. Hosts in
    private networks are refused unless HOSTEDPAGES_PRIVATE_HOSTS=allow.
    """
    from hostedpages.mail.checks import check_login, check_send, check_server
    from hostedpages.mail.imap import ImapServer, check_imap_login
    from hostedpages.mail.server import Server

    if bool(user) != bool(password_file):
        raise click.UsageError("--user and --password-file go together.")
    if imap_host and not user:
        raise click.UsageError("--imap-host needs --user and --password-file.")
    host = _host(host, "--host", "--port")
    imap_host = imap_host and _host(imap_host, "--imap-host", "--imap-port")
    send_to = send_to and _address(send_to, "--send-to")
    mail_from = mail_from and _address(mail_from, "--from")
    is_allowed = allow_private or os.environ.get("HOSTEDPAGES_PRIVATE_HOSTS") == "allow"
    password = _password(password_file, host)
    server = Server(
        host,
        port or _DEFAULT_PORTS[security],
        security,
        user,
        password,
        allow_private=is_allowed,
    )
    tests: list[AsyncIterator[Check]] = []
    if send_to:
        sender = mail_from or (user if "@" in user else send_to)
        tests.append(check_send(server, mail_from=sender, to=send_to))
    elif user:
        tests.append(check_login(server))
    else:
        tests.append(check_server(server))
    if imap_host:
        imap = ImapServer(imap_host, imap_port, user, password, allow_private=is_allowed)
        tests.append(check_imap_login(imap))
    if not asyncio.run(_show(tests, as_json=as_json)):
        sys.exit(1)


def _host(typed: str, option: str, port_option: str) -> str:
    from hostedpages.mail.names import host_name

    try:
        name = host_name(typed, port_place=f"is given with {port_option}")
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None
    if not name:
        raise click.BadParameter("Give the name of the server.", param_hint=option)
    return name


def _address(typed: str, option: str) -> str:
    from hostedpages.mail.headers import one_address

    address = one_address(typed)
    if address is None:
        raise click.BadParameter("Give one valid email address.", param_hint=option)
    return address


def _password(file: Path | None, host: str) -> str:
    from hostedpages.mail.presets import clean_password

    if file is None:
        return ""
    try:
        line = file.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        raise click.UsageError("The password file cannot be read as text.") from None
    password = clean_password(line, host=host)
    if not password.strip():
        raise click.UsageError("The first line of the password file is empty.")
    return password


async def _show(tests: list[AsyncIterator["Check"]], *, as_json: bool) -> bool:
    """Print each step as it ends; whether all went well."""
    is_well = True
    for test in tests:
        async for step in test:
            if step.state == "running":
                continue
            is_well = is_well and step.state != "problem"
            if step.name == "password":
                step = replace(step, detail=_LEFT_OUT)
            if as_json:
                opened.print_json(
                    name=step.name,
                    title=step.title,
                    state=step.state,
                    detail=step.detail,
                    hint=step.hint,
                    milliseconds=step.milliseconds,
                )
            else:
                _print(step)
    return is_well


def _print(step: "Check") -> None:
    took = f" ({step.milliseconds} ms)" if step.milliseconds else ""
    click.echo(f"{_MARKS[step.state]:8} {step.title}{took}")
    for words in (step.detail, f"What to do: {step.hint}" if step.hint else ""):
        if words:
            click.echo(f"         {words}")
