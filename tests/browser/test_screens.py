"""Every screen on a phone and on a desktop, light and dark: axe finds nothing, nothing is cut off.

With HOSTEDPAGES_SCREENSHOTS set to a folder, a picture of each is left there to look at.
"""

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect
from sqlalchemy.orm import Session

from hostedpages.accounts import service
from tests import factories
from tests.browser import northside as rows
from tests.browser import returned_mail, senders_of_northside
from tests.browser.conftest import NewContext, Site, follow, sign_in
from tests.browser.northside import Northside
from tests.mail.test_received import FORWARDED
from tests.scripted_smtp import scripted_smtp
from tests.webhook_sink import webhook_sink

DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
SIZES = {"1280": DESKTOP, "390": PHONE}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# The layout hangs on the size and the colors on the scheme: two runs see all four.
SEEN_BY_AXE = {("1280", "light"), ("390", "dark")}

Look = Callable[..., None]


@pytest.fixture
def northside(unit: Session) -> Northside:
    return rows.made()


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    return new_context()


@pytest.fixture
def look(axe: Callable[[Page], None], screenshot: Callable[..., None]) -> Look:
    """`look(page, "pages")`: pictures of each size and scheme, axe for both of them."""

    def looked(page: Page, name: str, *, full_page: bool = True) -> None:
        for width, size in SIZES.items():
            page.set_viewport_size(size)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                screenshot(page, f"{name}-{width}-{scheme}", full_page=full_page)
                if (width, scheme) in SEEN_BY_AXE:
                    axe(page)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name}: {wide} px wider than a screen of {width}"
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light")

    return looked


def fill_in(page: Page) -> None:
    page.get_by_label("First name").fill("Ann")
    page.get_by_label("Last name").fill("Lee")
    page.get_by_label("Email").fill("ann@example.com")


def test_the_public_page(context: BrowserContext, northside: Northside, look: Look) -> None:
    address = f"/p/{northside.account.slug}"
    page = context.new_page()
    page.goto(f"{address}/{northside.page.slug}")
    look(page, "public-plain")
    page.get_by_role("button").first.click()
    expect(page.get_by_label("First name")).to_be_focused()
    look(page, "public-hints")
    page.get_by_label("Metal").check()
    look(page, "public-show-if")
    fill_in(page)
    page.get_by_role("button").first.click()
    page.wait_for_url("**/thanks*")
    look(page, "public-thanks")

    page.goto(f"{address}/{northside.walk.slug}")
    fill_in(page)
    page.get_by_role("button", name="Next").click()
    look(page, "public-second-screen")

    context.expected_errors.append("410")
    page.goto(f"{address}/{northside.closed.slug}")
    look(page, "public-closed")


def test_the_public_page_with_errors_found_by_the_server(
    new_context: NewContext, northside: Northside, look: Look
) -> None:
    context = new_context(java_script_enabled=False)
    context.expected_errors.append("422")
    page = context.new_page()
    page.goto(f"/f/{northside.page.public_id}")
    page.get_by_label("Email").fill("ann@nowhere")
    page.get_by_label("Budget").fill("a lot")
    page.get_by_role("button").first.click()
    expect(page.locator("#summary")).to_be_visible()
    # axe needs scripts: the same page again where they run.
    html = page.content()
    other = new_context()
    other.expected_errors.append("422")
    shown = other.new_page()
    shown.route("**/f/*", lambda route: route.fulfill(body=html, content_type="text/html"))
    shown.goto(f"/f/{northside.page.public_id}")
    look(shown, "public-errors")


def test_the_way_in(context: BrowserContext, northside: Northside, look: Look) -> None:
    page = context.new_page()
    page.goto("/sign-in")
    look(page, "sign-in")
    page.goto("/sign-in/link")
    look(page, "sign-in-link-request")
    page.goto("/reset")
    look(page, "reset")
    page.goto(service.one_time_link(northside.newcomer))
    look(page, "sign-in-link")
    page.get_by_role("button").first.click()
    page.wait_for_url("**/welcome")
    look(page, "welcome")
    page.goto("/pages")
    look(page, "pages-empty")
    page.goto("/leads")
    look(page, "leads-empty")
    page.goto("/plans")
    look(page, "plans-empty")
    page.goto("/deliveries")
    look(page, "deliveries-empty")


def test_the_workspace_of_a_page(context: BrowserContext, northside: Northside, look: Look) -> None:
    page = sign_in(context.new_page(), northside.owner)
    home = f"/pages/{northside.page.public_id}"
    page.goto(f"{home}/design")
    page.wait_for_selector("#designer[data-ready]")
    page.wait_for_selector(".designer-stage.is-ready")
    page.locator(".row-name").nth(2).click()
    look(page, "designer", full_page=False)
    page.goto(f"{home}/options")
    look(page, "options")
    page.goto(f"{home}/share")
    look(page, "share")
    page.goto(f"{home}/results")
    look(page, "results")
    page.get_by_role("link", name="José Miguel").first.click()
    expect(page.locator("#panel-title")).to_be_visible()
    look(page, "results-panel", full_page=False)
    page.goto(f"{home}/results?show=quarantine")
    look(page, "results-quarantine")
    page.goto(f"{home}/versions")
    look(page, "versions")
    page.goto(f"/pages/{northside.draft.public_id}/results")
    look(page, "results-empty")
    page.goto(f"/pages/{northside.draft.public_id}/publish")
    look(page, "publish")


def test_lists(context: BrowserContext, northside: Northside, look: Look) -> None:
    page = sign_in(context.new_page(), northside.owner)
    for address, name in (
        ("/pages", "pages"),
        ("/pages/new", "gallery"),
        ("/leads", "leads"),
        (f"/leads/{northside.lead.public_id}", "lead"),
        ("/plans", "plans"),
        (f"/plans/{northside.plan.public_id}", "plan"),
        (f"/plans/{northside.plan.public_id}/people", "plan-people"),
        (f"/plans/{northside.plan.public_id}/rehearse", "plan-rehearsal"),
        ("/deliveries", "deliveries"),
        (f"/deliveries/{northside.failed.public_id}", "delivery"),
    ):
        page.goto(address)
        look(page, name)


def test_settings(context: BrowserContext, northside: Northside, look: Look) -> None:
    page = sign_in(context.new_page(), northside.owner)
    for name in ("account", "users", "users/invite", "devices", "sources", "sources/new"):
        page.goto(f"/settings/{name}")
        look(page, f"settings-{name.replace('/', '-')}")


def test_alarms(context: BrowserContext, northside: Northside, look: Look) -> None:
    context.expected_errors.append("422")
    page = sign_in(context.new_page(), northside.owner)
    page.goto("/settings/alarms")
    look(page, "alarms-empty")
    page.get_by_label("Addresses").fill("boss")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("valid email address")).to_be_visible()
    look(page, "alarms-error")
    with webhook_sink() as sink:
        page.get_by_label("Addresses").fill("boss@example.org")
        page.get_by_label("Webhook").fill(sink.url)
        follow(page, page.get_by_role("button", name="Save"))
        look(page, "alarms-secret")
        page.get_by_role("link", name="Done").click()
        page.get_by_role("button", name="Send a test alarm").click()
        expect(page.get_by_text("Arrived at their server", exact=True)).to_be_visible()
        expect(page.get_by_text("Written to a folder", exact=True)).to_be_visible()
        # Beside it an alarm may open: something of this account needs a person.
        assert any(b"alarm.test" in posted.body for posted in sink.posted)
    look(page, "alarms-test")
    rows.alarms(northside)
    page.goto("/settings/alarms")
    look(page, "alarms")
    page.get_by_text("over in the last 7 days").click()
    look(page, "alarms-over")


def test_domains(context: BrowserContext, northside: Northside, look: Look, site: Site) -> None:
    page = sign_in(context.new_page(), northside.owner)
    context.expected_errors.append("422")
    page.goto("/settings/domains")
    look(page, "domains-empty")
    page.goto("/settings/domains/new")
    look(page, "domains-new")
    page.get_by_label("Domain, or the address").fill("printer.local")
    follow(page, page.get_by_role("button", name="Add"))
    look(page, "domains-new-error")
    for name in ("fine", "quarantine", "many", "quoted-key"):
        factories.sending_domain(northside.account, name=f"{name}.test", settings=site.settings)
    for name in ("fine", "quarantine", "quoted-key"):
        page.goto("/settings/domains")
        follow(page, page.get_by_role("link", name=f"{name}.test"))
        look(page, f"domain-{name}-new")
        page.get_by_role("button", name="Check now").click()
        expect(page.get_by_text("Last checked")).to_be_visible()
        look(page, f"domain-{name}")
    page.get_by_role("button", name="Prepare a new key").click()
    expect(page.get_by_text("Drop the next key")).to_be_visible()
    look(page, "domain-next-key")
    follow(page, page.get_by_role("link", name="Remove this domain"))
    look(page, "domain-remove")
    page.goto("/settings/domains")
    look(page, "domains")
    page.goto("/settings/domains/headers")
    look(page, "domains-headers")
    page.get_by_label("Headers of the message").fill(FORWARDED)
    follow(page, page.get_by_role("button", name="Explain"))
    look(page, "domains-headers-explained")


def test_stopped_addresses(context: BrowserContext, northside: Northside, look: Look) -> None:
    page = sign_in(context.new_page(), northside.owner)
    page.goto("/settings/addresses")
    look(page, "addresses-empty")
    stopped = returned_mail.what_came_back(northside)
    for address, name in (
        ("/settings/addresses", "addresses"),
        ("/settings/addresses?q=nobody", "addresses-nothing"),
        ("/settings/addresses/new", "addresses-new"),
        (f"/settings/addresses/{stopped.public_id}", "address"),
        (f"/leads/{northside.lead.public_id}", "lead-stopped"),
    ):
        page.goto(address)
        look(page, name)
    page.goto(f"/settings/addresses/{stopped.public_id}")
    follow(page, page.get_by_role("link", name="Thank you"))
    look(page, "delivery-came-back")
    context.expected_errors.append("422")
    page.goto(f"/settings/addresses/{stopped.public_id}")
    page.get_by_label("What has changed?").fill("ok")
    follow(page, page.get_by_role("button", name="Write to it again"))
    look(page, "address-error")


def test_the_way_to_say_stop(
    context: BrowserContext, northside: Northside, look: Look, site: Site
) -> None:
    link = returned_mail.stop_link(northside, site.settings)
    page = context.new_page()
    page.goto(link)
    look(page, "unsubscribe")
    follow(page, page.get_by_role("button", name="Unsubscribe"))
    look(page, "unsubscribe-done")
    follow(page, page.get_by_role("button", name="Get emails again"))
    look(page, "unsubscribe-again")
    context.expected_errors.append("400")
    page.goto("/u/forged")
    look(page, "unsubscribe-forged")


def test_senders(context: BrowserContext, northside: Northside, look: Look) -> None:
    page = sign_in(context.new_page(), northside.owner)
    page.goto("/settings/mail")
    look(page, "senders-empty")
    works, fails, held = senders_of_northside.made(northside)
    for address, name in (
        ("/settings/mail", "senders"),
        (f"/settings/mail/{works.public_id}", "sender"),
        (f"/settings/mail/{fails.public_id}", "sender-failing"),
        (f"/settings/mail/{fails.public_id}/remove", "sender-remove"),
        (f"/settings/mail/{works.public_id}/off", "sender-off"),
        ("/settings/mail/new?slot=mine&preset=microsoft365", "sender-new"),
        (f"/deliveries/{held.public_id}", "delivery-held"),
    ):
        page.goto(address)
        look(page, name)


def test_a_sender_with_tests_and_errors(
    context: BrowserContext, northside: Northside, look: Look
) -> None:
    page = sign_in(context.new_page(), northside.owner)
    page.goto("/settings/mail/new?slot=account")
    with scripted_smtp(extensions=["SIZE 1000000", "AUTH PLAIN"]) as server:
        server.always["AUTH"] = "535 5.7.8 Username and Password not accepted"
        page.get_by_label("Email address", exact=True).fill("office@example.com")
        page.get_by_label("Password", exact=True).fill("hunter2 hunter2")
        page.get_by_label("Server", exact=True).fill("127.0.0.1")
        page.get_by_label("Port", exact=True).fill(str(server.port))
        page.get_by_label("Encryption", exact=True).select_option("None")
        page.get_by_label("Send without encryption").check()
        for kind in ("server", "login"):
            page.get_by_role("button", name=f"Test {kind}").click()
            expect(page.locator(f"[data-results={kind}] .check-end")).to_be_visible()
    look(page, "sender-tests")
    context.expected_errors.append("422")
    page.get_by_label("Email address", exact=True).fill("nobody@nowhere")
    page.get_by_role("button", name="Test login").click()
    expect(page.get_by_role("link", name="Email address: Please enter a valid")).to_be_visible()
    look(page, "sender-not-begun")
    page.get_by_label("Mails a day").fill("1.5")
    page.locator("#sender").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Please enter a valid email address.")).to_be_visible()
    look(page, "sender-errors")
