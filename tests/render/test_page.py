"""The public page: what everybody gets, its headers, its languages of markup, its messages."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.models import Account, Page
from hostedpages.render.drawing import FormState, first_state
from hostedpages.render.page import Look, draw_form, draw_preview
from hostedpages.schema.form_schema import FormSchema
from tests import factories
from tests.factories import field
from tests.people import Client
from tests.visitor import Visitor

PAYLOADS = [
    "<script>window.__xss=1</script>",
    '"><img src=x onerror=window.__xss=1>',
    "' autofocus onfocus=window.__xss=1 x='",
    "</textarea><script>window.__xss=1</script>",
    "</title><script>1</script>",
    "<!--<script>",
    "`${1}`",
    "javascript:alert(1)",
    "{{ 7*7 }}",
    "\u2028</script>",
]


class Markup(HTMLParser):
    """What could run: script tags, images, and attributes that begin with on."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.handlers += [tag] * (tag in ("img", "iframe", "object"))
        self.handlers += [v for n, v in attrs if n == "href" and v and v.startswith("javascript")]


LONGEST = json.loads((Path(__file__).parents[1] / "documents/kitchen_sink.json").read_text())


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account()


def path_of(owner: Account, page: Page) -> str:
    return f"/p/{owner.slug}/{page.slug}"


def test_everybody_gets_the_same_bytes_and_no_cookie(client: Client, owner: Account) -> None:
    path = path_of(owner, factories.page(owner))
    plain = client.get(path)
    odd = client.get(path, headers={
        "X-Forwarded-Host": "evil.test", "Accept-Language": "de", "Cookie": "a=b",
        "User-Agent": "canary", "Referer": "https://canary.test/", "X-Original-URL": "/pages",
    })  # fmt: skip
    assert plain.data == odd.data
    assert "Set-Cookie" not in plain.headers
    assert plain.headers["Cache-Control"] == "public, max-age=0, must-revalidate"


def test_a_browser_that_has_the_page_is_told_so(client: Client, owner: Account) -> None:
    path = path_of(owner, factories.page(owner))
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_page_is_small_complete_and_without_foreign_hosts(
    client: Client, owner: Account
) -> None:
    page = factories.page(owner, draft=LONGEST)
    response = client.get(path_of(owner, page), headers={"Accept-Encoding": "gzip"})
    script = Path("hostedpages/static/public/form.js").read_bytes()
    assert len(response.data) + len(gzip.compress(script, 9)) <= 14_000
    assert len(gzip.compress(script, 9)) <= 4_096
    html = gzip.decompress(response.data).decode()
    assert re.findall(r'(?:src|srcset)="([^"]+)"', html) == re.findall(
        r'src="(/static/[0-9a-f]+/public/form\.js)"', html
    )
    assert 'style="' not in html
    assert '<link rel="stylesheet' not in html


def test_the_policy_names_the_style_and_refuses_the_rest(client: Client, owner: Account) -> None:
    page = factories.page(owner)
    policy = client.get(path_of(owner, page)).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='(;|$)", policy)
    assert "frame-ancestors 'self'" in policy
    assert "form-action 'self'" in policy
    framed = client.get(f"/f/{page.public_id}").headers
    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed


def test_a_listed_site_alone_may_frame_the_form(client: Client, owner: Account) -> None:
    page = factories.page(owner, options={"allowed_frame_origins": ["https://a.example.com"]})
    policy = client.get(f"/f/{page.public_id}").headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://a.example.com;" in policy + ";"


def test_a_new_version_is_seen_and_a_draft_is_not(client: Client, owner: Account) -> None:
    page = factories.page(owner)
    path = path_of(owner, page)
    with db.transaction():
        page.draft = {**page.draft, "title": "Another title"}
    assert "Another title" not in client.get(path).text
    factories.publish(page)
    assert "Another title" in client.get(path).text


def test_a_page_never_published_is_nowhere(client: Client, owner: Account) -> None:
    page = factories.page(owner, published=False)
    assert client.get(path_of(owner, page)).status_code == 404
    assert client.get(f"/f/{page.public_id}").status_code == 404
    assert client.get("/f/none").status_code == 404


@pytest.mark.parametrize("payload", PAYLOADS)
def test_labels_and_answers_are_text_wherever_they_stand(
    client: Client, owner: Account, payload: str
) -> None:
    elements = [
        {"kind": "header", "text": payload},
        field("a", payload, help=payload, placeholder=payload, required=True),
        field("b", "B", type="select", choices=[{"value": payload, "label": payload}]),
        field("c", "C", type="textarea"),
        {"kind": "separator", "title": payload, "next_label": payload[:60]},
        field("d", "D", required=True),
    ]
    page = factories.page(owner, *elements, options={"submit_label": payload[:60]})
    person = Visitor(client, f"/f/{page.public_id}?utm_source={payload}").open()
    person.fill(a=payload, c=payload, _landing=payload, _referrer=payload, _key=payload)
    response = person.press("submit" if "submit" in person.buttons else "next")
    for text in (response.text, client.get(path_of(owner, page)).text):
        reader = Markup()
        reader.feed(text)
        assert reader.scripts == 1
        assert reader.handlers == []
        assert ">49<" not in text


def test_notes_keep_only_safe_markup(owner: Account) -> None:
    schema = FormSchema.load(
        factories.document(
            {"kind": "notes", "html": '<p onclick="x">Hi <a href="javascript:x">a</a><svg/></p>'}
        )
    )
    html = draw_form(schema, first_state(schema), Look("/s.js"), "x").html
    assert "onclick" not in html
    assert "javascript:" not in html


def test_prefill_takes_listed_fields_only_and_never_personal_data(
    client: Client, owner: Account
) -> None:
    page = factories.page(
        owner,
        field("town", "Town"),
        field("mail", "Email", type="email", binds_to="email"),
        field("code", "Code", type="hidden"),
        field("score", "Score", type="hidden"),
        options={"prefill": ["town", "mail", "code"]},
    )
    person = Visitor(client, f"/f/{page.public_id}?town=%3Cb%3E&mail=a@b.co&code=7&score=9").open()
    assert person.values["town"] == ["<b>"]
    assert person.values["mail"] == [""]
    assert person.values["code"] == ["7"]
    assert person.values["score"] == [""]
    assert person.response is not None
    assert "no-store" in person.response.headers["Cache-Control"]


def test_thanks_says_the_reference_and_no_answer(client: Client, owner: Account) -> None:
    page = factories.page(owner, options={"success_message": "We call you."})
    person = Visitor(client, f"/f/{page.public_id}").open().fill(email="canary@example.org")
    location = person.press().headers["Location"]
    first, again = client.get(location), client.get(location)
    assert first.text == again.text
    assert "We call you." in first.text
    assert "Reference number" in first.text
    assert "canary" not in first.text
    assert "no-store" in first.headers["Cache-Control"]
    assert "Reference number" not in client.get(f"/f/{page.public_id}/thanks?r=x").text


BAD_REDIRECTS = ["return", "next", "redirect", "success_url", "to", "url", "_success_url"]


@pytest.mark.parametrize("name", BAD_REDIRECTS)
def test_only_the_saved_address_is_followed(client: Client, owner: Account, name: str) -> None:
    page = factories.page(owner, options={"success_url": "https://example.com/thanks"})
    person = Visitor(client, f"/f/{page.public_id}?{name}=https://evil.test").open()
    person.values[name] = ["https://evil.test"]
    response = person.fill(email="ann@example.org").press(headers={"Referer": "https://evil.test"})
    assert response.headers["Location"] == "https://example.com/thanks"


@pytest.mark.parametrize(
    "url",
    [
        "//evil.test", "/\\evil.test", "https:\\\\evil.test", "https:/evil.test", "https:evil.test",
        "\t//evil.test", "javascript:alert(1)", "data:text/html,x", "https://good@evil.test",
        "https://evil.test\\@good", "https://good.test:80:90", "http://example.com",
        "https://e\r\nSet-Cookie: a=b", "", "https://",
    ],
)  # fmt: skip
def test_a_bad_address_of_an_old_version_never_costs_a_stored_lead(
    client: Client, unit: Session, owner: Account, url: str, app: Flask
) -> None:
    page = factories.page(owner)
    person = Visitor(client, f"/f/{page.public_id}").open().fill(email="ann@example.org")
    version = app.extensions["hostedpages_public"].lives.version(page.live_version_id)
    object.__setattr__(version.schema.options, "success_url", url)
    response = person.press()
    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"/f/{page.public_id}/thanks")


def test_the_success_url_gets_the_result_only_when_the_page_says_so(
    client: Client, owner: Account
) -> None:
    page = factories.page(
        owner,
        options={"success_url": "https://example.com/ok?a=1#top", "add_result_to_url": True},
    )
    location = (
        Visitor(client, f"/f/{page.public_id}").open().fill(email="ann@example.org").press()
    ).headers["Location"]
    assert re.fullmatch(
        r"https://example\.com/ok\?a=1&status=success&submission=[\w-]{22}#top", location
    )


def test_the_preview_marks_every_element_and_takes_a_draft() -> None:
    schema = FormSchema.load(
        factories.document(
            {"kind": "header", "text": "Hi"},
            field("a", ""),
            {"kind": "line"},
            {"kind": "separator", "title": "Two"},
            field("b", "B", type="select"),
        )
    )
    drawn = draw_preview(schema, script_url="/x.js", color_scheme="dark", screen=1)
    assert sorted(map(int, re.findall(r'data-element="(\d+)"', drawn.html))) == [0, 1, 2, 3, 4]
    assert "prefers-color-scheme" not in drawn.html
    assert 'name="_token" value=""' in drawn.html


def test_a_page_of_200_elements_is_drawn() -> None:
    schema = FormSchema.load(
        factories.document(*(field(f"f{at}", f"Field {at}") for at in range(200)))
    )
    html = draw_form(schema, FormState(visible={"f0"}), Look("/s.js"), "x").html
    assert html.count("<input class=") == 200
