"""Looks at the DMARC record of a domain, and whether what we send for it would pass.

Must never say that mail passes on a proof that was not seen.
"""

from hostedpages.mail import dmarc
from hostedpages.mail.dmarc import Discovery
from hostedpages.mail.dns import CouldNotCheck, NoRecord, Questions, TooBig
from hostedpages.mail.findings import TRY_AGAIN, Finding, State, shown

_ENFORCING = {
    "quarantine": "asks receivers to put mail that is not proven into the spam folder",
    "reject": "asks receivers to refuse mail that is not proven",
}


def find(from_domain: str, questions: Questions) -> Discovery | CouldNotCheck:
    """What applies to the domain, or why nobody can tell."""
    try:
        return dmarc.discover(from_domain, questions)
    except CouldNotCheck as reason:
        return reason


def check(
    found: Discovery | CouldNotCheck,
    *,
    from_domain: str,
    signing_domain: str,
    proofs: dict[str, State],
    questions: Questions,
) -> Finding:
    """The DMARC finding. `proofs` holds the state of `dkim` and of `spf` of what we send."""
    host = f"_dmarc.{from_domain}"
    if isinstance(found, CouldNotCheck):
        detail = f"The DMARC record of {from_domain} could not be read: {found}."
        return _finding("could_not_check", host, detail, TRY_AGAIN.format(domain=from_domain))
    texts = list(found.texts)
    if found.problem:
        several = len(texts) > 1
        detail = f"Receivers ignore what is published: {found.problem}."
        fix = (
            "Delete all of them and publish this one." if several else "Publish this in its place."
        )
        value = dmarc.corrected(_mildest(texts))
        return _finding("wrong", host, detail, fix, value=value, found=texts)
    if found.record is None:
        return _not_found(from_domain, host, questions)
    policy = found.policy_for(from_domain)
    where = "" if found.at == from_domain else f" It comes from _dmarc.{found.at}."
    problem = _problem(found, policy, from_domain, signing_domain, proofs, questions)
    if problem:
        detail = f"The record {_ENFORCING[policy]} (p={policy}).{where} {problem[0]}"
        return _finding("wrong", host, detail, problem[1], value=problem[2], found=texts)
    words = _ENFORCING.get(policy, "asks receivers for nothing yet")
    return _finding("fine", host, f"The record {words} (p={policy}).{where}", found=texts)


def _problem(
    found: Discovery,
    policy: str,
    from_domain: str,
    signing_domain: str,
    proofs: dict[str, State],
    questions: Questions,
) -> tuple[str, str, str] | None:
    """Why our mail would not pass an enforcing record: detail, fix, record to publish."""
    record = found.record
    if policy not in _ENFORCING or record is None or "could_not_check" in proofs.values():
        return None
    if not any(state == "fine" for state in proofs.values()):
        return (
            "Our mail is not proven yet, so that is what happens to it.",
            "Publish the DKIM record first; this record can stay as it is.",
            "",
        )
    try:
        organization = dmarc.organization_of(from_domain, questions)
    except CouldNotCheck:
        return None
    strict = {"dkim": record.is_dkim_strict, "spf": record.is_spf_strict}
    if any(
        state == "fine"
        and dmarc.is_aligned(
            signing_domain, from_domain, is_strict=strict[name], organization=organization
        )
        for name, state in proofs.items()
    ):
        return None
    own = found.at == from_domain
    relaxed = [part.strip() for part in record.text.split(";") if part.strip()]
    kept = [part for part in relaxed if part.partition("=")[0].strip() not in ("adkim", "aspf")]
    same = signing_domain.endswith(f".{organization}") or signing_domain == organization
    return (
        f"Our mail is proven for {signing_domain}, which does not count for {from_domain}.",
        "Publish this record in its place, which lets the one speak for the other."
        if same and own
        else f"Send from an address at {signing_domain}, or prove {from_domain} here.",
        "; ".join(kept) if same and own else "",
    )


def _not_found(from_domain: str, host: str, questions: Questions) -> Finding:
    detail = f"{from_domain} has no DMARC record. Large receivers ask for one."
    fix = "Publish this TXT record. It changes nothing about delivery and can be made strict later."
    doubled = f"{host}.{from_domain}"
    try:
        questions.ask(doubled, "TXT")
    except (NoRecord, CouldNotCheck, TooBig):
        pass
    else:
        detail = f"The record is at {doubled}: the domain was added twice."
        fix = "Enter only “_dmarc” as the host; your provider adds the rest."
    return _finding("not_found", host, detail, fix, value=dmarc.HINT)


def _mildest(texts: list[str]) -> str:
    for policy in dmarc.POLICIES:
        for text in texts:
            if f"p={policy}" in text.replace(" ", "").lower().split(";"):
                return text
    return texts[0]


def _finding(
    state: State,
    host: str,
    detail: str,
    fix: str = "",
    *,
    value: str = "",
    found: list[str] | None = None,
) -> Finding:
    return Finding(
        name="dmarc",
        state=state,
        title="DMARC: what happens to mail that is not proven",
        detail=detail,
        fix=fix,
        host=host,
        value=value,
        found=shown(found or []),
        is_needed=False,
    )
