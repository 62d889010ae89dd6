"""The mail providers of `presets.toml`: servers, limits and what to know about signing in.

Read and validated when this module is first imported. Must never hold a figure itself.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hostedpages.mail.server import PORTS

FILE = Path(__file__).with_name("presets.toml")
IMAP_PORTS = (143, 993)
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_KEY = re.compile(r"[a-z0-9_]{1,40}")
_GROUPS = re.compile(r"[A-Za-z0-9]{4}(?:\s[A-Za-z0-9]{4}){3}")


class PresetsWrong(Exception):
    """`presets.toml` holds something that is no preset; the message names the row."""


class Preset(BaseModel):
    """One provider. Hosts are empty and ports 0 where the owner types them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    key: str = Field(pattern=_KEY.pattern)
    label: str = Field(min_length=1, max_length=60)
    is_main: bool = False
    smtp: str = ""
    security: Literal["starttls", "ssl"] = "starttls"
    imap: str = ""
    windows: list[tuple[int, int]] = []
    pause_seconds: int | None = Field(default=None, ge=1, le=3600)
    mails_per_connection: int | None = Field(default=None, ge=1)
    per_ip: bool = False  # the windows count all mail from one internet address
    max_megabytes: int | None = Field(default=None, ge=1, le=200)
    app_password: bool = False
    provider: Literal["", "google", "microsoft"] = ""
    sign_in_hint: str = ""
    notes: str = ""

    @field_validator("windows", mode="before")
    @classmethod
    def _are_windows(cls, value: Any) -> list[tuple[int, int]]:
        found = [tuple(each) for each in value]
        if any(len(each) != 2 or min(each) < 1 or each[1] > 86_400 for each in found):
            raise ValueError("must be [count, seconds], both positive, at most a day")
        if len({each[1] for each in found}) != len(found):
            raise ValueError("must name each length once")
        return sorted(found, key=lambda each: each[1])

    @field_validator("smtp", "imap")
    @classmethod
    def _is_place(cls, value: str) -> str:
        host, _, port = value.partition(":")
        if value and not (_HOST.fullmatch(host) and port.isdigit()):
            raise ValueError("must look like host:port")
        if value and int(port) not in {*PORTS, *IMAP_PORTS}:
            raise ValueError("must name a port of mail")
        return value

    @property
    def smtp_host(self) -> str:
        return self.smtp.partition(":")[0]

    @property
    def smtp_port(self) -> int:
        return int(self.smtp.partition(":")[2] or 0)

    @property
    def imap_host(self) -> str:
        return self.imap.partition(":")[0]

    @property
    def imap_port(self) -> int:
        return int(self.imap.partition(":")[2] or 0)

    @property
    def limits(self) -> dict[str, Any]:
        """The stated limits in the form of `Sender.limits`; what is not stated is left out."""
        found: dict[str, Any] = {}
        if self.windows:
            found["windows"] = [{"count": count, "seconds": span} for count, span in self.windows]
        if self.pause_seconds:
            found["pause_seconds"] = self.pause_seconds
        if self.mails_per_connection:
            found["mails_per_connection"] = self.mails_per_connection
        if self.per_ip:
            found["per_ip"] = True
        if self.max_megabytes:
            found["max_bytes"] = self.max_megabytes * 2**20
        return found


def load(text: str) -> dict[str, Preset]:
    """Every preset by its key, in the order of the file. Raises PresetsWrong."""
    try:
        rows = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PresetsWrong(f"presets.toml: {error}") from None
    found = {}
    for key, row in rows.items():
        try:
            found[key] = Preset.model_validate({**row, "key": key})
        except (ValidationError, TypeError) as error:
            words = "is no table of a provider"
            if isinstance(error, ValidationError):
                first = error.errors()[0]
                words = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise PresetsWrong(f"presets.toml, [{key}] {words}") from None
    return found


def clean_password(password: str, *, preset: str = "", host: str = "") -> str:
    """The password as the server wants it: providers show app passwords in four groups of four
    letters, and the spaces between are not part of them.

    Only for a provider that is known, by its preset or by the server's host, to do so: there no
    password begins or ends with a space either. Anywhere else a space may belong to the password,
    and it stays as typed.
    """
    known = PRESETS.get(preset)
    shows_groups = (known is not None and known.app_password) or any(
        each.app_password and each.smtp_host == host.lower() for each in PRESETS.values()
    )
    stripped = password.strip()
    if not shows_groups:
        return password
    return re.sub(r"\s", "", stripped) if _GROUPS.fullmatch(stripped) else stripped


PRESETS = load(FILE.read_text("utf-8"))
