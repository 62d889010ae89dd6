"""Signed messages to another program, as Standard Webhooks 1.0 describes them.

The signature is HMAC-SHA256 over `id.timestamp.body` of exactly the bytes that are sent. Must never
let a secret out: it is opened for the moment of signing, and stands in no error.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from hostedpages import clock, net
from hostedpages.config import Settings
from hostedpages.delivery.egress import Answer, Egress, NoAnswer, UrlRefused
from hostedpages.delivery.kinds.base import DeliveryError, Endpoint, Payload
from hostedpages.vault import CannotOpen, Vault

PREFIX = "whsec_"
SECRET_BYTES = 32
OLD_SIGNS_FOR = timedelta(hours=24)
LONGEST_WAIT = timedelta(hours=24)
GONE = 410
_DIGITS = re.compile(r"[0-9]{1,20}")


def new_secret() -> str:
    """A signing secret, as the receiver's library wants it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature of version 1. Raises ValueError for what is no secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("this is no signing secret") from None
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def ring(new: str, *, old: str = "", now: datetime) -> str:
    """What is sealed and stored: the secret that signs, and the one before it for a day more."""
    before = old.split()[:1]
    if not before:
        return new
    return f"{new} {before[0]} {int((now + OLD_SIGNS_FOR).timestamp())}"


def live_secrets(stored: str, now: datetime) -> list[str]:
    """The secrets of a `ring` that sign at this moment, the newest first."""
    new, *older = stored.split()
    if len(older) == 2 and now.timestamp() < int(older[1]):
        return [new, older[0]]
    return [new]


def body_of(event: Payload) -> bytes:
    """The bytes of an event: the same ones at every attempt, whatever a database does to order."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Webhooks:
    """Posts events; one object a process."""

    def __init__(self, settings: Settings, egress: Egress | None = None) -> None:
        self._vault = Vault(settings.secret_keys)
        self._egress = egress or Egress(allow_private=settings.allows_private_hosts)

    async def post(self, endpoint: Endpoint, message_id: str, event: Payload) -> str:
        """Send one event and return the receipt. `message_id` stays the same at every attempt.

        Raises DeliveryError: permanent when a person must change something, else passing, with the
        time that the other side asked for.
        """
        try:
            stored = self._vault.open(endpoint.sealed, place=endpoint.place)
        except CannotOpen:
            raise DeliveryError(
                "The signing secret cannot be read any more. Make a new one under Settings, "
                "Alarms.",
                permanent=True,
            ) from None
        now = clock.now()
        timestamp, body = int(now.timestamp()), body_of(event)
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(
                signature(each, message_id=message_id, timestamp=timestamp, body=body)
                for each in live_secrets(stored, now)
            ),
        }
        try:
            answer = await self._egress.post(endpoint.url, headers=headers, body=body)
        except (UrlRefused, net.HostRefused) as error:
            raise DeliveryError(str(error), permanent=True) from None
        except NoAnswer as error:
            raise DeliveryError(str(error), permanent=False) from None
        return _receipt(answer, now)


def _receipt(answer: Answer, now: datetime) -> str:
    said = f"{answer.status} {answer.text}".strip()
    if 200 <= answer.status < 300:
        return said
    if answer.status == GONE:
        raise DeliveryError(
            f"The other side says that this address is gone for good: {said}", permanent=True
        )
    if 300 <= answer.status < 400:
        raise DeliveryError(
            f"The other side sends us on to another address ({answer.status}), which is not "
            "followed. Enter the final address.",
            permanent=False,
        )
    raise DeliveryError(
        f"The other side refused: {said}",
        permanent=False,
        retry_after=asked_wait(answer.headers.get("retry-after", ""), now)
        if answer.status in (429, 503)
        else None,
    )


def asked_wait(value: str, now: datetime) -> timedelta | None:
    """How long `Retry-After` (RFC 9110, 10.2.3) asks to wait: 0 to 24 hours, None for nonsense."""
    value = value.strip()
    if _DIGITS.fullmatch(value):
        wait = timedelta(seconds=min(int(value), 10**6))
    else:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
