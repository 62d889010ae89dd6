"""One look at everything that proves a domain: SPF, DKIM, DMARC, and where answers go.

Takes at most five seconds, whatever the name servers do. Must never change anything.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hostedpages.mail import dkim_check, dmarc_check, mx_check, spf_check
from hostedpages.mail.dkim_check import Selector
from hostedpages.mail.dns import CHECK_SECONDS, CouldNotCheck, NoRecord, Questions, Resolver, TooBig
from hostedpages.mail.findings import MISSING, UNASKED, Finding, State

MAX_SELECTORS = 5
HOURS = 48  # for which a name server may go on giving the old answer
PATIENCE = (
    f"Changes in the DNS can take up to {HOURS} hours to be seen everywhere, because name servers "
    "keep old answers for a while."
)


def look(
    domain: str,
    *,
    resolver: Resolver,
    selectors: Sequence[Selector],
    include: str = "",
    from_domain: str = "",
    seconds: float = CHECK_SECONDS,
) -> list[Finding]:
    """The findings of `domain` (ASCII, lower case): spf, each dkim, dmarc, mx; and in front of
    them, when there is no such domain or nobody could be asked, that.

    `include` is the SPF name of our servers. `from_domain` is the domain in From when that is
    another one. The parts are looked at side by side, so that a silent one delays no other.
    """
    from_domain = from_domain or domain
    until = time.monotonic() + seconds

    def questions() -> Questions:
        return Questions(resolver, until=until)

    for_spf, for_dmarc = questions(), questions()
    with ThreadPoolExecutor(max_workers=3 + MAX_SELECTORS) as threads:
        spf = threads.submit(spf_check.check, domain, include, for_spf)
        keys = [
            threads.submit(dkim_check.check, domain, each, questions())
            for each in selectors[:MAX_SELECTORS]
        ]
        policy = threads.submit(dmarc_check.find, from_domain, for_dmarc)
        mx = threads.submit(mx_check.check, from_domain, questions())
    of_keys = [each.result() for each in keys]
    dmarc = dmarc_check.check(
        policy.result(),
        from_domain=from_domain,
        signing_domain=domain,
        proofs={"dkim": _in_use(of_keys), "spf": _passes(spf.result())},
        questions=for_dmarc,
    )
    found = [spf.result(), *of_keys, dmarc, mx.result()]
    if all(each.state == "could_not_check" for each in found) and not resolver.answers(
        seconds=until - time.monotonic()
    ):
        return [_unasked(domain), *(replace(each, detail="Not checked.", fix="") for each in found)]
    is_missing = not any(each.found for each in found) and _is_missing(domain, for_spf)
    return [_missing(domain), *found] if is_missing else found


def _is_missing(domain: str, questions: Questions) -> bool:
    try:
        questions.ask(domain, "TXT")  # was asked for SPF, so the answer is known
    except NoRecord as nothing:
        return not nothing.name_exists
    except (CouldNotCheck, TooBig):
        pass
    return False


def _missing(domain: str) -> Finding:
    fix = "Check the spelling, or register it."
    if domain.count(".") > 1:
        fix += " A name below a domain of yours begins to exist with its first record."
    return Finding(
        name=MISSING,
        state="not_found",
        title="The domain itself",
        detail=f"There is no domain {domain}.",
        fix=fix,
        host=domain,
        record_type="",
    )


def _unasked(domain: str) -> Finding:
    return Finding(
        name=UNASKED,
        state="could_not_check",
        title="Name server",
        detail="The name server that Hosted Pages asks gives no usable answer, so nothing was "
        "checked.",
        fix=f"This says nothing about {domain}. Check again in some minutes. If it stays so, tell "
        "whoever runs Hosted Pages.",
        host=domain,
        record_type="",
    )


def state_of(findings: Sequence[Finding]) -> State:
    """The state of the whole domain: fine when all that is needed is fine, else the worst.

    A wrong record counts even where a missing one would not.
    """
    states = {each.state for each in findings if each.is_needed}
    states |= {"wrong" for each in findings if each.state == "wrong" and each.name == "dmarc"}
    order: tuple[State, ...] = ("wrong", "not_found", "could_not_check")
    return next((each for each in order if each in states), "fine")


def _in_use(keys: Sequence[Finding]) -> State:
    """The state of the key that signs: the first that is not the next one."""
    return next((each.state for each in keys if each.is_needed), "not_found")


def _passes(spf: Finding) -> State:
    # A record that is fine by itself does not name our servers when nobody told their name.
    return "not_found" if spf.state == "fine" and not spf.is_needed else spf.state
