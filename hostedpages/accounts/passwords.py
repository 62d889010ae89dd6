"""Hashes passwords with Argon2id and says which ones are too weak.

Must never keep or log a password, and never answer faster for a user who does not exist.
"""

import os
import re
import threading
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from hostedpages.errors import Refused, TooManyTries

ITERATIONS = 2
LANES = 1
MEMORY_KIB = 19 * 1024  # OWASP's minimum for Argon2id; each running hash holds this much memory
MIN_LENGTH = 12
MAX_LENGTH = 256
WAIT_SECONDS = 10

# As expensive as a real one; what it was made from was thrown away.
NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$MEiJPmZPaqrOvuyD52tqsg$2XIjrMLZYipCQYjnTWL5VzvF12HGQUvPFgjp7DrP8hE"
)
_CURRENT_COST = f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}$"

# Long enough to pass the length rule, and still among the first that anybody tries.
_COMMON = frozenset(
    Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split()
)

_slots = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """Return an Argon2id hash as a PHC string (RFC 9106)."""
    with _Slot():
        return _argon2(os.urandom(16)).derive_phc_encoded(_bytes(password))


def is_right(password: str, password_hash: str | None) -> bool:
    """Compare. Without a hash the same work is done and the answer is no."""
    if len(password) > MAX_LENGTH:
        password = password[:MAX_LENGTH] + "x"  # never right, never unbounded work
    with _Slot():
        try:
            Argon2id.verify_phc_encoded(_bytes(password), password_hash or NOBODYS_HASH)
        except InvalidKey:
            return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other costs than today's."""
    return not password_hash.startswith(_CURRENT_COST)


def check_strength(password: str, *, own_words: list[str]) -> None:
    """Raise Refused when the password is too short, too long or easy to guess.

    `own_words` are what stands next to the password anyway: email address, name, account name.
    The rule is length and a deny list, as NIST SP 800-63B asks; no rule about kinds of characters.
    """
    if len(password) < MIN_LENGTH:
        raise Refused(
            f"Please use at least {MIN_LENGTH} characters. A few words in a row are fine.",
            field="password",
        )
    if len(password) > MAX_LENGTH:
        raise Refused(f"Please use at most {MAX_LENGTH} characters.", field="password")
    folded = _letters(password)
    guessable = {_letters(word) for word in own_words if word}
    guessable |= {_letters(word.partition("@")[0]) for word in own_words if "@" in word}
    guessable.discard("")
    if (
        password.casefold() in _COMMON
        or len(set(password)) < 4
        or any(_is_only(folded, word) for word in guessable)
    ):
        raise Refused(
            "This password is easy to guess. Please choose another one.", field="password"
        )


def _bytes(password: str) -> bytes:
    """One form for what keyboards of different systems compose differently."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _is_only(password: str, word: str) -> bool:
    """Whether the password is that word, alone, repeated, or with a few digits around it."""
    if len(word) < 3 or word not in password:
        return False
    return password.replace(word, "").strip("0123456789") == ""


def _argon2(salt: bytes) -> Argon2id:
    return Argon2id(
        salt=salt, length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB
    )


class _Slot:
    """At most two hashes at a time in a process: memory and processor stay bounded."""

    def __enter__(self) -> None:
        if not _slots.acquire(timeout=WAIT_SECONDS):
            raise TooManyTries(
                "Many people are signing in right now. Please try again in a moment.",
                retry_after_seconds=WAIT_SECONDS,
            )

    def __exit__(self, *_: object) -> None:
        _slots.release()
