"""Settings: safe by default, and refused with the name of what is wrong."""

import stat
from pathlib import Path

import pytest

from hostedpages.config import Settings, SettingsError


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    settings = Settings.from_env({}, data_dir=tmp_path / "data")
    assert settings.is_sqlite
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.bind == "127.0.0.1"
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = Settings.from_env({}, data_dir=tmp_path)
    second = Settings.from_env({}, data_dir=tmp_path)
    assert first.secret_key == second.secret_key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOSTEDPAGES_SMPT_URL", "smtp://x"),
        ("HOSTEDPAGES_SECRET_KEY", "dev"),
        ("HOSTEDPAGES_SECRET_KEY", "changeme"),
        ("HOSTEDPAGES_SECRET_KEY", "x" * 40),
        ("HOSTEDPAGES_SECRET_KEY", "0123456789abcdef0123456789abcde"),
        ("HOSTEDPAGES_PORT", "http"),
        ("HOSTEDPAGES_PORT", "70000"),
        ("HOSTEDPAGES_PUBLIC_URL", "forms.example.com"),
        ("HOSTEDPAGES_PUBLIC_URL", "https://example.com/path"),
        ("HOSTEDPAGES_LOG_LEVEL", "loud"),
        ("HOSTEDPAGES_DATABASE_URL", "leads"),
        ("HOSTEDPAGES_DATABASE_URL", "mysql://user:canary@host/name"),
        ("HOSTEDPAGES_DATABASE_URL", "postgresql+psycopg://user:canary@host:abc/name"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({name: value}, data_dir=tmp_path)
    assert name in str(refused.value)
    assert "canary" not in str(refused.value)
    if name == "HOSTEDPAGES_SECRET_KEY":
        assert value not in str(refused.value)


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"\xb1" * 64)
    with pytest.raises(SettingsError, match="secret.key is damaged"):
        Settings.from_env({}, data_dir=tmp_path)


def test_flags_win_over_the_environment(tmp_path: Path) -> None:
    settings = Settings.from_env({"HOSTEDPAGES_PORT": "9000"}, data_dir=tmp_path, port=9001)
    assert settings.port == 9001
    assert settings.public_url == "http://127.0.0.1:9001"


def test_older_keys_follow_the_newest(tmp_path: Path) -> None:
    key = "a new key with enough letters, 0123"
    settings = Settings.from_env(
        {"HOSTEDPAGES_SECRET_KEY": key, "HOSTEDPAGES_SECRET_KEY_FALLBACKS": "one, two"},
        data_dir=tmp_path,
    )
    assert settings.secret_keys == [key, "one", "two"]


def test_cookies_are_secure_on_https(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {"HOSTEDPAGES_PUBLIC_URL": "https://forms.example.com/"}, data_dir=tmp_path
    )
    assert settings.secure_cookies
    assert settings.public_url == "https://forms.example.com"
    assert "forms.example.com" in settings.trusted_hosts
