"""Explains, from the pasted headers of a received message, what its receiver saw.

Believes only the topmost results: those further down may come from whoever sent it. Must never
raise for any text, and never claim more than the headers say.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from hostedpages.mail.findings import State
from hostedpages.mail.headers_pasted import (
    MAX_TEXT,
    Result,
    Results,
    address_in,
    domain_in,
    fields_of,
    results_in,
    tag_of,
)
from hostedpages.mail.names import is_within

_POLICY = re.compile(r"\bp=([a-z]+)", re.IGNORECASE)
_STATES: dict[str, State] = {
    "pass": "fine",
    "bestguesspass": "not_found",
    "none": "not_found",
    "temperror": "could_not_check",
}
_SPF = {
    "pass": "The server that delivered the message may send for {domain}.",
    "fail": "The server that delivered the message is not named in the SPF record of {domain}, "
    "which says to refuse such mail. Add the server to the record, or send by one that is in it.",
    "softfail": "The server that delivered the message is not named in the SPF record of {domain}. "
    "Add it to the record, or the message may count as spam.",
    "neutral": "The SPF record of {domain} says nothing about the server that delivered it.",
    "none": "{domain} has no SPF record that applies.",
    "permerror": "The SPF record of {domain} is broken: check it under Domains.",
    "temperror": "The receiver could not read the SPF record of {domain} at that moment.",
}
_DKIM = {
    "pass": "The signature of {domain} is right: the message is as it was sent.",
    "fail": "The signature of {domain} is wrong. Either the published key is another one, or "
    "somebody changed the message on its way, such as a mailing list or a virus scanner.",
    "none": "The message carried no signature.",
    "permerror": "The signature of {domain} could not be used: its key is missing or broken.",
    "temperror": "The receiver could not read the key of {domain} at that moment.",
    "neutral": "The receiver could not make sense of the signature of {domain}.",
    "policy": "The receiver does not accept the signature of {domain}, such as for a short key.",
}
_DMARC = {
    "pass": "DMARC passed: the message really is from {domain}.",
    "fail": "DMARC failed: neither SPF nor DKIM proves {domain}, the domain in From.",
    "none": "{domain} has no DMARC record.",
    "bestguesspass": "{domain} has no DMARC record; with one the message would have passed.",
    "permerror": "The DMARC record of {domain} is broken: check it under Domains.",
    "temperror": "The receiver could not read the DMARC record of {domain} at that moment.",
}
_OTHER = "The receiver says “{verdict}” about {domain}."


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence about the message."""

    name: str  # spf, dkim, dmarc, alignment, arc, way
    title: str
    state: State
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the headers tell. Without `said` they are no headers of a received message."""

    said: tuple[Said, ...] = ()
    receiver: str = ""  # who wrote the results
    from_domain: str = ""
    was_cut: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.said


def explain(text: str) -> Explanation:
    """Read pasted headers; what is missing is said, what is odd is left out."""
    fields = fields_of(text)
    from_domain = domain_in(address_in(_first(fields, "from")))
    results = _believed(fields)
    said: list[Said] = []
    if results is not None:
        said += _about_spf(results, fields)
        said += _about_dkim(results, fields)
        said += _about_dmarc(results, from_domain)
        said += _about_alignment(results, from_domain)
        said += _about_arc(results)
    elif any(name in ("received", "dkim-signature", "received-spf") for name, _ in fields):
        said += _without_results(fields)
    said += _about_the_way(fields)
    return Explanation(
        tuple(said),
        results.receiver if results else "",
        from_domain,
        was_cut=len(text) > MAX_TEXT,
    )


def _first(fields: list[tuple[str, str]], name: str) -> str:
    return next((value for found, value in fields if found == name), "")


def _believed(fields: list[tuple[str, str]]) -> Results | None:
    """The results on top, and those of the same receiver; ARC's when there are none."""
    own = [results_in(value) for name, value in fields if name == "authentication-results"]
    own = [each for each in own if each.results]
    if own:
        same = [each for each in own if each.receiver == own[0].receiver]
        return Results(own[0].receiver, tuple(r for each in same for r in each.results))
    sealed = [value for name, value in fields if name == "arc-authentication-results"]
    found = [each for each in map(results_in, sealed) if each.results]
    return found[0] if found else None


def _sentence(words: dict[str, str], result: Result, domain: str) -> str:
    known = words.get("fail" if result.verdict == "hardfail" else result.verdict, _OTHER)
    return known.format(domain=domain or "the domain", verdict=result.verdict)


def _state(result: Result) -> State:
    return _STATES.get(result.verdict, "wrong")


def _about_spf(results: Results, fields: list[tuple[str, str]]) -> list[Said]:
    title = "SPF"
    found = results.of("spf")
    if not found:
        return _from_received_spf(fields) or [
            Said("spf", title, "not_found", "The receiver says nothing about SPF.")
        ]
    result = found[0]
    domain = result.domain_of("smtp.mailfrom", "smtp.helo", "smtp.from")
    return [Said("spf", title, _state(result), _sentence(_SPF, result, domain))]


def _from_received_spf(fields: list[tuple[str, str]]) -> list[Said]:
    value = _first(fields, "received-spf")
    verdict = re.match(r"[A-Za-z]+", value)
    if not verdict:
        return []
    sender = re.search(r"envelope-from=\"?([^\s;\"]+)", value)
    result = Result("spf", verdict[0].lower())
    words = _sentence(_SPF, result, domain_in(sender[1]) if sender else "")
    return [Said("spf", "SPF", _state(result), words)]


def _about_dkim(results: Results, fields: list[tuple[str, str]]) -> list[Said]:
    found = results.of("dkim")
    if not found:
        signers = _signers(fields)
        words = "The message carries no signature."
        if signers:
            words = f"It is signed by {' and '.join(signers)}, but the receiver did not check it."
        return [Said("dkim", "DKIM", "not_found", words)]
    said = []
    for result in found[:5]:
        domain = result.domain_of("header.d", "header.i")
        selector = result.properties.get("header.s", "")[:63]
        words = _sentence(_DKIM, result, domain)
        title = f"DKIM of {domain}" if domain else "DKIM"
        title += f" ({selector})" if selector else ""
        said.append(Said("dkim", title, _state(result), words))
    return said


def _signers(fields: list[tuple[str, str]]) -> list[str]:
    domains = [domain_in(tag_of(value, "d")) for name, value in fields if name == "dkim-signature"]
    return [each for each in dict.fromkeys(domains) if each][:5]


def _about_dmarc(results: Results, from_domain: str) -> list[Said]:
    found = results.of("dmarc")
    if not found:
        return [Said("dmarc", "DMARC", "not_found", "The receiver says nothing about DMARC.")]
    result = found[0]
    words = _sentence(_DMARC, result, result.domain_of("header.from") or from_domain)
    policy = _POLICY.search(result.comments)
    asks = {"quarantine": "put such mail into the spam folder", "reject": "refuse such mail"}
    if result.verdict == "fail" and policy and policy[1].lower() in asks:
        words += f" Its record asks receivers to {asks[policy[1].lower()]}."
    return [Said("dmarc", "DMARC", _state(result), words)]


def _about_alignment(results: Results, from_domain: str) -> list[Said]:
    title = "Alignment with From"
    if not from_domain:
        words = "There is no From among these headers, so it cannot be said what it must fit."
        return [Said("alignment", title, "could_not_check", words)]
    proven = [
        (result.method, domain)
        for result in results.results
        if result.verdict == "pass"
        for domain in [_proven_by(result)]
        if domain
    ]
    fitting = [(m, d) for m, d in proven if is_within(d, from_domain) or is_within(from_domain, d)]
    if fitting:
        ways = " and ".join(dict.fromkeys(f"{method.upper()} ({d})" for method, d in fitting))
        words = f"From says {from_domain}, and that is proven by {ways}."
        return [Said("alignment", title, "fine", words)]
    others = ", ".join(dict.fromkeys(domain for _, domain in proven))
    words = f"From says {from_domain}, and nothing proves it."
    if others:
        words = (
            f"From says {from_domain}, but what is proven is {others}. That does not count: sign "
            f"with DKIM for {from_domain}."
        )
    return [Said("alignment", title, "wrong", words)]


def _proven_by(result: Result) -> str:
    if result.method == "dkim":
        return result.domain_of("header.d", "header.i")
    return result.domain_of("smtp.mailfrom") if result.method == "spf" else ""


def _about_arc(results: Results) -> list[Said]:
    found = results.of("arc")
    if not found or found[0].verdict == "none":
        return []
    words = "It was passed on by somebody who vouches for what they saw"
    words += "." if found[0].verdict == "pass" else ", but that seal is broken."
    return [Said("arc", "ARC: passed on", _state(found[0]), words)]


def _without_results(fields: list[tuple[str, str]]) -> list[Said]:
    said = _from_received_spf(fields)
    signers = _signers(fields)
    words = "The receiver wrote no Authentication-Results here, so nobody can say what it saw."
    if signers:
        words += f" The message is signed by {' and '.join(signers)}."
    return [*said, Said("dkim", "What the receiver saw", "could_not_check", words)]


def _about_the_way(fields: list[tuple[str, str]]) -> list[Said]:
    hops = [value for name, value in fields if name == "received"]
    if not hops:
        return []
    number = "one server" if len(hops) == 1 else f"{len(hops)} servers"
    words = f"It passed {number}."
    began, ended = _time_of(hops[-1]), _time_of(hops[0])
    if began is not None and ended is not None and len(hops) > 1:
        words = f"It passed {number} in {_duration(ended - began)}."
    return [Said("way", "Its way", "fine", words)]


def _time_of(hop: str) -> float | None:
    try:
        return parsedate_to_datetime(hop.rpartition(";")[2].strip()[:100]).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def _duration(seconds: float) -> str:
    seconds = max(0, int(seconds))
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    if seconds < 7200:
        return f"{seconds // 60} minutes"
    return f"{timedelta(seconds=seconds).total_seconds() / 3600:.0f} hours"
