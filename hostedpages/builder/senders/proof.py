"""Proof of a test that succeeded: carried by the page, it counts when exactly that is saved.

The page holds a signed token with a keyed hash of all that was tested. Must never hold a secret
in clear, nor count for other settings, another account or another password.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from hostedpages.builder.senders.wanted import Wanted
from hostedpages.config import Settings
from hostedpages.tokens import Tokens

PURPOSE = "sender-tested"
MAX_AGE = timedelta(minutes=15)


@dataclass(frozen=True)
class Proof:
    """What a test proves, or what is about to be saved: two of the same settings are equal."""

    digest: str
    keys: list[str] = field(repr=False, compare=False)

    @classmethod
    def of(cls, wanted: Wanted, secret: str, *, account_id: int, settings: Settings) -> Self:
        """Of these settings with the password that they are used with."""
        tested = [
            account_id,
            wanted.smtp_host,
            wanted.smtp_port,
            wanted.security,
            wanted.email,
            wanted.user_name or wanted.email,
            wanted.sign_in,
            [wanted.imap_host, wanted.imap_port] if wanted.imap_enabled else None,
            secret,
        ]
        said = f"hostedpages.{PURPOSE}\0{json.dumps(tested)}".encode()
        digest = hmac.new(settings.secret_keys[0].encode(), said, hashlib.sha256).hexdigest()
        return cls(digest, settings.secret_keys)

    def sign(self, kind: str) -> str:
        """The token for the page, after the test `kind` has succeeded now."""
        return Tokens(self.keys).sign(PURPOSE, {"proof": self.digest, "kind": kind})

    def tested_at(self, token: str) -> datetime | None:
        """When exactly these settings were tested, or None."""
        found = Tokens(self.keys).read(PURPOSE, token, max_age=MAX_AGE) if token else None
        if found is None or not hmac.compare_digest(str(found.get("proof")), self.digest):
            return None
        return datetime.fromtimestamp(found["t"], UTC)
