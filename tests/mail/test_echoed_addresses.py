"""What stands in an address that a server repeats is never taken for the server's own words."""

import re
from urllib.parse import quote

import pytest

from hostedpages.mail.echoes import without_addresses, without_names
from hostedpages.mail.errors import MAX_REPLY_CHARACTERS, RECIPIENT, SENDER, Reply, from_reply
from tests.mail.smtp_answers import MESSAGE, TABLE

OFFICE = "office@sender.example"
PLAIN = "ann@example.org"
TELLING = [
    "quota@nosuch.example",
    "ann@rate.example",
    "speed-limit@x.example",
    "sendas@x.example",
    "rcpthosts@x.example",
    "QUOTA@NOSUCH.EXAMPLE",
    "exceed+threshold@limit.example",
    "5.4.5@x.example",
    "5.7.8@x.example",
    "mailbox.full@greylist.example",
    "ann@quota",
    "ann@xn--limit-kva.example",
]


def with_address(text: str, address: str) -> list[str]:
    """The answer as servers write it that repeat the address, in one form or another."""
    code, words = re.fullmatch(r"([245]\.\d+\.\d+ ?|)(.*)", text).groups()
    local, domain = address.split("@")
    return [
        f"{code}<{address}>: {words}",
        f"{code}<{address.upper()}>: {words}",
        f"{code}{address.lower()}... {words}",
        f'{code}"{local}"@{domain}: {words}',
        f"{text} (RCPT TO:<{address}>)",
        f"{text}, see https://help.example/why?id={quote(address)}&s=rcpt",
        f"{text} [{local}%{domain}@relay.example]",
        f"{text} SRS0=hash=tt={domain}={local}@relay.example",
        f"{text} (host mx1.{domain})",
        f"{text}; user '{local}' at {domain}",
    ]


def judged(code: int, text: str, stage: str, address: str) -> tuple[object, ...]:
    error = from_reply(Reply(code, text), stage, sender=OFFICE, recipient=address)
    assert text in error.message
    return (error.kind, error.server, error.held, error.permanent, error.suppresses, error.warns)


def cases() -> list[tuple[int, str, str, str]]:
    """Each answer with each address whose name is not a word of that answer besides."""
    return [
        (code, text, stage, address)
        for code, text, stage, _ in TABLE
        for address in TELLING
        if not re.search(rf"(?<!\w){re.escape(address.split('@')[0])}(?!\w)", text, re.I)
    ]


@pytest.mark.parametrize("kind", sorted({kind for *_, kind in TABLE}))
def test_an_answer_means_the_same_whatever_address_it_repeats(kind: str) -> None:
    rows = {(code, text): expected for code, text, _, expected in TABLE}
    differing = [
        (told, address)
        for code, text, stage, address in cases()
        if rows[code, text] == kind
        for told, plain in zip(with_address(text, address), with_address(text, PLAIN), strict=True)
        if judged(code, told, stage, address) != judged(code, plain, stage, PLAIN)
    ]

    assert differing == []


@pytest.mark.parametrize(
    ("code", "text", "address", "kind"),
    [
        (
            450,
            "4.1.2 <{}>: Recipient address rejected: Domain not found",
            "quota@a.example",
            "later",
        ),
        (450, "4.1.1 <{}>: unverified address", "speed-limit@a.example", "later"),
        (550, "Verification failed for <{}> Unrouteable address", "sendas@a.example", "refused"),
        (550, "5.4.4 <{}>: Host not found", "ann@rate.example", "refused"),
        (554, "5.7.1 <{}>: Access denied", "quota@a.example", "policy"),
        (550, "Verification failed for <{}>", "5.4.5@a.example", "refused"),
        (550, "no mailbox here called quota", "quota@a.example", "refused"),
        (550, '"Quota" is not known', "quota+forms@a.example", "refused"),
        (450, "Host limit.a.example not found", "ann@limit.a.example", "later"),
        (450, "mx.m\u00fcnchen-limit.example is silent", "a@xn--mnchen-limit-dlb.example", "later"),
        (450, "xn--mnchen-limit-dlb.example is silent", "a@m\u00fcnchen-limit.example", "later"),
    ],
)
def test_a_name_chosen_by_a_visitor_is_a_fault_of_nobody_else(
    code: int, text: str, address: str, kind: str
) -> None:
    for stage in (RECIPIENT, MESSAGE):
        reply = Reply(code, text.format(address))
        error = from_reply(reply, stage, sender=OFFICE, recipient=address)

        assert (error.kind, error.scope) == (kind, "row")
        assert str(reply) in error.message


def test_a_word_that_may_be_the_recipients_name_stops_nobody_until_another_hears_it() -> None:
    full = Reply(452, "4.3.1 Hourly sending limit reached")

    assert from_reply(full, RECIPIENT, recipient="limit@a.example").kind == "later"
    assert from_reply(full, RECIPIENT, recipient=PLAIN).kind == "quota"


@pytest.mark.parametrize(
    ("code", "text", "address", "kind"),
    [
        (550, "Message size exceeds limit", "size@a.example", "too_big"),
        (450, "4.7.0 Greylisted", "greylisted@a.example", "later"),
        (554, "5.7.1 SPF: sender not permitted", "spf@a.example", "policy"),
        (452, "Mailbox quota exceeded", "mailbox@a.example", "mailbox_full"),
    ],
)
def test_a_name_takes_no_word_away_that_excuses_the_server(
    code: int, text: str, address: str, kind: str
) -> None:
    assert from_reply(Reply(code, text), RECIPIENT, recipient=address).kind == kind


def test_the_senders_own_address_is_no_word_of_the_server_either() -> None:
    text = "4.1.8 <quota@rate.example>: Sender address rejected: rate.example not found"
    error = from_reply(Reply(450, text), SENDER, sender="quota@rate.example", recipient=PLAIN)

    assert (error.kind, error.scope) == ("later", "row")


def test_a_refusal_of_an_address_named_sender_is_still_one_of_the_sender() -> None:
    reply = Reply(550, "5.7.1 Sender address rejected")

    assert from_reply(reply, RECIPIENT, sender="sender@a.example").kind == "sender_refused"


def test_an_address_that_was_cut_with_a_long_answer_is_no_word() -> None:
    text = f"{'x' * (MAX_REPLY_CHARACTERS - 8)} <my-quota"[:MAX_REPLY_CHARACTERS]
    error = from_reply(Reply(450, text), RECIPIENT, recipient="my-quota-address@a.example")

    assert error.kind == "later"


def test_the_words_beside_an_address_stay() -> None:
    assert without_addresses("550 <a@b.c>: no") == "550 <*>: no"
    assert without_names("ann, Ann and annual", "ann@b.example") == "*, * and annual"
    assert without_addresses("mx.b.example not ab.example", "a@b.example") == "* not ab.example"
    assert without_names("nothing", "") == "nothing"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ["a" * 10**6, "a." * 10**6, '"' * 10**6, "@" * 10**6])
def test_a_text_that_is_made_to_be_costly_takes_a_moment(text: str) -> None:
    """With a pattern that looks back, one such text takes minutes: the test would not end."""
    without_names(without_addresses(text, "a@a.example"), "a@a.example")
