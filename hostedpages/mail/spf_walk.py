"""Walks through an SPF record as a receiver does, and counts what it has to ask name servers.

Assumes the longest way: no term matches. Must never ask more than a receiver would: it stops as
soon as the limit is passed.
"""

from dataclasses import dataclass, field

from hostedpages.mail import spf
from hostedpages.mail.dns import CouldNotCheck, NoRecord, Questions, TooBig
from hostedpages.mail.names import is_askable
from hostedpages.mail.spf import MAX_LOOKUPS, BadRecord, SpfRecord, Term

MAX_MX_HOSTS = 10  # RFC 7208 4.6.4


@dataclass(slots=True)
class Walk:
    """What was met. `problems` make receivers give up on the record; each is a sentence."""

    lookups: int = 0
    voids: list[str] = field(default_factory=list)  # names that do not exist
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)  # what could not be asked, and why
    broken_includes: list[str] = field(default_factory=list)
    culprits: list[str] = field(default_factory=list)  # terms of the record itself that lead there

    @property
    def is_complete(self) -> bool:
        """Whether `lookups` is the exact number; else there are at least so many."""
        return self.lookups <= MAX_LOOKUPS and not self.doubts


def walk(record: SpfRecord, domain: str, questions: Questions) -> Walk:
    """Follow a record of `domain` through its includes."""
    found = Walk()
    _follow(record, domain.lower(), questions, found, (domain.lower(),))
    return found


def lookup(name: str, questions: Questions) -> list[str]:
    """The SPF records of a name. Raises NoRecord, CouldNotCheck, TooBig."""
    texts = [each.text for each in questions.ask(name, "TXT")]
    return sorted(each for each in texts if spf.is_spf(each))


def _follow(
    record: SpfRecord, domain: str, questions: Questions, found: Walk, way: tuple[str, ...]
) -> None:
    terms = record.lookups
    # All of this record first: when they are too many already, nobody needs to be asked.
    found.lookups += len(terms)
    for term in terms:
        if found.lookups > MAX_LOOKUPS or found.problems:
            return
        target = (term.value or domain).rstrip(".").lower()
        if term.has_macro or term.name == "ptr":
            continue  # hangs on the mail, so it is counted and cannot be looked at
        problems, voids = len(found.problems), len(found.voids)
        if term.name in ("include", "redirect"):
            _follow_include(term, target, questions, found, way)
        else:
            _look(term, target, questions, found)
        if len(way) == 1 and (len(found.problems) > problems or len(found.voids) > voids):
            found.culprits.append(term.text)


def _follow_include(
    term: Term, target: str, questions: Questions, found: Walk, way: tuple[str, ...]
) -> None:
    if target in way:
        ring = " → ".join((*way[way.index(target) :], target))
        found.problems.append(f"It includes itself: {ring}.")
        return
    if not is_askable(target):
        _broken(term, target, "which is not a public name", found)
        return
    try:
        texts = lookup(target, questions)
    except NoRecord as nothing:
        if not nothing.name_exists:
            _broken(term, target, "which does not exist", found)
            return
        texts = []
    except CouldNotCheck as reason:
        found.doubts.append(f"{target}: {reason}")
        return
    except TooBig:
        _broken(term, target, "whose answer is too big", found)
        return
    if len(texts) != 1:
        _broken(term, target, f"which has {'two' if texts else 'no'} SPF records", found)
        return
    try:
        inner = spf.parse(texts[0])
    except BadRecord as error:
        _broken(term, target, f"whose own record is wrong: {error}", found)
        return
    _follow(inner, target, questions, found, (*way, target))


def _broken(term: Term, target: str, why: str, found: Walk) -> None:
    found.broken_includes.append(target)
    found.problems.append(f"“{spf.shortened(term.text)}” leads to {target}, {why}.")


def _look(term: Term, target: str, questions: Questions, found: Walk) -> None:
    """Ask for what `a`, `mx` or `exists` names: only to see whether anything is there."""
    try:
        if term.name == "mx":
            hosts = questions.ask(target, "MX")
            if len(hosts) > MAX_MX_HOSTS:
                found.problems.append(
                    f"“{spf.shortened(term.text)}” stands for {len(hosts)} hosts."
                )
            return
        try:
            questions.ask(target, "A")
        except NoRecord as nothing:
            if not nothing.name_exists or term.name == "exists":
                raise
            questions.ask(target, "AAAA")
    except NoRecord:
        found.voids.append(target)
    except CouldNotCheck as reason:
        found.doubts.append(f"{target}: {reason}")
    except TooBig:
        pass  # something is there; how much does not matter
    if len(found.voids) > spf.MAX_VOID_LOOKUPS:
        names = ", ".join(found.voids)
        found.problems.append(f"It names hosts that do not exist: {names}.")
