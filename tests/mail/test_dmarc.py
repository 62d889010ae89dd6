"""DMARC records: reading, the walk up the tree of names, alignment; and what any text does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostedpages.mail import dkim_check, dmarc, mx_check
from hostedpages.mail.dmarc import BadRecord
from hostedpages.mail.dns import CouldNotCheck, Questions
from tests.name_servers import MemoryResolver

TAGS = st.sampled_from(
    [
        *(
            "v=DMARC1",
            "v = DMARC1 ",
            "p=none",
            "p=reject",
            "p=",
            "p=Quarantine",
            "sp=none",
            "sp=no",
        ),
        *("adkim=s", "aspf=x", "rua=mailto:a@b.example", "rua=a@b.example", "rua=mailto:a@b!10m"),
        *("pct=50", "psd=n", "fo=1", "nonsense", "=", "x==y", "\u00fc=1", "p=none", ""),
    ]
)


@given(st.lists(TAGS, max_size=8).map(";".join) | st.text(max_size=60))
def test_a_corrected_record_is_always_right(text: str) -> None:
    assert dmarc.parse(dmarc.corrected(text)).policy in dmarc.POLICIES


@given(st.text(max_size=120))
def test_no_published_text_makes_the_judges_fail(text: str) -> None:
    table = {
        ("example.com", "MX"): ["10 mx.example.com"],
        ("lf1._domainkey.example.com", "TXT"): [text, text[:5]],
        ("_dmarc.example.com", "TXT"): [text],
    }
    questions = Questions(MemoryResolver(table))
    for key in ("", "MIIB"):
        found = dkim_check.check("example.com", dkim_check.Selector("lf1", key), questions)
        assert found.state in ("wrong", "not_found")
    assert dmarc.discover("example.com", questions) is not None
    assert mx_check.check("example.com", questions).state == "wrong"


@pytest.mark.parametrize(
    "text",
    [
        *("v=DMARC1", "v=DMARC1; p=maybe", "V=DMARC1; p=none", "v=DMARC1, p=none"),
        *("v=DMARC1; p=none; p=none", "v=DMARC1; p=none; rua=me@example.com", "v=DMARC1; p"),
    ],
)
def test_records_that_receivers_ignore_are_not_read(text: str) -> None:
    with pytest.raises(BadRecord):
        dmarc.parse(text)


def test_a_long_name_is_asked_for_in_eight_steps() -> None:
    long = ".".join("abcdefghijklm") + ".example.com"
    names = dmarc.walk(long)
    assert len(names) == 8
    assert names[:2] == [long, "i.j.k.l.m.example.com"]
    assert names[-2:] == ["example.com", "com"]
    assert dmarc.walk("example.com") == ["example.com", "com"]


def test_the_organization_is_found_as_rfc_9989_says() -> None:
    table = {
        ("_dmarc.a.b.example.com", "TXT"): ["v=DMARC1; p=none"],
        ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject; sp=quarantine"],
        ("_dmarc.giant.example", "TXT"): ["v=DMARC1; p=none; psd=n"],
        ("_dmarc.bank", "TXT"): ["v=DMARC1; p=reject; psd=y"],
    }

    def organization(name: str) -> str:
        return dmarc.organization_of(name, Questions(MemoryResolver(table)))

    assert organization("a.b.example.com") == "example.com"
    assert organization("x.giant.example") == "giant.example"
    assert organization("mail.city.bank") == "city.bank"
    assert organization("nowhere.net") == "nowhere.net"
    found = dmarc.discover("new.example.com", Questions(MemoryResolver(table)))
    assert (found.at, found.policy_for("new.example.com")) == ("example.com", "quarantine")


def test_a_name_above_that_cannot_be_asked_is_no_missing_policy_but_a_registrys_is_ignored() -> (
    None
):
    above = {("_dmarc.example.com", "TXT"): CouldNotCheck("silence")}
    with pytest.raises(CouldNotCheck):
        dmarc.discover("mail.example.com", Questions(MemoryResolver(above)))
    registry = {("_dmarc.com", "TXT"): CouldNotCheck("refused")}
    assert dmarc.discover("example.com", Questions(MemoryResolver(registry))).record is None


def test_alignment_strict_and_relaxed() -> None:
    def fits(proven: str, from_domain: str, *, strict: bool) -> bool:
        return dmarc.is_aligned(proven, from_domain, is_strict=strict, organization="example.com")

    assert fits("example.com", "example.com", strict=True)
    assert fits("mail.example.com", "example.com", strict=False)
    assert not fits("mail.example.com", "example.com", strict=True)
    assert not fits("example.org", "example.com", strict=False)
    assert not fits("notexample.com", "example.com", strict=False)
