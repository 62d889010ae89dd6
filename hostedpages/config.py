"""Settings, read once from `HOSTEDPAGES_*` variables; every default is safe in production.

Must never print a secret, and never start with a setting it does not know.
"""

import os
import re
import secrets
import string
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

PREFIX = "HOSTEDPAGES_"
THEMES_DIR = Path(__file__).resolve().parent.parent / "themes"
# Read by ./test and the browser tests, not by the product.
TEST_VARIABLES = frozenset(
    {"HOSTEDPAGES_TEST_DATABASE_URL", "HOSTEDPAGES_CHROMIUM", "HOSTEDPAGES_SCREENSHOTS"}
)
# The two drivers that are installed; user and password may hold anything but an @.
_DATABASE_URL = re.compile(
    r"sqlite://.*"
    r"|postgresql\+psycopg://(?:[^@/?:]*(?::[^@]*)?@)?"
    r"(?:\[[^\]]+\]|[^/?:\[\]]*)(?::[0-9]+)?(?:[/?].*)?"
)

_NAME_SERVER = re.compile(r"([0-9.]+|\[[0-9a-fA-F:]+\])(?::([0-9]{1,5}))?")


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it, never its value."""


class Settings(BaseModel):
    """Everything an operator can set. `docs` and `.env.example` describe each line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Path("data")
    database_url: str = ""
    secret_key: str = ""
    secret_key_fallbacks: str = ""
    public_url: str = ""
    bind: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    web_workers: int = Field(default=2, ge=1, le=64)
    web_threads: int = Field(default=4, ge=1, le=64)
    proxy_hops: int = Field(default=0, ge=0, le=5)
    smtp_url: str = ""
    mail_from: str = "Hosted Pages <no-reply@localhost.localdomain>"
    private_hosts: str = "refuse"
    dns_servers: str = ""
    spf_include: str = ""
    google_client_id: str = ""
    google_client_secret: str = ""
    microsoft_client_id: str = ""
    microsoft_client_secret: str = ""
    rate_per_minute: int = Field(default=10, ge=1)
    rate_per_hour: int = Field(default=100, ge=1)
    log_level: str = "info"

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("must be an origin such as https://forms.example.com")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_known_database(cls, value: str) -> str:
        if value and not _DATABASE_URL.fullmatch(value):
            raise ValueError("must look like postgresql+psycopg://user:password@host/name")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_strong(cls, value: str) -> str:
        if value and (len(value.encode()) < 32 or len(set(value)) < 12):
            raise ValueError("must be at least 32 random bytes, or unset to use the key file")
        return value

    @field_validator("private_hosts")
    @classmethod
    def _is_choice(cls, value: str) -> str:
        if value not in ("refuse", "allow"):
            raise ValueError("must be refuse or allow")
        return value

    @field_validator("dns_servers")
    @classmethod
    def _are_name_servers(cls, value: str) -> str:
        for each in value.split(","):
            if each.strip() and _NAME_SERVER.fullmatch(each.strip()) is None:
                raise ValueError("must look like 9.9.9.9, 127.0.0.1:5353 or [::1]:53")
        return value

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return value.lower()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ, **overrides: object) -> "Settings":
        """Read the settings and prepare the data folder with its key file.

        `overrides` (by field name) win over the environment, as command-line flags do.
        Raises SettingsError for an unknown or wrong variable.
        """
        values: dict[str, object] = {}
        for name, value in environ.items():
            if not name.startswith(PREFIX) or name in TEST_VARIABLES:
                continue
            field = name.removeprefix(PREFIX).lower()
            if field not in cls.model_fields:
                raise SettingsError(f"{name} is not a setting. See .env.example for all of them.")
            if value != "":
                values[field] = value
        values.update({name: value for name, value in overrides.items() if value is not None})
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = PREFIX + str(first["loc"][0]).upper()
            reason = str(first["msg"]).removeprefix("Value error, ")
            raise SettingsError(f"{name}: {reason}.") from None
        return settings.prepared()

    def prepared(self) -> "Settings":
        """Fill in what depends on the machine: data folder, key file, database, address."""
        data_dir = self.data_dir.expanduser().resolve()
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SettingsError(
                f"HOSTEDPAGES_DATA_DIR: cannot use {data_dir} ({error.strerror})."
            ) from None
        filled: dict[str, object] = {
            "data_dir": data_dir,
            "secret_key": self.secret_key or _key_file(data_dir / "secret.key"),
            "database_url": self.database_url or f"sqlite:///{data_dir / 'hostedpages.sqlite3'}",
            "public_url": self.public_url or f"http://127.0.0.1:{self.port}",
        }
        return self.model_copy(update=filled)

    @cached_property
    def secret_keys(self) -> list[str]:
        """Signing keys, the newest first; older ones only read."""
        older = [key.strip() for key in self.secret_key_fallbacks.split(",") if key.strip()]
        return [self.secret_key, *older]

    @property
    def allows_private_hosts(self) -> bool:
        return self.private_hosts == "allow"

    @cached_property
    def name_servers(self) -> list[tuple[str, int]]:
        """Address and port of each name server to ask; empty means the machine's own."""
        found = (_NAME_SERVER.fullmatch(each.strip()) for each in self.dns_servers.split(","))
        return [(each[1].strip("[]"), int(each[2] or 53)) for each in found if each]

    @property
    def mail_dir(self) -> Path:
        """Where mail is written as files while no SMTP server is set."""
        return self.data_dir / "mail"

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def trusted_hosts(self) -> list[str]:
        """Host names that a request may name; anything else is refused."""
        host = urlsplit(self.public_url).hostname or ""
        host = f"[{host}]" if ":" in host else host  # as a request names it
        return sorted({host, "localhost", "127.0.0.1", "[::1]"} - {""})

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def _key_file(path: Path) -> str:
    """Read the key file, or make it once, readable by its owner alone."""
    alphabet = string.ascii_letters + string.digits
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        try:
            key = path.read_text().strip()
        except UnicodeDecodeError:
            key = ""
        except OSError as error:
            raise SettingsError(f"The key file {path} cannot be read ({error.strerror}).") from None
        if len(key) < 32:
            raise SettingsError(
                f"The key file {path} is damaged: restore it, or delete it to end all sessions."
            ) from None
        return key
    except OSError as error:
        raise SettingsError(
            f"HOSTEDPAGES_DATA_DIR: cannot write {path} ({error.strerror})."
        ) from None
    key = "".join(secrets.choice(alphabet) for _ in range(64))
    with os.fdopen(handle, "w") as file:
        file.write(key)
    return key
