"""The one door for rich text and free text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostedpages.sanitize import clean_notes, clean_text

HOSTILE = [
    "<script>alert(1)</script>hi",
    "<style>*{}</style>hi",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<a href="//evil.example">x</a>',
    '<a href="\\\\evil.example">x</a>',
    "<p style='color:red'>x</p>",
    "<p onclick=alert(1)>x</p>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe src=//evil.example></iframe>",
    "<form action=//evil.example><input></form>",
    "<scr<script>ipt>alert(1)</script>",
]


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_notes_come_out_harmless(html: str) -> None:
    cleaned = clean_notes(html).lower()
    for bad in ("<script", "<style", "<img", "<svg", "<iframe", "<form", "<math", " on", " style="):
        assert bad not in cleaned
    for bad in ('href="javascript', 'href="data', 'href="//', 'href="\\'):
        assert bad not in cleaned


def test_the_safe_subset_is_kept() -> None:
    html = "<p><strong>Once</strong>, <em>never</em> <u>twice</u>.<br>Ok</p><ul><li>a</li></ul>"
    assert clean_notes(html) == html


def test_links_keep_http_mail_and_phone_and_tell_nothing_to_the_other_side() -> None:
    for address in ("https://example.com/a?b=1&amp;c=2", "mailto:a@example.com", "tel:+1555"):
        cleaned = clean_notes(f'<a href="{address}">x</a>')
        assert f'href="{address}"' in cleaned
        assert 'rel="noopener noreferrer nofollow"' in cleaned


@pytest.mark.parametrize("html", ["<b>" * 101, "x" * (64 * 1024 + 1)])
def test_what_would_take_long_to_clean_is_refused_in_words(html: str) -> None:
    with pytest.raises(ValueError, match="Please"):
        clean_notes(html)


@given(st.text(max_size=300))
def test_cleaning_notes_twice_changes_nothing_more(html: str) -> None:
    once = clean_notes(html)
    assert clean_notes(once) == once


@given(st.text(alphabet=st.characters(), max_size=200))
def test_clean_text_can_always_be_stored_and_sent(text: str) -> None:
    cleaned = clean_text(text)
    assert "\0" not in cleaned
    assert clean_text(cleaned) == cleaned
    cleaned.encode("utf-8")


def test_clean_text_keeps_lines_and_composes_letters() -> None:
    assert clean_text("a\r\nb\rc\td\x07\ud83d") == "a\nb\nc\td\N{REPLACEMENT CHARACTER}"
    assert clean_text("e\N{COMBINING ACUTE ACCENT}") == "é"
