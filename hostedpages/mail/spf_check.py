"""Looks at the SPF record of a domain, and says which one to publish in its place.

Must never propose a record that needs an eleventh look-up, a second one, or one whose own faults
it cannot see.
"""

from hostedpages.mail import spf, spf_walk
from hostedpages.mail.dns import MAX_ANSWER_BYTES, CouldNotCheck, NoRecord, Questions, TooBig
from hostedpages.mail.findings import TRY_AGAIN, Finding, State, shown
from hostedpages.mail.spf import MAX_LOOKUPS, BadRecord, SpfRecord
from hostedpages.mail.spf_walk import Walk

_NO_INCLUDE = (
    "Whoever runs Hosted Pages for you has to set HOSTEDPAGES_SPF_INCLUDE to the SPF name of its "
    "mail server. Then the record to publish is shown here; until then DKIM alone proves your mail."
)
_LIMIT = f"Receivers stop at {MAX_LOOKUPS} and treat the record as broken."


def check(domain: str, include: str, questions: Questions) -> Finding:
    """The SPF finding of `domain`; `include` is our servers' SPF name, empty when there is none."""
    try:
        texts = spf_walk.lookup(domain, questions)
    except NoRecord as nothing:
        return _without_record(domain, include, questions, name_exists=nothing.name_exists)
    except CouldNotCheck as reason:
        detail = f"The SPF record of {domain} could not be read: {reason}."
        return _finding("could_not_check", domain, detail, TRY_AGAIN.format(domain=domain))
    except TooBig:
        detail = (
            f"The TXT records of {domain} are more than {MAX_ANSWER_BYTES // 1024} kB together. "
            "Receivers do not read that much, so they see no SPF record."
        )
        return _finding(
            "wrong", domain, detail, f"Delete the TXT records of {domain} that nobody needs."
        )
    if not texts:
        return _without_record(domain, include, questions, name_exists=True)
    try:
        records = [spf.parse(text) for text in texts]
    except BadRecord as error:
        detail = f"Receivers ignore the record of {domain}: {error}."
        fix = (
            "Correct that part of the record, then check again: our part is added to what is there."
        )
        return _finding("wrong", domain, detail, fix, found=texts)
    if len(records) > 1:
        return _several(domain, records, include, questions)
    return _one(domain, records[0], include, questions)


def _finding(
    state: State,
    domain: str,
    detail: str,
    fix: str = "",
    *,
    value: str = "",
    found: list[str] | None = None,
    is_needed: bool = True,
) -> Finding:
    return Finding(
        name="spf",
        state=state,
        title="SPF: which servers may send for the domain",
        detail=detail,
        fix=fix,
        host=domain,
        value=value,
        found=shown(found or []),
        is_needed=is_needed,
    )


def _without_record(
    domain: str, include: str, questions: Questions, *, name_exists: bool
) -> Finding:
    detail = f"{domain} has no SPF record."
    if not name_exists:
        detail = f"There is no domain {domain} in the DNS."
    if not include:
        return _finding("not_found", domain, detail, _NO_INCLUDE, is_needed=False)
    value = spf.merged(None, include)
    ours = spf_walk.walk(spf.parse(value), domain, questions)
    if ours.problems:
        return _our_fault("not_found", domain, include, ours, detail, value, [])
    fix = f"Publish this TXT record at {domain}."
    if not name_exists:
        fix = f"Check the spelling, or register {domain}. Then publish this TXT record."
    return _finding("not_found", domain, detail, fix, value=value)


def _several(domain: str, records: list[SpfRecord], include: str, questions: Questions) -> Finding:
    detail = (
        f"{domain} has {len(records)} SPF records. Only one is allowed, so receivers ignore both."
        if len(records) == 2
        else f"{domain} has {len(records)} SPF records. Only one is allowed: receivers ignore all."
    )
    found = [each.text for each in records]
    value = spf.joined(records, include) if include else ""
    if value:
        walked = spf_walk.walk(spf.parse(value), domain, questions)
        if walked.lookups > MAX_LOOKUPS or walked.problems:
            value = ""
    if value:
        fix = "Delete all of them and publish this one, which says what they said together."
    else:
        fix = "Join them to one record: write the parts of the others into it and delete those."
    return _finding("wrong", domain, detail, fix, value=value, found=found)


def _one(domain: str, record: SpfRecord, include: str, questions: Questions) -> Finding:
    value = spf.merged(record, include) if include else record.text
    walked = spf_walk.walk(spf.parse(value), domain, questions)
    found = [record.text]
    if include and include in walked.broken_includes:
        value = value if value != record.text and walked.lookups <= MAX_LOOKUPS else ""
        return _our_fault("wrong", domain, include, walked, "", value, found)
    if walked.problems:
        return _broken(domain, value, questions, walked, found)
    if walked.lookups > MAX_LOOKUPS:
        return _too_many(domain, record, include, questions, walked)
    if walked.doubts:
        detail = f"A part of the record could not be read. {walked.doubts[0]}."
        return _finding(
            "could_not_check", domain, detail, TRY_AGAIN.format(domain=domain), found=found
        )
    if spf.is_open(record):
        detail = "“+all” in the record lets every server in the world send in your name."
        fix = "Publish this record in its place: servers that are not named are doubted."
        value = spf.with_mild_all(value)
        return _finding("wrong", domain, detail, fix, value=value, found=found)
    number = f"{walked.lookups} of {MAX_LOOKUPS} look-ups"
    if not include:
        if not spf.lets_somebody_send(record):
            detail = "The record forbids every server to send in your name."
            fix = f"Put the servers that send for {domain} in front of its end. {_NO_INCLUDE}"
            return _finding("wrong", domain, detail, fix, found=found, is_needed=False)
        detail = (
            f"The record is in order ({number}). Whether Hosted Pages may send is not known: "
            "it has no SPF name of its own yet (HOSTEDPAGES_SPF_INCLUDE)."
        )
        return _finding("fine", domain, detail, found=found, is_needed=False)
    if not record.includes(include):
        detail = "The record does not name our servers, so receivers doubt what we send for you."
        fix = f"Change the record at {domain} to this one. Do not add a second."
        return _finding("wrong", domain, detail, fix, value=value, found=found)
    if value != record.text:
        detail = "The record names our servers more than once, which wastes look-ups."
        fix = f"Change the record at {domain} to this one."
        return _finding("wrong", domain, detail, fix, value=value, found=found)
    return _finding("fine", domain, f"The record names our servers ({number}).", found=found)


def _our_fault(
    state: State,
    domain: str,
    include: str,
    walked: Walk,
    before: str,
    value: str,
    found: list[str],
) -> Finding:
    detail = f"{before} The SPF name of Hosted Pages is broken. {walked.problems[0]}".strip()
    fix = (
        f"Whoever runs Hosted Pages for you has to publish an SPF record at {include}, or to "
        "correct HOSTEDPAGES_SPF_INCLUDE."
    )
    fix += " After that, publish this record." if value else " At your domain nothing is to do."
    return _finding(state, domain, detail, fix, value=value, found=found)


def _broken(
    domain: str, value: str, questions: Questions, walked: Walk, found: list[str]
) -> Finding:
    detail = f"Receivers treat the record as broken. {' '.join(walked.problems)}"
    taken_out: list[str] = []
    while walked.problems and walked.culprits:
        taken_out += walked.culprits
        value = " ".join(each for each in value.split(" ") if each not in walked.culprits)
        walked = spf_walk.walk(spf.parse(value), domain, questions)
    if walked.problems or walked.doubts or walked.lookups > MAX_LOOKUPS:
        fix = "Take that part out of the record, or have its owner mend it. Then check again."
        return _finding("wrong", domain, detail, fix, found=found)
    names = " and ".join(f"“{spf.shortened(each)}”" for each in sorted(set(taken_out)))
    fix = f"Publish this record in its place: it leaves out {names}. Or have the owner mend that."
    return _finding("wrong", domain, detail, fix, value=value, found=found)


def _too_many(
    domain: str, record: SpfRecord, include: str, questions: Questions, walked: Walk
) -> Finding:
    found = [record.text]
    alone = spf_walk.walk(record, domain, questions)
    if alone.lookups > MAX_LOOKUPS:
        detail = f"The record needs at least {alone.lookups} look-ups in the DNS. {_LIMIT}"
        over = alone.lookups - MAX_LOOKUPS
        fix = _free(over, at_least=True)
        if include and not record.includes(include):
            fix += " After that our part is added here."
        return _finding("wrong", domain, detail, fix, found=found)
    over = walked.lookups - MAX_LOOKUPS
    detail = (
        f"The record needs {alone.lookups} of {MAX_LOOKUPS} look-ups. With our servers it would "
        f"need an {_ordinal(walked.lookups)}, and receivers would treat it as broken."
    )
    return _finding("wrong", domain, detail, _free(over, at_least=False), found=found)


def _free(number: int, *, at_least: bool) -> str:
    words = f"{'at least ' if at_least else ''}{number} look-up{'' if number == 1 else 's'}"
    return (
        f"Free {words} first: take out services that no longer send for you, or name their "
        "networks with ip4 in place of include, a and mx. Then check again."
    )


def _ordinal(number: int) -> str:
    return "11th" if number == MAX_LOOKUPS + 1 else f"{number}th"
