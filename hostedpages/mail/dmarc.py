"""DMARC (RFC 9989): reading a record, the walk up the tree of names, and alignment.

Must never ask more than eight names, however long the domain is.
"""

import re
from dataclasses import dataclass

from hostedpages.mail.dns import CouldNotCheck, NoRecord, Questions, TooBig

MAX_QUESTIONS = 8
POLICIES = ("none", "quarantine", "reject")
HINT = "v=DMARC1; p=none"
_START = re.compile(r"v\s*=\s*DMARC1\s*(;|\Z)")
_ALMOST = re.compile(r"\s*v?\s*=?\s*dmarc", re.IGNORECASE)
_TAG = re.compile(r"[a-z]+")


class BadRecord(Exception):
    """The record is meant as DMARC and breaks the rules; the message says where."""


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A record that was read, with what is not said in it filled in."""

    text: str
    policy: str
    subdomain_policy: str
    is_dkim_strict: bool = False
    is_spf_strict: bool = False
    psd: str = "u"  # y: names below belong to others; n: this is an organization's own


@dataclass(frozen=True, slots=True)
class Discovery:
    """What applies to a domain. `texts` are the DMARC records at `at`, readable or not."""

    record: DmarcRecord | None
    at: str  # the domain whose `_dmarc` name was asked last, or where the record stands
    texts: tuple[str, ...] = ()
    problem: str = ""  # why receivers ignore what is published for the domain itself

    def policy_for(self, domain: str) -> str:
        """What receivers do with mail from `domain` that is not proven; "" without a record."""
        if self.record is None:
            return ""
        return self.record.policy if domain == self.at else self.record.subdomain_policy


def is_dmarc(text: str) -> bool:
    """Whether receivers take a TXT record for DMARC."""
    return _START.match(text) is not None


def looks_like_dmarc(text: str) -> bool:
    """Whether somebody meant it as DMARC."""
    return _ALMOST.match(text) is not None


def tags_of(text: str) -> dict[str, str]:
    """The tags of a record in their order. Raises BadRecord."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, separator, value = (each.strip() for each in part.partition("="))
        if not separator or not _TAG.fullmatch(name.lower()):
            raise BadRecord(f"“{part.strip()[:40]}” is no tag with a value")
        if name.lower() in found:
            raise BadRecord(f"“{name}=” stands in it more than once")
        found[name.lower()] = value
    return found


def parse(text: str) -> DmarcRecord:
    """Read a record. Raises BadRecord."""
    if not is_dmarc(text):
        raise BadRecord("it must begin with “v=DMARC1;”, written exactly so")
    tags = tags_of(text)
    policy = tags.get("p", "").lower()
    if policy not in POLICIES:
        wrong = f"“p={tags['p'][:20]}” is none of" if "p" in tags else "it does not say"
        raise BadRecord(f"{wrong} p=none, p=quarantine or p=reject")
    subdomains = tags.get("sp", policy).lower()
    if subdomains not in POLICIES:
        raise BadRecord(f"“sp={tags['sp'][:20]}” is none of none, quarantine and reject")
    for name in ("adkim", "aspf"):
        if tags.get(name, "r").lower() not in ("r", "s"):
            raise BadRecord(f"“{name}={tags[name][:20]}” is neither r nor s")
    for name in ("rua", "ruf"):
        if name in tags and not all(_is_uri(each) for each in tags[name].split(",")):
            raise BadRecord(f"“{name}=” must name an address as mailto:you@example.com")
    return DmarcRecord(
        text=text,
        policy=policy,
        subdomain_policy=subdomains,
        is_dkim_strict=tags.get("adkim", "r").lower() == "s",
        is_spf_strict=tags.get("aspf", "r").lower() == "s",
        psd=tags.get("psd", "u").lower(),
    )


def corrected(text: str) -> str:
    """The record again with what can be read of it, and `p=none` where that was wrong."""
    kept: dict[str, str] = {}
    for part in text.split(";"):
        name, separator, value = (each.strip() for each in part.partition("="))
        name = name.lower()
        if separator and _TAG.fullmatch(name) and name not in ("v", "p"):
            kept.setdefault(name, value)
        elif separator and name == "p" and value.lower() in POLICIES:
            kept.setdefault("p", value.lower())
    policy = kept.pop("p", "none")
    for name in list(kept):
        try:
            parse(f"{HINT}; {name}={kept[name]}")
        except BadRecord:
            del kept[name]
    return "; ".join(["v=DMARC1", f"p={policy}", *(f"{k}={v}" for k, v in kept.items())])


def walk(domain: str) -> list[str]:
    """The domains whose `_dmarc` name is asked, from `domain` up (RFC 9989 4.10)."""
    labels = domain.split(".")
    names = [domain]
    above = labels[1:] if len(labels) < MAX_QUESTIONS else labels[-(MAX_QUESTIONS - 1) :]
    while above:
        names.append(".".join(above))
        above = above[1:]
    return names


def discover(domain: str, questions: Questions) -> Discovery:
    """The record that receivers apply to mail from `domain`.

    Raises CouldNotCheck when the domain's own name, or one above it, could not be asked.
    """
    own: Discovery | None = None
    best: Discovery | None = None
    for name in walk(domain):
        try:
            texts = _texts_at(name, questions)
        except CouldNotCheck:
            if "." not in name:
                break  # of registries, few publish anything, and none of this is about them
            raise
        found = _judged(name, texts)
        if name == domain:
            own = found
            if found.record is not None:
                return found
        elif found.record is not None:
            best = found
            if found.record.psd == "n":
                break
    if own is not None and own.problem:
        return own
    return best or own or Discovery(None, domain)


def organization_of(domain: str, questions: Questions) -> str:
    """The domain of the organization that `domain` belongs to; itself when nothing tells.

    Raises CouldNotCheck.
    """
    found = domain
    below = domain
    for name in walk(domain):
        try:
            record = _judged(name, _texts_at(name, questions)).record
        except CouldNotCheck:
            if "." not in name:
                break
            raise
        if record is not None and record.psd == "n":
            return name
        if record is not None and record.psd == "y" and name != domain:
            return below
        if record is not None:
            found = name
        below = name
    return found


def is_aligned(proven: str, from_domain: str, *, is_strict: bool, organization: str) -> bool:
    """Whether what DKIM or SPF proves speaks for the domain in From (RFC 9989 3.2.10)."""
    if proven == from_domain:
        return True
    inside = (
        each == organization or each.endswith(f".{organization}") for each in (proven, from_domain)
    )
    return not is_strict and all(inside)


def _texts_at(name: str, questions: Questions) -> list[str]:
    try:
        texts = [each.text for each in questions.ask(f"_dmarc.{name}", "TXT")]
    except (NoRecord, TooBig):
        return []
    return sorted(each for each in texts if looks_like_dmarc(each))


def _judged(name: str, texts: list[str]) -> Discovery:
    if len(texts) > 1:
        problem = f"there are {len(texts)} DMARC records, and only one is allowed"
        return Discovery(None, name, tuple(texts), problem)
    try:
        return Discovery(parse(texts[0]) if texts else None, name, tuple(texts))
    except BadRecord as error:
        return Discovery(None, name, tuple(texts), str(error))


def _is_uri(text: str) -> bool:
    return (
        re.fullmatch(
            r"(mailto:[^@\s]+@[^@\s!]+(![0-9]+[kmgt]?)?|https?://\S+)", text.strip(), re.IGNORECASE
        )
        is not None
    )
