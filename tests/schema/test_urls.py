"""Web addresses: only those that Python and every browser read the same way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostedpages.schema.urls import https_url, origin, visitor_url
from tests.schema.samples import refusal

REFUSED = [
    "//evil.test", "/\\evil.test", "https:\\\\evil.test", "https:/evil.test", "https:evil.test",
    "\t//evil.test", "ht\ntps://evil.test", "javascript:alert(1)", "data:text/html,x", "",
    "https://good@evil.test", "https://evil.test\\@good.test", "https://good.test:80:90",
    "https://good。test", "https://good．test", "https://", "https:///path", "https://:443/",
    "https://a b.test", "https://a.test/\r\nX: y", "https://a.test:0", "https://a.test:65536",
    "https://a.test:", "https://a%2etest", "https://[::1]/", "https://-a.test", "https://a..test",
    "https://a.test.", "https://2130706433/", "https://127.1/", "https://0x7f.1/", "https://1.2.3.256",
    "ftp://a.test", "http://a.test", "mailto:a@b.test", "https://a\u200b.test", "https://xn--a.test",
    "https://a.test/\u2028", "https://a.test/" + "x" * 2_000, "www.example.com", "https://a<b.test",
    "https://{{company}}.test/", " https://a.test", "https://user:pw@a.test", "https://0177.0.0.1/",
]  # fmt: skip

ACCEPTED = [
    ("https://www.example.com/thanks", "https://www.example.com/thanks"),
    ("HTTPS://WWW.Example.COM", "https://www.example.com"),
    ("https://www.example.com:443/", "https://www.example.com/"),
    ("https://www.example.com:8443/a", "https://www.example.com:8443/a"),
    ("https://bücher.example/ü?q=ä#ö", "https://xn--bcher-kva.example/%C3%BC?q=%C3%A4#%C3%B6"),
    ("https://a.test?x=1", "https://a.test?x=1"),
    ('https://a.test/"<>', "https://a.test/%22%3C%3E"),
    ("https://a.test/a%20b", "https://a.test/a%20b"),
    ("https://a.test//evil.test", "https://a.test//evil.test"),
    ("http://localhost:8000/x", "http://localhost:8000/x"),
    ("http://127.0.0.1/x", "http://127.0.0.1/x"),
    ("https://8.8.8.8/", "https://8.8.8.8/"),
]


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_an_address_that_could_lead_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|host|port"):
        https_url(text)


@pytest.mark.parametrize(("text", "rebuilt"), ACCEPTED)
def test_an_address_is_stored_rebuilt_from_its_parts(text: str, rebuilt: str) -> None:
    assert https_url(text) == rebuilt
    assert https_url(rebuilt) == rebuilt


@pytest.mark.parametrize(
    "text",
    [
        "https://a.test; script-src *", "https://a.test\r\nX: y", "*", "https://*", "'self' data:",
        "http://a.test", "https://a.test/path", "https://a.test?x", "https://a.test,b.test", "null",
        "https://*.a.test", "https:", "data:",
    ],
)  # fmt: skip
def test_an_origin_cannot_add_to_the_header_it_stands_in(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        origin(text)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin("https://WWW.example.com/") == "https://www.example.com"
    assert origin("https://www.example.com:443") == "https://www.example.com"
    assert origin("http://localhost:3000") == "http://localhost:3000"


def test_a_visitor_may_leave_the_scheme_out() -> None:
    assert visitor_url("Example.com/x") == "https://example.com/x"
    assert visitor_url("http://example.com") == "http://example.com"


@given(st.text(max_size=80) | st.text(max_size=40).map("https://{}".format))
def test_whatever_is_typed_is_refused_or_stays_the_same_when_read_again(text: str) -> None:
    for read in (https_url, origin, visitor_url):
        if not refusal(read, text):
            address = read(text)
            assert read(address) == address
            assert address.isascii()
            assert address.isprintable()
            assert " " not in address
