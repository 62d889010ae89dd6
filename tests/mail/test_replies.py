"""Answers of people: who, to which mail, and their own words."""

from pathlib import Path

import pytest

from hostedpages.mail import incoming, replies

MAILBOX = Path(__file__).parent.parent / "mailbox"
ID = "AbCdEfGhIjKlMnOpQrStUv"


@pytest.mark.parametrize(
    ("name", "address", "ids", "text"),
    [
        (
            "reply-gmail",
            "pat@gmail.example",
            (ID,),
            "Thursday is fine, but please come after 3\u202fpm.\n\nPat",
        ),
        (
            "reply-outlook",
            "pat@contoso.example",
            (ID,),
            "Can you call me first? The gate is closed.\n\nRen\u00e9e Miller",
        ),
        (
            "reply-apple-html-only",
            "pat@icloud.example",
            (ID,),
            "No thank you,\nwe chose somebody else.",
        ),
        (
            "reply-german-below-the-quote",
            "juergen@web.example",
            (ID,),
            "Donnerstag passt gut.",
        ),
        (
            "reply-new-message-same-person",
            "pat@gmail.example",
            (),
            "The code of the gate is 1234.",
        ),
        (
            "reply-quotes-a-notice",
            "pat@gmail.example",
            (ID,),
            "I got this from my own provider, is your address right?",
        ),
    ],
)
def test_an_answer_is_read(name: str, address: str, ids: tuple[str, ...], text: str) -> None:
    found = replies.read((MAILBOX / f"{name}.eml").read_bytes())

    assert found is not None
    assert (found.address, found.delivery_ids, found.text) == (address, ids, text)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes.\n\n-----Original Message-----\nFrom: a@b.c\nold", "Yes."),
        ("Yes.\n\nFrom: Ann <a@b.example>\nSent: Tuesday\nTo: me\n\nold", "Yes."),
        ("Oui.\n\nLe mar. 3 mars 2026 \u00e0 16:00, Ann a \u00e9crit :\n> vieux", "Oui."),
        ("> Is it blue?\nYes.\n> Is it big?\nNo.", "Yes.\nNo."),
        ("> only quoted", "> only quoted"),
        ("On Monday we wrote a book:\nit is good", "On Monday we wrote a book:\nit is good"),
        ("", ""),
    ],
)
def test_quotes_are_cut_and_own_words_kept(text: str, own: str) -> None:
    assert replies.own_text(text) == own


def test_several_senders_are_nobody() -> None:
    assert replies.read(b"From: a@b.example, c@d.example\n\nhello") is None


def test_html_is_read_as_people_see_it_however_it_is_written() -> None:
    html = (
        "<!DOCTYPE html><!-- <p>not this</p> --><style>p > a { color: red }</style>"
        "<P Class=x id='y'>1 &lt; 2 &amp;<br/>3 <b>bold</b> < 4</p>"
        "<blockquote>old <blockquote>older</blockquote></blockquote>end"
        "<div class='a gmail_quote'>quoted</div><div id=divRplyFwdMsg>below</div>more"
    )

    assert incoming.text_of_html(html) == "1 < 2 &\n3 bold < 4\nend"
