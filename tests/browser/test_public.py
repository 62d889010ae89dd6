"""The public page in a real browser: better with its script, the same without."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages.models import Account, PageDay, Submission
from hostedpages.models import Page as HostedPage
from hostedpages.render import known_contact
from hostedpages.tokens import Tokens
from tests import factories
from tests.browser.conftest import Site
from tests.factories import field
from tests.servers import OtherSite

NewContext = Callable[..., BrowserContext]
SCRIPT = Path("hostedpages/static/public/form.js")
VECTORS = json.loads((Path(__file__).parents[1] / "documents/show_if_vectors.json").read_text())
KINDS = [{"value": "house", "label": "A house"}, {"value": "flat", "label": "A flat"}]
IS_HOUSE = {"all": [{"field": "kind", "operator": "equals", "value": "house"}]}
WORK = [{"value": "roof", "label": "Roof"}, {"value": "sun", "label": "Solar"}]
PATIENT = 1600  # milliseconds: nobody types faster


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account()


@pytest.fixture
def form(owner: Account) -> HostedPage:
    return factories.page(
        owner,
        field("name", "Your name", required=True, binds_to="full_name"),
        field("email", "Email", type="email", required=True, binds_to="email"),
        {"kind": "separator", "title": "Your home"},
        field("kind", "What do you own?", type="radio", required=True, choices=KINDS),
        field("floors", "How many floors?", type="number", show_if=IS_HOUSE),
        field("work", "What should we do?", type="multi_select", choices=WORK),
        field("day", "Best day", type="date"),
        {"kind": "separator", "title": "The end"},
        field("words", "Anything else?", type="textarea"),
        field("agree", "You may text me", type="consent", binds_to="sms_ok"),
        options={"submit_label": "Send it"},
    )


def submissions(unit: Session, form: HostedPage) -> list[Submission]:
    unit.rollback()
    query = select(Submission).where(Submission.page_id == form.id).order_by(Submission.id)
    return list(unit.scalars(query))


def walk(page: Page, *, has_script: bool) -> None:
    """The whole form, as a person fills it in."""
    page.get_by_label("Your name").fill("Ann Lee")
    page.get_by_label("Email").fill("ann@example.org")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("A house").check()
    if not has_script:
        page.get_by_role("button", name="Next").click()
    page.get_by_label("How many floors?").fill("2")
    page.get_by_label("Solar").check()
    page.get_by_label("Best day").fill("2026-07-01")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Anything else?").fill("One\nTwo")
    page.get_by_label("You may text me").check()
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", name="Your answers have arrived")).to_be_visible()


def test_with_and_without_a_script_the_same_is_stored(
    new_context: NewContext, unit: Session, form: HostedPage
) -> None:
    for has_script in (True, False):
        page = new_context(java_script_enabled=has_script).new_page()
        page.goto(f"/f/{form.public_id}")
        walk(page, has_script=has_script)
    with_script, without = submissions(unit, form)
    assert with_script.answers == without.answers
    assert without.answers["floors"] == "2"
    assert with_script.revises_id is without.revises_id is None


def test_screens_need_no_round_trip_and_two_requests_are_enough(
    page: Page, form: HostedPage, unit: Session
) -> None:
    requests: list[str] = []
    page.on("request", lambda each: requests.append(f"{each.method} {each.resource_type}"))
    page.goto(f"/f/{form.public_id}")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Please fill in Email.")).to_be_visible()
    expect(page.get_by_label("Your name")).to_be_focused()
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Email").fill("ann@example.org")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Your home")).to_be_focused()
    expect(page.get_by_text("Step 2 of 3")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Your name")).to_have_value("Ann")
    loads = [each for each in requests if not each.endswith(("ping", "beacon"))]
    assert loads == ["GET document", "GET script"]


def test_a_question_appears_and_goes_with_the_answer_before_it(
    page: Page, form: HostedPage
) -> None:
    page.goto(f"/f/{form.public_id}")
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Email").fill("ann@example.org")
    page.get_by_role("button", name="Next").click()
    floors = page.get_by_label("How many floors?")
    expect(floors).to_be_hidden()
    page.get_by_label("A house").check()
    expect(floors).to_be_visible()
    page.get_by_label("A flat").check()
    expect(floors).to_be_hidden()


def test_errors_of_the_server_come_with_a_summary_that_has_the_focus(
    page: Page, owner: Account, unit: Session
) -> None:
    page.context.expected_errors = ["422"]
    made = factories.page(owner, field("phone", "Phone", type="phone"), field("name", "Name"))
    page.goto(f"/p/{owner.slug}/{made.slug}")
    page.get_by_label("Phone").fill("12")
    page.get_by_label("Name").fill("Ann")
    page.get_by_role("button", name="Submit").click()
    summary = page.locator("#summary")
    expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    expect(page.get_by_label("Phone")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value("Ann")


def test_an_impatient_visitor_sends_once(page: Page, owner: Account, unit: Session) -> None:
    made = factories.page(owner)
    page.goto(f"/f/{made.public_id}")
    page.get_by_label("Email").fill("ann@example.org")
    page.wait_for_timeout(PATIENT)
    page.route("**/f/*", lambda route: route.continue_())
    button = page.get_by_role("button", name="Submit")
    button.dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", name="Your answers have arrived")).to_be_visible()
    [stored] = submissions(unit, made)
    assert len(stored.nonce) == 32
    assert stored.context["elapsed_ms"] >= PATIENT


def test_back_and_another_answer_is_a_revision(page: Page, owner: Account, unit: Session) -> None:
    made = factories.page(owner)
    page.goto(f"/f/{made.public_id}")
    page.get_by_label("Email").fill("ann@example.org")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Your answers have arrived")).to_be_visible()
    page.go_back()
    page.get_by_label("First name").fill("Ann")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Your answers have arrived")).to_be_visible()
    first, second = submissions(unit, made)
    assert second.revises_id == first.id


def test_the_key_of_a_personal_link_leaves_the_address_bar(
    page: Page, owner: Account, unit: Session, site: Site
) -> None:
    made = factories.page(owner, field("town", "Town", binds_to="city"))
    person = factories.contact(owner, city="Provo")
    link = factories.contact_link(made, person)
    token = known_contact.sign(link, made.public_id, Tokens(site.settings.secret_keys))
    page.goto(f"/p/{owner.slug}/{made.slug}?utm_source=mail&c={token}")
    expect(page.get_by_label("Town")).to_have_value("Provo")
    assert page.url.endswith("?utm_source=mail")
    page.get_by_label("Town").fill("Ogden")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Your answers have arrived")).to_be_visible()
    [stored] = submissions(unit, made)
    assert stored.contact_id == person.id
    assert stored.context["utm"] == {"utm_source": "mail"}
    assert token not in json.dumps(stored.context)


def test_views_and_starts_are_counted(page: Page, owner: Account, unit: Session) -> None:
    made = factories.page(owner)
    page.goto(f"/f/{made.public_id}")
    page.get_by_label("Email").fill("a")
    counted = select(func.sum(PageDay.views), func.sum(PageDay.starts)).where(
        PageDay.page_id == made.id
    )
    until = time.monotonic() + 60
    while (found := tuple(unit.execute(counted).one())) != (1, 1):
        assert time.monotonic() < until, f"counted {found}"
        page.wait_for_timeout(100)
        unit.rollback()


def test_in_a_frame_of_another_site_it_grows_and_needs_no_cookie(
    page: Page, form: HostedPage, unit: Session, other_origin: OtherSite, site: Site
) -> None:
    other_origin.put(
        "index.html",
        "<!doctype html><title>Client</title><h1>Client</h1><script>"
        "window.heard=[];addEventListener('message',e=>heard.push(e.data))</script>"
        f'<script src="{site.url}/embed.js" data-form="{form.public_id}" data-title="Ask">'
        "</script>",
    )
    page.goto(f"{other_origin.url}/index.html?utm_source=news&utm_term=roof&other=1")
    frame = page.frame_locator("iframe[title=Ask]")
    frame.get_by_label("Your name").fill("Ann Lee")
    frame.get_by_label("Email").fill("ann@example.org")
    # Before the first word from inside it has a height of its own.
    page.wait_for_function("heard.some((each) => each && each.type === 'resize')")
    before = page.locator("iframe").bounding_box()
    frame.get_by_role("button", name="Next").click()
    expect(frame.get_by_role("heading", name="Your home")).to_be_visible()
    page.wait_for_function(
        "old => document.querySelector('iframe').getBoundingClientRect().height > old + 50",
        arg=before["height"] if before else 0,
    )
    for message in ("{type:'resize',height:'9'}", "{type:'resize',height:1e9}", "null", "'x'"):
        page.evaluate(f"() => postMessage({message}, '*')")
    frame.get_by_label("A flat").check()
    frame.get_by_role("button", name="Next").click()
    frame.get_by_role("button", name="Send it").click()
    expect(frame.get_by_role("heading", name="Your answers have arrived")).to_be_visible()
    [stored] = submissions(unit, form)
    assert stored.context["utm"] == {"utm_source": "news", "utm_term": "roof"}
    assert stored.context["landing"] == f"{other_origin.url}/index.html"
    assert page.context.cookies() == []
    heard = [each for each in page.evaluate("heard") if isinstance(each, dict)]
    assert all(set(each) == {"type", "height"} for each in heard)
    assert page.locator("iframe").count() == 1


def test_a_plain_frame_works_and_a_hostile_attribute_makes_none(
    page: Page, form: HostedPage, other_origin: OtherSite, site: Site
) -> None:
    other_origin.put(
        "index.html",
        "<!doctype html><title>Client</title>"
        f'<iframe src="{site.url}/f/{form.public_id}" title="Plain"></iframe>'
        f'<script src="{site.url}/embed.js" data-form="x&quot; onload=&quot;window.__xss=1">'
        "</script>",
    )
    page.goto(f"{other_origin.url}/index.html")
    expect(page.frame_locator("iframe").get_by_label("Your name")).to_be_visible()
    page.wait_for_function("document.querySelector('iframe').offsetHeight > 200")
    assert page.locator("iframe").count() == 1
    assert page.evaluate("window.__xss") is None


def test_a_site_that_is_not_listed_cannot_frame_the_form(
    page: Page, owner: Account, other_origin: OtherSite, site: Site
) -> None:
    page.context.expected_errors = ["frame-ancestors", "ERR_BLOCKED"]
    made = factories.page(owner, options={"allowed_frame_origins": ["https://shop.example.com"]})
    other_origin.put(
        "index.html", f'<title>C</title><iframe src="{site.url}/f/{made.public_id}"></iframe>'
    )
    page.goto(f"{other_origin.url}/index.html")
    expect(page.frame_locator("iframe").get_by_label("Email")).to_have_count(0)


def test_the_success_page_opens_at_the_top_when_the_page_says_so(
    page: Page, owner: Account, other_origin: OtherSite, site: Site
) -> None:
    other_origin.put("thanks.html", "<title>Thanks</title>Thanks from the client")
    goal = other_origin.url.replace("https", "http") + "/thanks.html"
    made = factories.page(owner, options={"success_url": goal, "redirect_top": True})
    other_origin.put(
        "index.html", f'<title>C</title><iframe src="{site.url}/f/{made.public_id}"></iframe>'
    )
    page.goto(f"{other_origin.url}/index.html")
    frame = page.frame_locator("iframe")
    frame.get_by_label("Email").fill("ann@example.org")
    frame.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/thanks.html")


def test_fields_named_like_parts_of_a_form_do_not_break_the_script(
    page: Page, owner: Account, unit: Session
) -> None:
    keys = ["submit", "action", "hidden", "constructor", "id", "name", "elements", "c"]
    made = factories.page(owner, *(field(key, f"Field {key}", required=True) for key in keys))
    page.goto(f"/f/{made.public_id}")
    for key in keys:
        page.locator(f"#f-{key}").fill(f"answer {key}")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Your answers have arrived")).to_be_visible()
    assert submissions(unit, made)[0].answers == {key: f"answer {key}" for key in keys}


def test_the_script_holds_the_same_rules_as_the_server(browser: Browser) -> None:
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<body></body>", content_type="text/html"))
    page.goto("http://127.0.0.1:9/")
    source = SCRIPT.read_text()
    rules = source[source.index("  const word =") : source.index("  const decide =")]
    page.evaluate("source => { window.holds = new Function(source + ';return holds')() }", rules)
    wrong = []
    for case in VECTORS["comparisons"]:
        value = case["value"]
        filled = value if isinstance(value, list) else [value]
        given = [] if value in (None, "", [], False) else filled
        found = page.evaluate(
            "([c, o, g, e]) => window.holds(c, o, g, e)",
            [case["compare"], case["operator"], given, case["expected"]],
        )
        if found != case["holds"]:
            wrong.append(case)
    page.close()
    assert wrong == []
