"""Secrets at rest: sealed with AES-256-GCM (NIST SP 800-38D) under the newest key of a key ring.

A sealed secret opens only at the place it was sealed for: copied to another row or account, or
pointed at another server, it is worthless. Must never log, nor return a secret in an error.
"""

import base64
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "v1"
NONCE_BYTES = 12


class CannotOpen(Exception):
    """The secret was sealed with a key that is gone, for another place, or was changed."""


class Vault:
    """Seals with the first key, opens with any; made from the settings' `secret_keys`."""

    def __init__(self, secret_keys: list[str]) -> None:
        self._keys: dict[str, AESGCM] = {}
        for secret_key in secret_keys:
            key = HKDF(SHA256(), 32, salt=None, info=b"hostedpages.vault").derive(
                secret_key.encode()
            )
            self._keys.setdefault(hashlib.sha256(key).hexdigest()[:8], AESGCM(key))
        self._newest = next(iter(self._keys))

    def seal(self, secret: str, *, place: str) -> str:
        """Encrypt; `place` names the row and whatever the secret is bound to, and opens it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._keys[self._newest].encrypt(nonce, secret.encode(), place.encode())
        return ":".join((VERSION, self._newest, base64.urlsafe_b64encode(nonce + sealed).decode()))

    def open(self, sealed: str, *, place: str) -> str:
        """Decrypt what was sealed for exactly this `place`. Raises CannotOpen."""
        try:
            version, key_id, coded = sealed.split(":")
            data = base64.urlsafe_b64decode(coded)
            if version != VERSION:
                raise CannotOpen
            key = self._keys[key_id]
            opened = key.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place.encode())
        except (ValueError, KeyError, InvalidTag):
            raise CannotOpen from None
        return opened.decode()

    def is_newest(self, sealed: str) -> bool:
        """Whether it is sealed with the newest key; what is not, `rotate-keys` seals anew."""
        return sealed.startswith(f"{VERSION}:{self._newest}:")
