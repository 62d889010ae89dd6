"""`hostedpages check-domain`: a look at the records that prove a domain, on the command line.

Needs no database. Must never change anything, nor ask about names of inner networks.
"""

import os
import sys
from typing import TYPE_CHECKING

import click

from hostedpages.cli import opened
from hostedpages.config import PREFIX

if TYPE_CHECKING:
    from hostedpages.mail.findings import Finding

_MARKS = {
    "fine": "fine",
    "not_found": "NOT FOUND",
    "wrong": "WRONG",
    "could_not_check": "COULD NOT CHECK",
}


@click.command("check-domain")
@click.argument("name")
@click.option(
    "--selector",
    "selectors",
    multiple=True,
    metavar="S",
    help="A DKIM selector to look at; lf1 by default. Can be given several times.",
)
@click.option(
    "--include",
    metavar="NAME",
    help=f"The SPF name of the sending servers; {PREFIX}SPF_INCLUDE by default.",
)
@click.option("--public-key", metavar="BASE64", default="", help="The key that must be published.")
@click.option("--from-domain", metavar="NAME", help="The domain in From, when it is another one.")
@click.option(
    "--dns",
    metavar="HOST:PORT",
    help=f"The name server to ask; {PREFIX}DNS_SERVERS, or the machine's own, by default.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a record.")
def check_domain(
    name: str,
    selectors: tuple[str, ...],
    include: str | None,
    public_key: str,
    from_domain: str | None,
    dns: str | None,
    *,
    as_json: bool,
) -> None:
    """Looks at SPF, DKIM, DMARC and MX of NAME, and says of each: fine, or the fix.

    Exit code 1 when something is not fine, or nothing could be asked.
    """
    from hostedpages.mail import domain_auth
    from hostedpages.mail.dkim import FIRST_SELECTOR
    from hostedpages.mail.dkim_check import Selector
    from hostedpages.mail.dns import Resolver
    from hostedpages.mail.findings import UNASKED
    from hostedpages.mail.names import is_askable

    if include is None:
        include = os.environ.get(f"{PREFIX}SPF_INCLUDE", "")
    if include and not is_askable(include):
        raise click.BadParameter(f"“{include}” is no name of the DNS.", param_hint="--include")
    selectors = tuple(dict.fromkeys(selectors)) or (FIRST_SELECTOR,)
    for each in selectors:
        if not is_askable(f"{each}._domainkey.example.com"):
            raise click.BadParameter(f"“{each}” is no selector.", param_hint="--selector")
    if len(selectors) > domain_auth.MAX_SELECTORS:
        words = f"At most {domain_auth.MAX_SELECTORS} can be given."
        raise click.BadParameter(words, param_hint="--selector")
    servers = _name_servers(dns)
    findings = domain_auth.look(
        _name(name, "NAME"),
        resolver=Resolver(servers),
        selectors=[Selector(each, "".join(public_key.split())) for each in selectors],
        include=include.rstrip(".").lower(),
        from_domain=_name(from_domain, "--from-domain") if from_domain else "",
    )
    if findings[0].name == UNASKED:
        raise click.ClickException(_silent(servers))
    for finding in findings:
        if as_json:
            opened.print_json(**finding.to_json())
        else:
            _print(finding)
    if not as_json and any(each.state != "fine" for each in findings):
        click.echo(domain_auth.PATIENCE)
    sys.exit(1 if any(each.state != "fine" for each in findings) else 0)


def _name(typed: str, hint: str) -> str:
    from hostedpages.mail.names import NameRefused, domain_name

    try:
        return domain_name(typed)
    except NameRefused as error:
        raise click.BadParameter(str(error), param_hint=hint) from None


def _name_servers(dns: str | None) -> list[tuple[str, int]]:
    from pydantic import ValidationError

    from hostedpages.config import Settings

    given = os.environ.get(f"{PREFIX}DNS_SERVERS", "") if dns is None else dns
    try:
        found = Settings(dns_servers=given).name_servers
    except ValidationError:
        found = []
    if (given.strip() and not found) or any(not 0 < port < 65536 for _, port in found):
        words = "Give an address and a port, such as 127.0.0.1:53."
        raise click.BadParameter(words, param_hint="--dns")
    return found


def _silent(servers: list[tuple[str, int]]) -> str:
    """That nobody could be asked, which says nothing about the domain."""
    names = " and ".join(f"{host}:{port}" for host, port in servers)
    if len(servers) > 1:
        return f"The name servers {names} give no usable answer, so nothing was checked."
    which = f"The name server {names}" if names else "The name server of this machine"
    return f"{which} gives no usable answer, so nothing was checked."


def _print(finding: "Finding") -> None:
    click.echo(f"{_MARKS[finding.state]}  {finding.title}")
    click.echo(f"    {finding.detail}")
    if finding.fix:
        click.echo(f"    Fix: {finding.fix}")
    if finding.value and finding.state != "fine":
        strings = " ".join(f'"{each}"' for each in finding.strings)
        click.echo(f"    {finding.host}. {finding.record_type} {strings}")
    click.echo()
