"""Signed tokens with a purpose each, and random ids.

Must never put personal data into a token: whoever holds it can read it.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from hostedpages import clock

CLOCK_TOLERANCE = timedelta(minutes=5)  # two web hosts a few seconds apart must not refuse visitors


def random_id() -> str:
    """22 url-safe characters from 128 random bits."""
    return secrets.token_urlsafe(16)


def hash_token(token: str) -> str:
    """SHA-256 in hex: what we store of a random token, so that a stolen database opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


class Tokens:
    """Signs and reads small payloads; a token of one purpose is worthless for another."""

    def __init__(self, secret_keys: list[str]) -> None:
        self._keys = list(reversed(secret_keys))  # itsdangerous signs with the last, reads with any
        self._serializers: dict[str, URLSafeSerializer] = {}

    def sign(self, purpose: str, payload: dict[str, Any]) -> str:
        """Return a url-safe token. `t` is the time of issue in unix seconds, now unless given."""
        return str(self._serializer(purpose).dumps({"t": int(clock.now().timestamp()), **payload}))

    def read(self, purpose: str, token: str, *, max_age: timedelta | None) -> dict[str, Any] | None:
        """Return the payload, or None when the token is wrong, of another purpose, or too old.

        Our own age check: the library refuses a token from a clock that runs a second ahead.
        """
        if len(token) > 2048:
            return None
        try:
            payload = self._serializer(purpose).loads(token)
        except BadSignature:
            return None
        issued = payload.get("t") if isinstance(payload, dict) else None
        if not isinstance(issued, int):
            return None
        age = clock.now().timestamp() - issued
        if age < -CLOCK_TOLERANCE.total_seconds():
            return None
        if max_age is not None and age > (max_age + CLOCK_TOLERANCE).total_seconds():
            return None
        return payload

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        if purpose not in self._serializers:
            self._serializers[purpose] = URLSafeSerializer(
                self._keys, salt=f"hostedpages.{purpose}", signer_kwargs={"key_derivation": "hmac"}
            )
        return self._serializers[purpose]
