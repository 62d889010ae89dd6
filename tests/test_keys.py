"""Keys of stored secrets: rotated while the product runs, and lost ones found."""

import secrets

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from hostedpages import db, health
from hostedpages.cli import cli
from hostedpages.config import Settings
from hostedpages.models import Account, Sender
from hostedpages.models.sealed import all_sealed
from hostedpages.vault import Vault
from tests import factories
from tests.databases import keeping_the_engine

OLD_KEY, NEW_KEY = secrets.token_urlsafe(40), secrets.token_urlsafe(40)
OLD = Vault([OLD_KEY])


def sender_with(password: str) -> Sender:
    sender = factories.sender(factories.account())
    with db.transaction():
        sender.secret_sealed = OLD.seal(password, place=sender.secret_place)
    return sender


def rotated(settings: Settings, monkeypatch: pytest.MonkeyPatch, **keys: str) -> Result:
    for name, value in {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": NEW_KEY,
        **keys,
    }.items():
        monkeypatch.setenv(f"HOSTEDPAGES_{name}", value)
    with keeping_the_engine():
        return CliRunner().invoke(cli, ["rotate-keys"])


def found(settings: Settings, key: str, fallbacks: str = "") -> health.Check:
    changed = {"secret_key": key, "secret_key_fallbacks": fallbacks}
    other = Settings(data_dir=settings.data_dir, **changed).prepared()
    return next(check for check in health.check_all(other) if check.name == "secrets")


@pytest.mark.both_databases
def test_every_kind_of_secret_is_sealed_anew_and_still_opens(
    unit: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = sender_with("hunter2 hunter2")
    account = unit.get_one(Account, sender.account_id)
    with db.transaction():
        place = account.alarm_webhook_place
        account.alarm_webhook_sealed = OLD.seal("whsec", place=place)

    done = rotated(settings, monkeypatch, SECRET_KEY_FALLBACKS=OLD_KEY)

    assert done.exit_code == 0, done.output
    assert "2 secrets sealed anew" in done.output
    assert "hunter2" not in done.output
    unit.rollback()
    unit.expire_all()
    new = Vault([NEW_KEY])
    assert new.open(sender.secret_sealed, place=sender.secret_place) == "hunter2 hunter2"
    assert new.open(account.alarm_webhook_sealed, place=place) == "whsec"
    again = rotated(settings, monkeypatch)
    assert "0 secrets sealed anew with the newest key, 2 had it already." in again.output


def test_a_secret_that_no_key_opens_is_named_and_left_alone(
    unit: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = sender_with("hunter2 hunter2")
    before = sender.secret_sealed

    done = rotated(settings, monkeypatch)

    assert done.exit_code == 1
    assert "the password of sender office@example.com" in done.output
    unit.rollback()
    unit.expire_all()
    assert sender.secret_sealed == before


def test_a_password_saved_meanwhile_is_not_overwritten(unit: Session) -> None:
    sender = sender_with("the former password")
    stale = next(all_sealed(unit))
    newest = Vault([NEW_KEY]).seal("the new password", place=sender.secret_place)
    with db.transaction():
        sender.secret_sealed = newest

    with db.transaction() as session:
        assert not stale.replace(session, "sealed anew from what was read before")

    unit.expire_all()
    assert sender.secret_sealed == newest


def test_the_doctor_finds_secrets_without_a_key(unit: Session, settings: Settings) -> None:
    assert found(settings, NEW_KEY).fine
    sender_with("hunter2 hunter2")

    assert found(settings, OLD_KEY).detail == "Every stored secret opens."
    older = found(settings, NEW_KEY, OLD_KEY)
    assert older.fine
    assert older.fix == "Run: hostedpages rotate-keys"
    lost = found(settings, NEW_KEY)
    assert not lost.fine
    assert "sender office@example.com" in lost.detail
    assert "HOSTEDPAGES_SECRET_KEY_FALLBACKS" in lost.fix
