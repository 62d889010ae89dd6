"""The `hostedpages` command. Imports stay inside the functions, so that `--help` is quick.

Must never show a traceback or a secret: errors are one sentence on stderr, exit code 1 or 2.
"""

import os
import sys

import click

from hostedpages import __version__
from hostedpages.cli import domain, keys, mail, records, running
from hostedpages.config import SettingsError
from hostedpages.errors import DomainError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hostedpages")
def cli() -> None:
    """Runs and looks after the hosted-pages and lead-form service.

    Settings come from HOSTEDPAGES_ variables; .env.example in the project describes each.
    """


for _command in (
    running.serve,
    running.web,
    running.worker,
    running.migrate,
    running.demo,
    running.doctor,
    mail.check_mail,
    domain.check_domain,
    keys.rotate_keys,
    records.user,
    records.page,
    records.submission,
    records.delivery,
):
    cli.add_command(_command)


def main() -> None:
    """Run a command; turn whatever goes wrong into one sentence."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        cli(prog_name="hostedpages")
    except SettingsError as error:
        _fail(str(error), 2)
    except DomainError as error:
        _fail(error.message, 1)
    except UnicodeEncodeError:
        _fail("The command or this terminal holds text that is not UTF-8.", 2)
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or type(error).__name__).splitlines()[0]
        _fail(f"The database refused: {reason} Run `hostedpages doctor` to see what to do.", 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left
        sys.exit(1)


def _fail(message: str, code: int) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
