"""Merge tokens: one pass, a fixed grammar, and nothing that a value could do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostedpages.delivery import merge

VALUES = {"contact": {"first_name": "Ann", "last_name": ""}, "page": {"name": "Free quote"}}


def test_tokens_are_filled_in() -> None:
    assert merge.merge("Hi {{contact.first_name}}: {{ page.name }}", VALUES) == "Hi Ann: Free quote"


def test_an_empty_or_unknown_value_gives_its_fallback_or_nothing() -> None:
    assert merge.merge("Hi {{contact.last_name|there}}", VALUES) == "Hi there"
    assert merge.merge("Hi {{contact.last_name}}!", VALUES) == "Hi !"
    assert merge.merge("Hi {{contact.shoe_size|you}}", VALUES) == "Hi you"


@pytest.mark.parametrize(
    "value",
    [
        "{{account.smtp_password}}",
        "{{contact.first_name}}",
        "{{7*7}}",
        "{%for x in y%}",
        "${7*7}",
        "%(x)s",
        "{0.__globals__}",
        "{{contact.first_name|{{page.name}}}}",
    ],
)
def test_a_value_that_looks_like_a_token_stays_text(value: str) -> None:
    assert merge.merge("{{contact.x}}", {"contact": {"x": value}, **{}}) == value


@pytest.mark.parametrize(
    "template", ["{{7*7}}", "{{config}}", "{%if 1%}", "{{a.__class__}}", "{{ }}"]
)
def test_what_is_no_token_stays_as_it_stands(template: str) -> None:
    assert merge.merge(template, VALUES) == template


def test_values_are_escaped_for_html_and_made_one_line_for_headers() -> None:
    values = {"contact": {"x": "<b>\r\nBcc: a@b.test=?utf-8?q?x?="}}
    assert "&lt;b&gt;" in merge.merge("{{contact.x}}", values, channel="html")
    header = merge.merge("{{contact.x}}", values, channel="header")
    assert "\n" not in header
    assert "=?" not in header


def test_unknown_tokens_are_listed_once() -> None:
    template = "{{contact.first_name}} {{contact.shoe}} {{contact.shoe|x}} {{account.web_key}}"
    assert merge.unknown_tokens(template) == ["contact.shoe", "account.web_key"]


def test_no_token_stands_for_a_secret() -> None:
    assert not [each for each in merge.TOKENS if "key" in each or "password" in each]


def test_many_long_values_do_not_make_megabytes() -> None:
    values = {"contact": {"long": "x" * 100_000}}
    merged = merge.merge("{{contact.long}}" * 1000, values)
    assert len(merged) <= merge.MAX_RESULT_CHARACTERS


@pytest.mark.parametrize(
    "value",
    ["https://evil.test/a", "evil.test", "www.evil.test", "<a href=//evil.test>", "a@evil.test"],
)
def test_a_visitors_link_is_no_link_in_mail_to_visitors(value: str) -> None:
    safe = merge.without_links(value)
    assert "://" not in safe
    assert "evil.test" not in safe
    assert "@" not in safe


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("J.R. Smith", "O’Neil", "Dr. Müller", "Ann-Marie"):
        assert merge.without_links(name) == name


@given(st.text(), st.text())
def test_merging_never_raises_and_never_reads_a_value_twice(template: str, value: str) -> None:
    marked = f"\u0001{value}\u0001".replace("{", "")
    merged = merge.merge(template + "{{contact.x}}", {"contact": {"x": marked}})
    assert merged.endswith(marked.strip()[-5:])
