"""SPF records: reading, merging, counting; and the promises that hold for every record."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hostedpages.mail import spf, spf_check, spf_walk
from hostedpages.mail.dns import CouldNotCheck, Questions
from hostedpages.mail.spf import BadRecord
from tests.name_servers import MemoryResolver

OURS = "_spf.example.net"
TERMS = st.sampled_from(
    [
        *("a", "mx", "ptr", "-mx:mail.example.org", "a:www.example.org/28", "mx/24//64"),
        *(
            "ip4:192.0.2.0/24",
            "ip6:2001:db8::/32",
            "?ip4:198.51.100.7",
            "exists:%{i}.x.example.org",
        ),
        *("include:one.example.org", "include:two.example.org", "~include:three.example.org"),
        *(f"include:{OURS}", f"?include:{OURS}", f"INCLUDE:{OURS.upper()}.", f"-include:{OURS}"),
        *("exp=why.example.org", "x-note=hello", "all", "~all", "-all", "?all", "+all"),
    ]
)
REDIRECTS = st.sampled_from(["", " redirect=else.example.org"])
RECORDS = st.builds(
    lambda terms, end: " ".join(["v=spf1", *dict.fromkeys(terms)]) + end,
    st.lists(TERMS, max_size=14),
    REDIRECTS,
)
WORLD = MemoryResolver(
    {
        ("_spf.example.net", "TXT"): ["v=spf1 ip4:192.0.2.1 a:mail.example.net -all"],
        ("one.example.org", "TXT"): ["v=spf1 a mx -all"],
        ("two.example.org", "TXT"): ["v=spf1 include:one.example.org include:one.example.org ~all"],
        ("three.example.org", "TXT"): ["v=spf1 ip4:192.0.2.3 ?all"],
        ("else.example.org", "TXT"): ["v=spf1 mx -all"],
        **{
            (name, "A"): ["192.0.2.4"]
            for name in (
                *("example.org", "www.example.org", "mail.example.net", "one.example.org"),
                "own.example.org",
            )
        },
        **{
            (name, "MX"): ["10 mail.example.net"]
            for name in (
                "own.example.org",
                "one.example.org",
                "else.example.org",
                "mail.example.org",
            )
        },
    }
)


@given(RECORDS)
@example(f"v=spf1 -all include:{OURS}")
@example("v=spf1")
def test_a_merged_record_is_one_record_with_us_once_and_the_same_end(text: str) -> None:
    before = spf.parse(text)
    merged = spf.merged(before, OURS)
    after = spf.parse(merged)

    assert merged.startswith("v=spf1 ")
    assert merged.lower().count("v=spf1") == 1
    assert after.includes(OURS)
    assert sum(each.value.rstrip(".").lower() == OURS for each in after.terms) == 1
    assert (before.all_term is None) == (after.all_term is None)
    if before.all_term is not None and after.all_term is not None:
        assert before.all_term.text == after.all_term.text
    assert spf.merged(after, OURS) == merged

    def others(record: spf.SpfRecord) -> list[str]:
        return [t.text for t in record.terms if t.value.rstrip(".").lower() != OURS]

    assert others(after) == others(before)


@given(st.lists(RECORDS, min_size=1, max_size=2))
@example(["v=spf1 a ~all", "v=spf1 mx +all"])
def test_what_is_proposed_never_needs_an_eleventh_lookup(texts: list[str]) -> None:
    table = dict(WORLD.table) | {("own.example.org", "TXT"): sorted(set(texts))}
    finding = spf_check.check("own.example.org", OURS, Questions(MemoryResolver(table), most=200))

    if not finding.value:
        assert finding.state == "fine" or finding.fix
        return
    proposed = spf.parse(finding.value)
    walked = spf_walk.walk(proposed, "own.example.org", Questions(WORLD, most=200))
    assert proposed.includes(OURS)
    assert walked.lookups <= 10
    assert walked.problems == []
    assert not spf.is_open(proposed)


@given(st.text(max_size=80))
@example("a/33")
@example("include:")
@example("redirect=")
@example("ip4:1.2.3.4/99")
@example("all:x")
def test_no_text_makes_reading_fail_in_another_way(text: str) -> None:
    with suppress(BadRecord):
        spf.parse(f"v=spf1 {text}")


def test_a_new_record_ends_mildly() -> None:
    assert spf.merged(None, OURS) == f"v=spf1 include:{OURS} ~all"


@pytest.mark.parametrize(
    "text",
    ["v=spf1 ip4:10.0.0.1/33", "v=spf1 ip6:192.0.2.1", "v=spf1 spf2", "v=spf1 a=b.c"],
)
def test_a_wrong_term_is_named(text: str) -> None:
    with pytest.raises(BadRecord, match="“"):
        spf.parse(text)


def test_lookups_are_counted_through_includes_and_exp_is_free() -> None:
    record = spf.parse("v=spf1 a mx include:two.example.org exp=why.example.org -all")
    walked = spf_walk.walk(record, "own.example.org", Questions(WORLD))
    # a, mx, include two; in it two includes of one, each with a and mx.
    assert walked.lookups == 3 + 2 + 4


def test_terms_behind_all_and_a_redirect_beside_it_are_never_asked_for() -> None:
    record = spf.parse("v=spf1 -all include:two.example.org redirect=else.example.org")
    assert spf_walk.walk(record, "own.example.org", Questions(WORLD)).lookups == 0


def test_a_part_that_cannot_be_asked_makes_no_proposal() -> None:
    table = dict(WORLD.table) | {
        ("own.example.org", "TXT"): ["v=spf1 include:away.example.org -all"],
        ("away.example.org", "TXT"): CouldNotCheck("its name servers did not answer in time"),
    }
    finding = spf_check.check("own.example.org", OURS, Questions(MemoryResolver(table)))
    assert (finding.state, finding.value) == ("could_not_check", "")
    assert "away.example.org: its name servers did not answer" in finding.detail


def test_a_new_record_does_not_wait_for_our_own_name_servers() -> None:
    table = {(OURS, "TXT"): CouldNotCheck("its name servers did not answer in time")}
    finding = spf_check.check("own.example.org", OURS, Questions(MemoryResolver(table)))
    assert (finding.state, finding.value) == ("not_found", f"v=spf1 include:{OURS} ~all")
