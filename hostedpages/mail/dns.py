"""Asks name servers, and keeps three answers apart: found, nothing there, could not be asked.

Every question has a time limit, every check a number of questions and a deadline, every answer a
size. Must never ask for a name of an inner network, and never follow an answer to a machine.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.resolver

from hostedpages.mail.names import is_askable

MAX_ANSWER_BYTES = 16 * 1024
MAX_RECORDS = 100
QUESTION_SECONDS = 2.0
CHECK_SECONDS = 5.0
KINDS = ("TXT", "MX", "A", "AAAA", "CNAME")


class NoRecord(Exception):
    """Name servers answered: there is no such record (RFC 2308).

    `name_exists` is False when not even the name is there (NXDOMAIN).
    """

    def __init__(self, name: str, *, name_exists: bool) -> None:
        super().__init__(name)
        self.name_exists = name_exists


class CouldNotCheck(Exception):
    """No answer that one can rely on; the message says why, as the end of a sentence."""


class TooBig(Exception):
    """The answer is there, and bigger than receivers of mail put up with."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size  # bytes, or more than that


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an answer. `text` is a TXT's strings in one, a host name, or an address."""

    text: str
    strings: tuple[str, ...] = ()  # of a TXT, as they were published
    preference: int = 0  # of an MX


Answer = tuple[Record, ...]


class Resolver:
    """Asks the given name servers, or the machine's own, through dnspython (RFC 1035)."""

    def __init__(self, name_servers: Iterable[tuple[str, int]] = ()) -> None:
        servers = [dns.nameserver.Do53Nameserver(host, port) for host, port in name_servers]
        try:
            self._resolver = dns.resolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.resolver.Resolver(configure=False)
        if servers:
            self._resolver.nameservers = list(servers)
        self._resolver.timeout = QUESTION_SECONDS / 2  # so that a lost packet is asked again
        self._resolver.use_edns(0, 0, 1232)

    def ask(self, name: str, kind: str, *, seconds: float = QUESTION_SECONDS) -> Answer:
        """The records of a name, in no order; CNAMEs are followed.

        `kind` is one of KINDS. Raises NoRecord, CouldNotCheck, TooBig.
        """
        try:
            found = self._resolver.resolve(f"{name}.", kind, lifetime=seconds, search=False)
        except dns.resolver.NXDOMAIN:
            raise NoRecord(name, name_exists=False) from None
        except dns.resolver.NoAnswer:
            raise NoRecord(name, name_exists=True) from None
        except dns.exception.Timeout:
            raise CouldNotCheck("its name servers did not answer in time") from None
        except dns.resolver.NoNameservers as error:
            raise CouldNotCheck(_reason(error)) from None
        except (dns.exception.DNSException, OSError, ValueError):
            raise CouldNotCheck("its name servers gave an answer that makes no sense") from None
        return _records(found)

    def answers(self, *, seconds: float) -> bool:
        """Whether anything of use is answered to a question that every name server knows.

        True when there is no time left to ask.
        """
        if seconds <= 0:
            return True
        try:
            lifetime = min(seconds, QUESTION_SECONDS)
            self._resolver.resolve(".", "NS", lifetime=lifetime, search=False)
        except (dns.exception.Timeout, dns.resolver.NoNameservers) as error:
            return bool(_codes(error))
        except dns.exception.DNSException:
            return True
        except OSError:
            return False
        return True


def _codes(error: dns.exception.DNSException) -> list[dns.rcode.Rcode]:
    """The codes of the answers that came, of all that was tried."""
    return [each[4].rcode() for each in error.kwargs.get("errors", ()) if each[4] is not None]


def _reason(error: dns.resolver.NoNameservers) -> str:
    codes = _codes(error)
    if dns.rcode.REFUSED in codes:
        return "its name servers refused to answer (REFUSED)"
    if dns.rcode.SERVFAIL in codes:
        return "its name servers reported a fault of their own (SERVFAIL)"
    if any(codes):
        return f"its name servers answered with an error ({dns.rcode.to_text(max(codes))})"
    return "no name server gave a usable answer"


def _records(found: dns.resolver.Answer) -> Answer:
    size, records = 0, []
    for number, each in enumerate(found):
        if each.rdtype == dns.rdatatype.TXT:
            size += sum(len(string) + 1 for string in each.strings)
            strings = tuple(string.decode("utf-8", "replace") for string in each.strings)
            # Joined before it is decoded: a split may go through the middle of a character.
            record = Record(b"".join(each.strings).decode("utf-8", "replace"), strings)
        elif each.rdtype == dns.rdatatype.MX:
            record = Record(_host(each.exchange), preference=each.preference)
        elif each.rdtype == dns.rdatatype.CNAME:
            record = Record(_host(each.target))
        else:
            record = Record(each.address)
        if size > MAX_ANSWER_BYTES or number >= MAX_RECORDS:
            raise TooBig(size)
        records.append(record)
    return tuple(records)


def _host(name: object) -> str:
    return str(name).rstrip(".").lower()


class Questions:
    """The questions of one check: each is asked once, not too many, and not for too long."""

    def __init__(self, resolver: Resolver, *, most: int = 40, until: float | None = None) -> None:
        """`until` is a time of `time.monotonic()`; without one it is CHECK_SECONDS from now."""
        self._resolver = resolver
        self._most = most
        self._until = time.monotonic() + CHECK_SECONDS if until is None else until
        self._known: dict[tuple[str, str], Answer | Exception] = {}

    @property
    def number(self) -> int:
        """How many questions went out."""
        return len(self._known)

    def ask(self, name: str, kind: str) -> Answer:
        """As Resolver.ask. A name that must not be asked for is a name that does not exist."""
        name = name.rstrip(".").lower()
        if not is_askable(name):
            raise NoRecord(name, name_exists=False)
        known = self._known.get((name, kind))
        if known is None:
            known = self._known[name, kind] = self._ask(name, kind)
        if isinstance(known, Exception):
            raise known
        return known

    def _ask(self, name: str, kind: str) -> Answer | Exception:
        seconds = min(QUESTION_SECONDS, self._until - time.monotonic())
        if seconds <= 0:
            return CouldNotCheck("the whole check took longer than it may")
        if len(self._known) >= self._most:
            return CouldNotCheck("the check needed more questions than it may ask")
        try:
            return self._resolver.ask(name, kind, seconds=seconds)
        except (NoRecord, CouldNotCheck, TooBig) as error:
            return error
