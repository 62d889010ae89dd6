"""Looks at where mail to a domain goes: answers and returned mail come back that way.

Must never connect to what it finds.
"""

from hostedpages.mail.dns import Answer, CouldNotCheck, NoRecord, Questions, TooBig
from hostedpages.mail.findings import TRY_AGAIN, Finding, State

_TITLE = "MX: where answers go"
_MOST_HOSTS_LOOKED_AT = 3


def check(domain: str, questions: Questions) -> Finding:
    """The MX finding of the domain that mail comes from (RFC 5321 5.1, RFC 7505)."""
    try:
        hosts = questions.ask(domain, "MX")
    except NoRecord as nothing:
        return _without_mx(domain, questions, name_exists=nothing.name_exists)
    except (CouldNotCheck, TooBig) as reason:
        return _could_not(domain, reason)
    found = tuple(f"{each.preference} {each.text or '.'}" for each in hosts)
    if any(not each.text for each in hosts):
        detail = f"{domain} says that it takes no mail at all (“MX 0 .”)."
        fix = "Publish the MX records of your mail provider, or answers to your mail are lost."
        return _finding("wrong", domain, detail, fix, found=found)
    try:
        lost = _hosts_without_address(hosts, questions)
    except (CouldNotCheck, TooBig) as reason:
        return _could_not(domain, reason)
    if lost and len(lost) == min(len(hosts), _MOST_HOSTS_LOOKED_AT):
        detail = f"Mail to {domain} goes to {lost[0]}, which has no address."
        fix = "Publish the MX records that your mail provider names: answers to your mail are lost."
        return _finding("wrong", domain, detail, fix, found=found)
    return _finding("fine", domain, f"Answers go to {_first(hosts)}.", found=found)


def _first(hosts: Answer) -> str:
    return min(hosts, key=lambda each: (each.preference, each.text)).text


def _hosts_without_address(hosts: Answer, questions: Questions) -> list[str]:
    ordered = sorted(hosts, key=lambda each: (each.preference, each.text))
    return [
        each.text
        for each in ordered[:_MOST_HOSTS_LOOKED_AT]
        if not _has_address(each.text, questions)
    ]


def _has_address(name: str, questions: Questions) -> bool:
    for kind in ("A", "AAAA"):
        try:
            questions.ask(name, kind)
        except NoRecord:
            continue
        return True
    return False


def _without_mx(domain: str, questions: Questions, *, name_exists: bool) -> Finding:
    fix = "Publish the MX records of your mail provider, or answers to your mail are lost."
    if not name_exists:
        detail = f"There is no domain {domain} in the DNS."
        return _finding("not_found", domain, detail, f"Check the spelling, or register {domain}.")
    try:
        has_address = _has_address(domain, questions)
    except (CouldNotCheck, TooBig) as reason:
        return _could_not(domain, reason)
    if has_address:
        detail = f"{domain} has no MX record, so answers go to the machine of that name itself."
        return _finding("fine", domain, detail, "If mail is read elsewhere, publish its MX record.")
    detail = f"{domain} has no MX record: nobody can answer your mail, and many refuse it."
    return _finding("not_found", domain, detail, fix)


def _could_not(domain: str, reason: Exception) -> Finding:
    words = "the answer is too big" if isinstance(reason, TooBig) else str(reason)
    detail = f"The MX records of {domain} could not be read: {words}."
    return _finding("could_not_check", domain, detail, TRY_AGAIN.format(domain=domain))


def _finding(
    state: State, domain: str, detail: str, fix: str = "", *, found: tuple[str, ...] = ()
) -> Finding:
    return Finding(
        name="mx",
        state=state,
        title=_TITLE,
        detail=detail,
        fix=fix,
        host=domain,
        record_type="MX",
        found=found,
        is_needed=False,
    )
