"""Pasted headers of received messages are explained, whatever was pasted."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostedpages.mail.received import Explanation, explain

# Own text in the real shapes of large receivers.
GOOD = """\
Delivered-To: ann@example.org
Received: by 2002:a05:6214:500b:0:0:0:0 with SMTP id jo11csp1; Tue, 3 Mar 2026 07:00:05 -0800 (PST)
ARC-Authentication-Results: i=1; mx.example.org; spf=fail smtp.mailfrom=old.example
Authentication-Results: mx.example.org;
       dkim=pass header.i=@northside.example header.s=lf1 header.b=AbC;
       spf=pass (example.org: domain of office@northside.example designates 192.0.2.1
        as permitted sender) smtp.mailfrom=office@northside.example;
       dmarc=pass (p=QUARANTINE sp=NONE dis=NONE) header.from=northside.example
Received: from mail.sender.example (mail.sender.example. [192.0.2.1])
        by mx.example.org with ESMTPS id x for <ann@example.org>;
        Tue, 03 Mar 2026 07:00:02 -0800 (PST)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
\td=northside.example; s=lf1; b=xx
From: "Northside, Roofing" <office@northside.example>
Subject: dkim=fail
To: ann@example.org

Authentication-Results: evil; dkim=fail
"""
FORWARDED = """\
Authentication-Results: spf=softfail (sender IP is 192.0.2.9)
 smtp.mailfrom=bounce.other.example; dkim=fail (body hash did not verify)
 header.d=northside.example;dmarc=fail (p=reject dis=none) action=oreject
 header.from=northside.example;compauth=none reason=451
From: office@northside.example
"""
MISALIGNED = """\
Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=x@bulk.example;
 dkim=pass header.d=bulk.example; dmarc=fail header.from=northside.example
From: Northside <office@northside.example>
"""


def states(explained: Explanation) -> dict[str, str]:
    return {each.name: each.state for each in explained.said}


def words(explained: Explanation) -> str:
    return " ".join(each.sentence for each in explained.said)


def test_a_proven_message_is_called_so_in_every_respect() -> None:
    found = explain(GOOD)
    assert set(states(found).values()) == {"fine"}
    assert list(states(found)) == ["spf", "dkim", "dmarc", "alignment", "way"]
    assert (found.receiver, found.from_domain) == ("mx.example.org", "northside.example")
    assert "2 servers in 3 seconds" in words(found)
    assert "proven by DKIM (northside.example) and SPF (northside.example)" in words(found)


def test_a_message_changed_on_the_way_says_what_happened() -> None:
    found = explain(FORWARDED)
    assert set(states(found).values()) == {"wrong"}
    assert "not named in the SPF record of bounce.other.example" in words(found)
    assert "somebody changed the message" in words(found)
    assert "asks receivers to refuse such mail" in words(found)


def test_proof_of_another_domain_does_not_count() -> None:
    found = explain(MISALIGNED)
    assert states(found)["spf"] == states(found)["dkim"] == "fine"
    assert states(found)["alignment"] == "wrong"
    assert "what is proven is bulk.example" in words(found)
    assert "sign with DKIM for northside.example" in words(found)


def test_results_further_down_are_not_believed() -> None:
    forged = "Authentication-Results: mx.example.org; dkim=none\nFrom: a@b.example\n"
    forged += "Authentication-Results: evil.example; dkim=pass header.d=b.example\n"
    assert states(explain(forged))["dkim"] == "not_found"


def test_lines_that_lost_their_indent_are_read_too() -> None:
    flat = "\n".join(line.strip() for line in GOOD.partition("\n\n")[0].splitlines())
    assert states(explain(flat)) == states(explain(GOOD))
    quoted = "\n".join(f"> {line}" for line in flat.splitlines())
    assert states(explain(quoted)) == states(explain(GOOD))


def test_arc_results_serve_when_there_are_no_others_and_received_spf_helps() -> None:
    arc = "ARC-Authentication-Results: i=2; mx.example.org; dkim=pass header.d=b.example\n"
    assert states(explain(f"{arc}From: a@b.example"))["dkim"] == "fine"
    spf = "Received-SPF: Pass (mx: ok) envelope-from=a@b.example;\nDKIM-Signature: d=b.example; s=x"
    found = explain(spf)
    assert states(found) == {"spf": "fine", "dkim": "could_not_check"}
    assert "signed by b.example" in words(found)


@pytest.mark.parametrize("text", ["", "hello", "\n\n\n", "\0\0", "Subject: x", "{}" * 50])
def test_what_is_no_header_of_a_received_message_says_nothing(text: str) -> None:
    assert explain(text).is_empty


@given(st.text(max_size=400), st.sampled_from([GOOD, FORWARDED, MISALIGNED]), st.integers(0, 900))
def test_no_text_and_no_part_of_one_makes_it_fail(noise: str, text: str, cut: int) -> None:
    for pasted in (noise, text[:cut] + noise + text[cut:], text[cut:], text[:cut]):
        for each in explain(pasted).said:
            assert each.sentence
            assert "{" not in each.sentence or "{" in pasted


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200_000,
        "Authentication-Results: " + "(" * 100_000,
        "Authentication-Results: x; " + "dkim=pass " * 20_000,
        "Authentication-Results: x; dkim=pass " + "a.b=" * 30_000,
        "A:\n" * 50_000,
        "Received: " + ";" * 60_000,
        "From: " + "<" * 60_000,
        "From: " + "(" * 60_000 + "a@b.example",
        'Authentication-Results: "' + "\\" * 60_000,
        " " * 300_000 + "x",
    ],
    ids=range(10),
)
def test_hostile_text_costs_little(text: str) -> None:
    began = time.thread_time()  # of the processor, for this alone: others may be busy
    explain(text)
    assert time.thread_time() - began < 1
