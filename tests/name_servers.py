"""Name servers on the loopback that behave as none should: faults, silence, answers cut off.

What a real one can serve, Knot DNS serves: see `tools/knot.py` and `tests/zones.py`. Must never
listen anywhere but on the loopback.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from hostedpages.mail.dns import QUESTION_SECONDS, Answer, NoRecord, Record, Resolver

# Turns a question into an answer; None says nothing at all, bytes go out as they are.
Behavior = Callable[[dns.message.Message], dns.message.Message | bytes | None]


@dataclass
class ScriptedDns:
    """A name server that answers every question in the same way, over UDP alone."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port


@contextmanager
def scripted_dns(behavior: Behavior) -> Iterator[ScriptedDns]:
    """Answer on a free port until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        server = ScriptedDns(listening.getsockname()[1])
        thread = Thread(target=_serve, args=(listening, server, behavior), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waking:
                waking.sendto(b"", server.address)
            thread.join()


def _serve(listening: socket.socket, server: ScriptedDns, behavior: Behavior) -> None:
    while True:
        data, where = listening.recvfrom(65535)
        if not data:
            return
        question = dns.message.from_wire(data)
        asked = question.question[0]
        server.asked.append((str(asked.name).rstrip("."), dns.rdatatype.to_text(asked.rdtype)))
        answer = behavior(question)
        if answer is not None:
            wire = answer if isinstance(answer, bytes) else answer.to_wire()
            listening.sendto(wire, where)


def nothing_there(question: dns.message.Message) -> dns.message.Message:
    """NXDOMAIN, whatever is asked."""
    answer = dns.message.make_response(question)
    answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer


def fault(question: dns.message.Message) -> dns.message.Message:
    """SERVFAIL."""
    answer = dns.message.make_response(question)
    answer.set_rcode(dns.rcode.SERVFAIL)
    return answer


def refusal(question: dns.message.Message) -> dns.message.Message:
    """REFUSED."""
    answer = dns.message.make_response(question)
    answer.set_rcode(dns.rcode.REFUSED)
    return answer


def silence(_question: dns.message.Message) -> None:
    """Nothing."""


def silence_about_domains(question: dns.message.Message) -> dns.message.Message | None:
    """Nothing, but to questions about the root: a resolver whose domain's servers are silent."""
    return None if len(question.question[0].name) > 1 else refusal(question)


def cut_off(question: dns.message.Message) -> dns.message.Message:
    """Truncated: says that the answer is to be had over TCP, where nobody listens."""
    answer = dns.message.make_response(question)
    answer.flags |= dns.flags.TC
    return answer


def nonsense(question: dns.message.Message) -> bytes:
    """The right number, and then bytes that are no message."""
    return question.id.to_bytes(2, "big") + b"\x81\x80\x00\x01\x00\x05\x00\x00\x00\x00\xff\xff\xff"


def endless_aliases(question: dns.message.Message) -> dns.message.Message:
    """A name that is another name for a name that is another name for the first."""
    answer = dns.message.make_response(question)
    name = str(question.question[0].name)
    again = f"again.{name}".rstrip(".") + "."
    answer.answer = [
        dns.rrset.from_text(name, 60, "IN", "CNAME", again),
        dns.rrset.from_text(again, 60, "IN", "CNAME", name),
    ]
    return answer


class MemoryResolver(Resolver):
    """Answers from a table, without a network: (name, kind) -> texts, or the exception to raise."""

    def __init__(self, table: Mapping[tuple[str, str], Iterable[str] | Exception]) -> None:
        self.table = {(name.lower(), kind): answer for (name, kind), answer in table.items()}
        self.asked: list[tuple[str, str]] = []

    def ask(self, name: str, kind: str, *, seconds: float = QUESTION_SECONDS) -> Answer:
        """What the table holds. An MX is written `10 mx.example.com`. Raises NoRecord."""
        self.asked.append((name, kind))
        name = name.lower()
        answer = self.table.get((name, kind))
        if answer is None:
            raise NoRecord(name, name_exists=any(known == name for known, _ in self.table))
        if isinstance(answer, Exception):
            raise answer
        return tuple(_remembered(text, kind) for text in answer)


def _remembered(text: str, kind: str) -> Record:
    if kind == "TXT":
        return Record(text, (text,))
    if kind == "MX":
        preference, _, host = text.partition(" ")
        return Record(host.rstrip("."), preference=int(preference))
    return Record(text)
