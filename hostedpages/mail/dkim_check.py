"""Looks at the published half of a DKIM key, and says what is wrong with it (RFC 6376 3.6.1).

Must never call a record fine that receivers would not verify our signature with.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hostedpages.mail.dkim import KEY_BITS, record_host, record_value
from hostedpages.mail.dns import CouldNotCheck, NoRecord, Questions, TooBig
from hostedpages.mail.findings import TRY_AGAIN, Finding, State, shown

_BLANKS = re.compile(r"[ \t\r\n]+")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Selector:
    """A name that a key is published under. Without `public_key` any good key will do."""

    name: str
    public_key: str = ""
    is_next: bool = False  # prepared, and not in use before its record is found


def check(domain: str, selector: Selector, questions: Questions) -> Finding:
    """The DKIM finding of one selector."""
    host = record_host(selector.name, domain)
    try:
        texts = sorted(each.text for each in questions.ask(host, "TXT"))
    except NoRecord:
        return _not_found(domain, selector, questions)
    except CouldNotCheck as reason:
        detail = f"The record at {host} could not be read: {reason}."
        return _finding(
            domain, selector, "could_not_check", detail, TRY_AGAIN.format(domain=domain)
        )
    except TooBig:
        detail = f"There is so much at {host} that receivers do not read it."
        return _finding(
            domain, selector, "wrong", detail, f"Delete all of it. {_publish(selector)}"
        )
    keys = [each for each in texts if "p" in tags_of(each) or "dkim1" in each.lower()]
    if len(texts) > 1 and (joined := _joined(texts, selector.public_key)):
        detail = f"The value was published as {len(texts)} records, so receivers see no whole key."
        fix = "Delete them, and publish one record: its parts are strings of the same record."
        return _finding(domain, selector, "wrong", detail, fix, found=joined)
    if not keys:
        detail = f"There is a TXT record at {host}, but it is no DKIM key."
        return _finding(domain, selector, "not_found", detail, _publish(selector), found=texts)
    if len(keys) > 1:
        detail = f"There are {len(keys)} keys at {host}, and receivers may take the wrong one."
        fix = "Delete all but the right one."
        return _finding(domain, selector, "wrong", detail, fix, found=keys)
    problem, fix = problem_of(keys[0], selector.public_key)
    if problem:
        fix = fix or f"Delete the record at {host}. {_publish(selector)}"
        return _finding(domain, selector, "wrong", problem, fix, found=keys)
    detail = "The key is published"
    detail += " and fits ours." if selector.public_key else f" and has {bits_of(keys[0])} bits."
    return _finding(domain, selector, "fine", detail, found=keys)


def tags_of(text: str) -> dict[str, str]:
    """The tags of a record (RFC 6376 3.2), blanks taken out; what is no tag is left out."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, separator, value = part.partition("=")
        name = name.strip()
        if separator and _TAG.fullmatch(name):
            found.setdefault(name, _BLANKS.sub("", value))
    return found


def bits_of(text: str) -> int:
    """The length of the RSA key in a record; 0 when there is none."""
    key = _key_of(tags_of(text).get("p", ""))
    return key.key_size if key else 0


def problem_of(text: str, expected: str) -> tuple[str, str]:
    """What is wrong with a record, and its special fix; both empty when nothing is."""
    if '"' in text or "“" in text:
        return "Quotation marks became part of the value, so receivers cannot read the key.", ""
    if "\\" in text:
        return "Backslashes became part of the value, so receivers cannot read it.", ""
    tags = tags_of(text)
    problem = _problem_of_tags(text, tags)
    if problem:
        return problem
    published = tags["p"]
    if expected and published == expected:
        return "", ""
    if expected and expected.startswith(published):
        missing = f"{len(published)} of {len(expected)} characters of the key are there"
        return f"The key was cut off: {missing}. Long values must be split into strings.", ""
    key = _key_of(published)
    if key is None:
        return "The key in the record is damaged: it cannot be read.", ""
    if key.key_size < KEY_BITS:
        weak = "receivers refuse it" if key.key_size < 1024 else "it counts as too weak"
        words = f"The key has {key.key_size} bits: {weak}. A new one must have {KEY_BITS} bits."
        return words, ""
    if expected:
        return "It is another key than ours, so receivers call our signatures forged.", ""
    return "", ""


def _problem_of_tags(text: str, tags: dict[str, str]) -> tuple[str, str] | None:
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        return "The record must begin with “v=DKIM1”, written exactly so.", ""
    if "p" not in tags:
        return "The record has no key (“p=”).", ""
    if not tags["p"]:
        revoked = "The key is revoked: “p=” is empty, so receivers call every signature invalid."
        return revoked, ""
    if tags.get("k", "rsa") != "rsa":
        return f"The record is for another kind of key (“k={tags['k'][:20]}”).", ""
    if "sha256" not in tags.get("h", "sha256").split(":"):
        return "The record refuses SHA-256 (“h=”), which signatures use today.", ""
    if not {"*", "email"} & set(tags.get("s", "*").split(":")):
        return "The record is not meant for mail (“s=”).", ""
    if "y" in tags.get("t", "").split(":"):
        words = "The record says that the domain only tests (“t=y”), so signatures do not count."
        return words, "Take “t=y” out of the record."
    return None


def _key_of(published: str) -> rsa.RSAPublicKey | None:
    try:
        key = load_der_public_key(base64.b64decode(published, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, rsa.RSAPublicKey) else None


def _joined(texts: list[str], expected: str) -> list[str]:
    """The texts in the order in which they are one key together; empty when they are not."""
    first = next((each for each in texts if "p" in tags_of(each)), None)
    if first is None or len(texts) > 4:
        return []
    others = [each for each in texts if each is not first]
    if expected and all(_BLANKS.sub("", each) in expected for each in others):
        return [first, *others]
    return []


def _not_found(domain: str, selector: Selector, questions: Questions) -> Finding:
    host = record_host(selector.name, domain)
    doubled = f"{host}.{domain}"
    detail, fix = f"There is no record at {host} yet.", _publish(selector)
    try:
        questions.ask(doubled, "TXT")
    except (NoRecord, CouldNotCheck, TooBig):
        pass
    else:
        detail = f"The record is at {doubled}: the domain was added twice."
        fix = f"Enter only “{selector.name}._domainkey” as the host; your provider adds the rest."
    return _finding(domain, selector, "not_found", detail, fix)


def _publish(selector: Selector) -> str:
    return "Publish this TXT record." if selector.public_key else "Publish the record of your key."


def _finding(
    domain: str,
    selector: Selector,
    state: State,
    detail: str,
    fix: str = "",
    *,
    found: list[str] | None = None,
) -> Finding:
    value = record_value(selector.public_key) if selector.public_key else ""
    return Finding(
        name=f"dkim:{selector.name}",
        state=state,
        title=f"DKIM: {'the next key' if selector.is_next else 'the key'} ({selector.name})",
        detail=detail,
        fix=fix,
        host=record_host(selector.name, domain),
        value=value,
        found=shown(found or []),
        is_needed=not selector.is_next,
    )
