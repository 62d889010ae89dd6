"""SPF records (RFC 7208): reading one, and adding our server to the one that is there.

Asks no name server; `spf_walk` does. Must never propose a second record, one without our include,
or one that means something else about everybody else.
"""

import ipaddress
import re
from dataclasses import dataclass

VERSION = "v=spf1"
MAX_LOOKUPS = 10  # RFC 7208 4.6.4
MAX_VOID_LOOKUPS = 2
NEW_RECORD_ALL = "~all"

_MECHANISM = re.compile(r"([+?~-]?)([a-z][a-z0-9_.-]*)(?:([:/])(.*))?", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE)
_PREFIX_LENGTHS = re.compile(r"(.*?)(?:/([0-9]{1,3}))?(?://([0-9]{1,3}))?")
_LOOKUPS = frozenset({"include", "a", "mx", "ptr", "exists"})
_KNOWN = _LOOKUPS | {"all", "ip4", "ip6"}


class BadRecord(Exception):
    """The record breaks the rules, so receivers ignore all of it; the message says where."""


@dataclass(frozen=True, slots=True)
class Term:
    """One mechanism (`include:example.net`) or modifier (`redirect=example.net`) of a record."""

    text: str
    name: str  # in lower case
    value: str = ""  # the domain or network
    qualifier: str = ""  # as written: one of + - ~ ? or nothing, which means +
    is_modifier: bool = False

    @property
    def has_macro(self) -> bool:
        return "%" in self.value

    @property
    def needs_lookup(self) -> bool:
        """Whether receivers ask a name server for it. `exp` is only asked for the words."""
        return self.name == "redirect" if self.is_modifier else self.name in _LOOKUPS


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A record that was read."""

    text: str
    terms: tuple[Term, ...]

    @property
    def all_term(self) -> Term | None:
        """The first `all`: nothing that stands behind it is read."""
        return next((each for each in self.terms if _is_all(each)), None)

    @property
    def lookups(self) -> tuple[Term, ...]:
        """The terms for which a receiver may ask name servers, in the order it reads them."""
        found: list[Term] = []
        for each in self.terms:
            if _is_all(each):
                return tuple(found)
            if each.needs_lookup and not each.is_modifier:
                found.append(each)
        return (*found, *(each for each in self.terms if each.name == "redirect"))

    def includes(self, name: str) -> bool:
        """Whether mail from the servers of `name` passes by a term of this record itself."""
        for each in self.terms:
            if _is_all(each):
                return False
            if _is_include_of(each, name) and each.qualifier in ("", "+"):
                return True
        return False


def is_spf(text: str) -> bool:
    """Whether a TXT record is meant as SPF."""
    return text.lower() == VERSION or text.lower().startswith(f"{VERSION} ")


def parse(text: str) -> SpfRecord:
    """Read a record. Raises BadRecord with the term that is wrong."""
    if not is_spf(text):
        raise BadRecord("it does not begin with “v=spf1”")
    terms = tuple(_term(each) for each in text[len(VERSION) :].split(" ") if each)
    for name in ("redirect", "exp"):
        if sum(each.is_modifier and each.name == name for each in terms) > 1:
            raise BadRecord(f"“{name}=” stands in it more than once")
    return SpfRecord(text, terms)


def merged(record: SpfRecord | None, include: str) -> str:
    """The record to publish, so that our servers may send too.

    Without a record a new one, ending in `~all`. With one, its terms in their order and its own
    `all`, and our include once. Merging again changes nothing.
    """
    ours = f"include:{include}"
    if record is None:
        return f"{VERSION} {ours} {NEW_RECORD_ALL}"
    if record.includes(include) and sum(_is_include_of(t, include) for t in record.terms) == 1:
        return record.text
    terms: list[str] = []
    for each in record.terms:
        if not _is_include_of(each, include):
            terms.append(each.text)
    end = next((n for n, each in enumerate(terms) if _is_all(_term(each))), None)
    if end is None:
        # Before modifiers at the end, which apply after all mechanisms wherever they stand.
        end = len(terms)
        while end and _term(terms[end - 1]).is_modifier:
            end -= 1
    return " ".join([VERSION, *terms[:end], ours, *terms[end:]])


def joined(records: list[SpfRecord], include: str) -> str:
    """One record in place of several: all their terms once, and the mildest `all`."""
    records = sorted(records, key=lambda each: each.text)  # name servers give them in any order
    ends = [each.all_term for each in records]
    found = {each.qualifier or "+" for each in ends if each is not None}
    # Not “+”, which lets everybody in: of two records, one did not mean that.
    end = next((f"{each}all" for each in "?~-" if each in found), NEW_RECORD_ALL)
    # A redirect means nothing beside an `all`; as an include it lets the same servers in.
    texts = [
        f"include:{each.value}" if _is_redirect(each) else each.text
        for record in records
        for each in record.terms
        if not _is_all(each)
    ]
    return merged(parse(" ".join([VERSION, *dict.fromkeys(texts), end])), include)


def with_mild_all(text: str) -> str:
    """The same record with `~all` in place of an `all` that lets everybody in."""
    terms = (NEW_RECORD_ALL if _is_open(_term(each)) else each for each in text.split(" ")[1:])
    return " ".join([VERSION, *terms])


def lets_somebody_send(record: SpfRecord) -> bool:
    """Whether any server may send by it: `v=spf1 -all` forbids all of them."""
    for each in record.terms:
        if _is_all(each):
            return each.qualifier not in ("-", "~")
        if not each.is_modifier or _is_redirect(each):
            return True
    return True


def is_open(record: SpfRecord) -> bool:
    """Whether the record lets every server of the world send (`+all`)."""
    return record.all_term is not None and _is_open(record.all_term)


def _is_open(term: Term) -> bool:
    return _is_all(term) and term.qualifier in ("", "+")


def _is_all(term: Term) -> bool:
    return term.name == "all" and not term.is_modifier


def _is_redirect(term: Term) -> bool:
    return term.name == "redirect" and term.is_modifier


def _is_include_of(term: Term, name: str) -> bool:
    value = term.value.rstrip(".").lower()
    return term.name == "include" and not term.is_modifier and value == name.lower()


def _term(text: str) -> Term:
    modifier = _MODIFIER.fullmatch(text)
    if modifier:
        name = modifier[1].lower()
        if name in _KNOWN:
            raise BadRecord(f"in “{shortened(text)}” there must be a colon in place of “=”")
        if name == "redirect" and not modifier[2]:
            raise BadRecord("“redirect=” names no domain")
        return Term(text, name, modifier[2], is_modifier=True)
    mechanism = _MECHANISM.fullmatch(text)
    if not mechanism or mechanism[2].lower() not in _KNOWN:
        raise BadRecord(f"“{shortened(text)}” means nothing in SPF")
    qualifier, name, separator, value = mechanism[1], mechanism[2].lower(), mechanism[3], ""
    if separator:
        value = mechanism[4] if separator == ":" else f"/{mechanism[4]}"
    _refuse_bad_value(text, name, value)
    if name in ("a", "mx"):
        value = _without_lengths(text, value)
    return Term(text, name, value, qualifier)


def _refuse_bad_value(text: str, name: str, value: str) -> None:
    if name in ("include", "exists") and (not value or value.startswith("/")):
        raise BadRecord(f"“{shortened(text)}” names no domain")
    if name == "all" and value:
        raise BadRecord(f"“{shortened(text)}” means nothing in SPF; “all” stands alone")
    if name in ("ip4", "ip6"):
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise BadRecord(f"“{shortened(text)}” is no address or network") from None
        if network.version != int(name[2]):
            raise BadRecord(f"the address in “{shortened(text)}” is not of the kind {name}")


def _without_lengths(text: str, value: str) -> str:
    found = _PREFIX_LENGTHS.fullmatch(value)
    if found is None or "/" in found[1].replace("%{", ""):
        raise BadRecord(f"“{shortened(text)}” means nothing in SPF")
    if int(found[2] or 0) > 32 or int(found[3] or 0) > 128:
        raise BadRecord(f"“{shortened(text)}” has a network that is too long")
    return found[1]


def shortened(text: str) -> str:
    """A term as it can be shown."""
    return text if len(text) <= 60 else f"{text[:57]}…"
