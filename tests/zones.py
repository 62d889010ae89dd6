"""One domain as the zone file of a real name server, with the verdict it deserves.

The faults themselves are in `tests/faulty_zones.py`.
"""

import base64
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hostedpages.mail import dkim
from hostedpages.mail.dkim import KeyPair, split

INCLUDE = "_spf.sender.test"  # the SPF name of the installation: two look-ups with its own
SPF = f"v=spf1 include:{INCLUDE} ~all"
FINE = {"spf": "fine", "dkim:lf1": "fine", "dmarc": "fine", "mx": "fine"}


@cache
def key_pair() -> KeyPair:
    """The pair that every zone publishes at lf1 unless its fault is another one."""
    return dkim.new_key_pair()


@cache
def public_key_of(bits: int) -> str:
    """The public half of some other key."""
    # Too short for the library to make, but not to write down: only the length matters.
    if bits < 1024:
        numbers = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 0x10001)
        return _base64(numbers.public_key())
    return _base64(rsa.generate_private_key(65537, bits).public_key())


def _base64(key: rsa.RSAPublicKey) -> str:
    return base64.b64encode(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


@dataclass
class Case:
    """One faulty domain. What is not said is as it should be; `expected` names what is not fine."""

    name: str
    expected: dict[str, str] = field(default_factory=dict)  # finding -> state
    words: tuple[str, ...] = ()  # that stand in detail or fix of what is not fine
    value: str | None = None  # the record to publish for the first finding that is not fine
    spf: str | list[str] = SPF
    lf1: str | list[str] | None = None  # None: the right key
    dmarc: str | list[str] = "v=DMARC1; p=none"
    mx: str = "10 mail"
    more: list[str] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return f"{self.name}.test"

    @property
    def verdicts(self) -> dict[str, str]:
        return FINE | self.expected

    def zone(self) -> str:
        """The zone file."""
        key = record() if self.lf1 is None else self.lf1
        lines = [f"@ TXT {txt(each)}" for each in _several(self.spf)]
        lines += [f"lf1._domainkey TXT {txt(each)}" for each in _several(key)]
        lines += [f"_dmarc TXT {txt(each)}" for each in _several(self.dmarc)]
        lines += [f"@ MX {self.mx}"] if self.mx else []
        return zone(self.domain, *lines, *self.more)


def record() -> str:
    """The DKIM record that is expected at lf1."""
    return dkim.record_value(key_pair().public_key)


def txt(value: str) -> str:
    """A TXT value as zone files write it, in strings of at most 255 characters."""
    return " ".join(quoted(part) for part in split(value))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _several(value: str | list[str]) -> list[str]:
    return [each for each in ([value] if isinstance(value, str) else value) if each]


def zone(name: str, *lines: str) -> str:
    """A zone file: SOA, NS, and these lines, whose names are relative to the zone."""
    head = [f"$ORIGIN {name}.", "$TTL 60", "@ SOA ns root 1 60 60 60 60", "@ NS ns"]
    return "\n".join([*head, "ns A 127.0.0.1", "mail A 192.0.2.1", *lines, ""])
