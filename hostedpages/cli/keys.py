"""The key ring: sealing all stored secrets anew with the newest key."""

import sys

import click

from hostedpages.cli import opened


@click.command("rotate-keys")
def rotate_keys() -> None:
    """Seals every stored secret anew with the newest key. May run while mail is sent.

    First make a new HOSTEDPAGES_SECRET_KEY, put the former one in front of
    HOSTEDPAGES_SECRET_KEY_FALLBACKS, and start the product again. When this command has found no
    problem, no stored secret needs the former keys any more; signed links still do.
    """
    from hostedpages import db
    from hostedpages.models.sealed import all_sealed
    from hostedpages.vault import CannotOpen, Vault

    done = already = 0
    lost: list[str] = []
    with opened.database() as settings:
        vault = Vault(settings.secret_keys)
        for found in all_sealed(db.session()):
            if vault.is_newest(found.sealed):
                already += 1
                continue
            try:
                secret = vault.open(found.sealed, place=found.place)
            except CannotOpen:
                lost.append(found.words)
                continue
            # One short transaction each: nobody who sends or saves waits for this.
            with db.transaction() as session:
                done += found.replace(session, vault.seal(secret, place=found.place))
    click.echo(f"{_secrets(done)} sealed anew with the newest key, {already} had it already.")
    for words in lost:
        click.echo(f"No key opens {words}: it must be entered again.", err=True)
    sys.exit(1 if lost else 0)


def _secrets(count: int) -> str:
    return "1 secret" if count == 1 else f"{count} secrets"
