"""A look at domains with faults, asked of a real name server and of ones that misbehave."""

import time
from collections import Counter

import pytest

from hostedpages.mail import domain_auth
from hostedpages.mail.dkim_check import Selector
from hostedpages.mail.dns import (
    Answer,
    CouldNotCheck,
    NoRecord,
    Questions,
    Resolver,
)
from hostedpages.mail.findings import Finding
from tests import faulty_zones, name_servers, zones
from tests.name_servers import MemoryResolver
from tests.zones import Case

ADDRESS = tuple[str, int]


class Counting(Resolver):
    """A real resolver that keeps what it was asked."""

    def __init__(self, address: ADDRESS) -> None:
        super().__init__([address])
        self.asked: list[tuple[str, str]] = []

    def ask(self, name: str, kind: str, *, seconds: float = 2.0) -> Answer:
        self.asked.append((name, kind))
        return super().ask(name, kind, seconds=seconds)


def look(domain: str, resolver: Resolver, include: str = zones.INCLUDE) -> dict[str, Finding]:
    key = Selector("lf1", zones.key_pair().public_key)
    found = domain_auth.look(domain, resolver=resolver, selectors=[key], include=include)
    return {each.name: each for each in found}


@pytest.mark.parametrize("case", faulty_zones.cases(), ids=lambda case: case.name)
def test_every_fault_gets_its_verdict_and_its_fix(case: Case, patient_name_server: ADDRESS) -> None:
    resolver = Counting(patient_name_server)
    found = look(case.domain, resolver)

    assert {name: each.state for name, each in found.items()} == case.verdicts
    not_fine = [each for each in found.values() if each.state != "fine"]
    words = " ".join(f"{each.detail} {each.fix}" for each in not_fine)
    assert [each for each in case.words if each not in words] == []
    assert all(each.fix for each in not_fine)
    if case.value is not None:
        assert not_fine[0].value == case.value
    for each in found.values():
        assert "".join(each.strings) == each.value
        assert all(len(part.encode()) <= 255 for part in each.strings)


def test_no_domain_makes_us_ask_more_than_a_receiver_would(patient_name_server: ADDRESS) -> None:
    for case in faulty_zones.cases():
        resolver = Counting(patient_name_server)
        look(case.domain, resolver)
        of_spf = [
            each for each in resolver.asked if "_dmarc" not in each[0] and "key" not in each[0]
        ]
        assert len(of_spf) <= 20, (case.name, of_spf)
        assert len([each for each in resolver.asked if "_dmarc" in each[0]]) <= 9


def test_a_domain_that_does_not_exist_is_called_so(patient_name_server: ADDRESS) -> None:
    found = look("absent.test", Resolver([patient_name_server]))

    assert {each.state for each in found.values()} == {"not_found"}
    assert next(iter(found)) == "missing"
    assert found["missing"].detail == "There is no domain absent.test."
    assert found["missing"].fix == "Check the spelling, or register it."
    assert "There is no domain absent.test" in found["spf"].detail
    assert "register absent.test" in found["spf"].fix
    below = look("mail.absent.test", Resolver([patient_name_server]))["missing"]
    assert "begins to exist with its first record" in below.fix
    assert "missing" not in look("nothing.test", Resolver([patient_name_server]))


@pytest.mark.parametrize(
    ("behavior", "words"),
    [
        (name_servers.fault, "SERVFAIL"),
        (name_servers.refusal, "REFUSED"),
        (name_servers.silence_about_domains, "did not answer in time"),
        (name_servers.endless_aliases, ""),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_could_not_be_asked_is_not_called_missing(
    behavior: name_servers.Behavior, words: str
) -> None:
    with name_servers.scripted_dns(behavior) as server:
        found = look("example.test", Resolver([server.address]))

    assert max(Counter(server.asked).values()) <= 2
    assert {each.state for each in found.values()} == {"could_not_check"}
    assert all(words in each.detail for each in found.values())
    assert all("Check again in some minutes" in each.fix for each in found.values())


@pytest.mark.usefixtures("patient_checks")
@pytest.mark.parametrize(
    "behavior", [name_servers.silence, name_servers.cut_off, name_servers.nonsense]
)
def test_a_name_server_of_ours_that_is_of_no_use_is_not_blamed_on_the_domain(
    behavior: name_servers.Behavior,
) -> None:
    with name_servers.scripted_dns(behavior) as server:
        found = look("example.test", Resolver([server.address]))

    assert max(Counter(server.asked).values()) <= 2
    assert {each.state for each in found.values()} == {"could_not_check"}
    ahead, *others = found.values()
    assert ahead.name == "unasked"
    assert "name server that Hosted Pages asks gives no usable answer" in ahead.detail
    assert "says nothing about example.test" in ahead.fix
    assert {(each.detail, each.fix) for each in others} == {("Not checked.", "")}
    assert found["dkim:lf1"].value


def test_without_time_left_a_silent_name_server_of_ours_is_asked_nothing_more() -> None:
    with name_servers.scripted_dns(name_servers.silence) as server:
        found = domain_auth.look(
            "example.test",
            resolver=Resolver([server.address]),
            selectors=[Selector("lf1", "")],
            seconds=0.2,
        )

    assert {each.state for each in found} == {"could_not_check"}
    assert "unasked" not in {each.name for each in found}
    assert ("", "NS") not in server.asked


def test_a_silent_name_server_is_not_asked_for_longer_than_the_check_may_take() -> None:
    with name_servers.scripted_dns(name_servers.silence) as server:
        questions = Questions(Resolver([server.address]), until=time.monotonic() + 1)
        for number in range(50):
            with pytest.raises(CouldNotCheck):
                questions.ask(f"n{number}.example.test", "TXT")
    assert len(server.asked) <= 4


def test_names_of_inner_networks_are_never_asked_for() -> None:
    resolver = MemoryResolver({})
    questions = Questions(resolver)
    for name in ("db.internal", "printer.local", "localhost", "intranet", "a b.test", "x.lan", ""):
        with pytest.raises(NoRecord):
            questions.ask(name, "TXT")
    assert resolver.asked == []


def test_our_own_broken_spf_name_is_the_operators_fault(patient_name_server: ADDRESS) -> None:
    for include in ("_broken.sender.test", "absent.test", "_big.sender.test"):
        spf = look("nothing.test", Resolver([patient_name_server]), include)["spf"]
        assert spf.state == "not_found"
        assert "SPF name of Hosted Pages is broken" in spf.detail
        assert "Whoever runs Hosted Pages for you" in spf.fix
        assert spf.value == f"v=spf1 include:{include} ~all"


def test_without_an_spf_name_it_is_said_who_has_to_set_it_and_dkim_decides(
    patient_name_server: ADDRESS,
) -> None:
    found = look("fine.test", Resolver([patient_name_server]), include="")
    assert found["spf"].state == "fine"
    assert "HOSTEDPAGES_SPF_INCLUDE" in found["spf"].detail
    assert found["spf"].fix == ""
    assert domain_auth.state_of(list(found.values())) == "fine"

    missing = look("nothing.test", Resolver([patient_name_server]), include="")["spf"]
    assert (missing.state, missing.value) == ("not_found", "")
    assert "HOSTEDPAGES_SPF_INCLUDE" in missing.fix


def test_a_policy_of_the_parent_domain_applies_and_alignment_is_judged() -> None:
    key = zones.record()

    def table(dmarc: str) -> MemoryResolver:
        return MemoryResolver(
            {
                ("lf1._domainkey.example.com", "TXT"): [key],
                ("_dmarc.example.com", "TXT"): [dmarc],
                ("mail.example.com", "MX"): ["10 mx.example.com"],
                ("mx.example.com", "A"): ["192.0.2.1"],
            }
        )

    def dmarc_of(record: str) -> Finding:
        found = domain_auth.look(
            "example.com",
            resolver=table(record),
            selectors=[Selector("lf1", zones.key_pair().public_key)],
            include=zones.INCLUDE,
            from_domain="mail.example.com",
        )
        return next(each for each in found if each.name == "dmarc")

    assert dmarc_of("v=DMARC1; p=reject").state == "fine"
    assert "It comes from _dmarc.example.com" in dmarc_of("v=DMARC1; p=reject").detail
    strict = dmarc_of("v=DMARC1; p=quarantine; adkim=s; aspf=s")
    assert strict.state == "wrong"
    assert "does not count for mail.example.com" in strict.detail


def test_the_next_key_is_shown_and_changes_nothing_about_the_domain(
    patient_name_server: ADDRESS,
) -> None:
    selectors = [
        Selector("lf1", zones.key_pair().public_key),
        Selector("lf2", zones.public_key_of(2048), is_next=True),
    ]
    found = domain_auth.look(
        "fine.test",
        resolver=Resolver([patient_name_server]),
        selectors=selectors,
        include=zones.INCLUDE,
    )
    assert {each.name: each.state for each in found}["dkim:lf2"] == "not_found"
    assert domain_auth.state_of(found) == "fine"
