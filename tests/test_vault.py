"""Secrets at rest."""

import pytest

from hostedpages.vault import CannotOpen, Vault

OLD, NEW = "an old key for tests, 0123456789abcdef", "a new key for tests, fedcba9876543210"


def test_a_sealed_secret_opens_at_its_place() -> None:
    vault = Vault([NEW])

    sealed = vault.seal("pass wörd", place="sender:1")

    assert vault.open(sealed, place="sender:1") == "pass wörd"
    assert "pass" not in sealed


def test_the_same_secret_is_never_sealed_the_same_way_twice() -> None:
    vault = Vault([NEW])

    assert vault.seal("secret", place="a") != vault.seal("secret", place="a")


def test_a_secret_moved_to_another_place_does_not_open() -> None:
    vault = Vault([NEW])
    sealed = vault.seal("secret", place="sender:1:mail.example.com:587")

    with pytest.raises(CannotOpen):
        vault.open(sealed, place="sender:1:evil.example.com:587")


def test_an_older_key_still_opens_and_is_known_to_be_old() -> None:
    sealed = Vault([OLD]).seal("secret", place="a")
    ring = Vault([NEW, OLD])

    assert ring.open(sealed, place="a") == "secret"
    assert not ring.is_newest(sealed)
    assert ring.is_newest(ring.seal("secret", place="a"))


@pytest.mark.parametrize("change", ["", "v1", "v1:00000000:AAAA", "v2", "flip", "truncate"])
def test_what_was_changed_or_lost_its_key_does_not_open(change: str) -> None:
    vault = Vault([NEW])
    sealed = vault.seal("secret", place="a")
    changed = {
        "flip": sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:],
        "truncate": sealed[:-8],
        "v2": sealed.replace("v1:", "v2:"),
    }.get(change, change)

    with pytest.raises(CannotOpen):
        vault.open(changed, place="a")
