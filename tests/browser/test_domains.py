"""Proving a domain by hand: with a script, without one, and with the keyboard alone."""

import time

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewContext, Site, sign_in, wait_until
from tests.factories import sending_domain
from tests.factories import user as new_user


def test_a_domain_is_added_checked_and_removed_without_a_script(
    new_context: NewContext, unit: object
) -> None:
    page = sign_in(new_context(java_script_enabled=False).new_page(), new_user())
    page.goto("/settings/domains")
    page.get_by_role("link", name="Add domain").click()
    page.get_by_label("Domain, or the address").fill("office@nothing.test")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("nothing.test")
    expect(page.get_by_text("v=DKIM1; k=rsa; p=").first).to_be_visible()
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Checked just now")).to_be_visible()
    page.get_by_role("link", name="Remove this domain").click()
    page.get_by_role("button", name="Remove nothing.test").click()
    expect(page.get_by_text("No domains yet")).to_be_visible()


def test_checking_says_that_it_goes_on_and_is_not_sent_twice(
    new_context: NewContext, unit: object, site: Site
) -> None:
    user = new_user()
    domain = sending_domain(user.account, name="fine.test", settings=site.settings)
    page = sign_in(new_context().new_page(), user)
    page.goto(f"/settings/domains/{domain.public_id}")
    sent: list[str] = []
    words = "Asking the name servers of fine.test"
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    def slow(route: Route) -> None:
        sent.append("once")
        until = time.monotonic() + 60
        while not any(words in each for each in said):
            assert time.monotonic() < until, "nothing says that it goes on"
            page.wait_for_timeout(100)
        route.continue_()

    page.route("**/check", slow)
    # The page goes away, so it tells by itself what it says, and is pressed a second time.
    page.evaluate(
        """() => {
          const status = document.querySelector("busy-form [role=status]");
          const note = () => console.log(status.textContent);
          new MutationObserver(note).observe(status, { childList: true });
          const check = document.querySelector("button[form=check]");
          check.click();
          check.click();
        }"""
    )
    expect(page.get_by_text("Checked just now")).to_be_visible()
    assert sent == ["once"]
    expect(page.get_by_text("Fine", exact=True).first).to_be_visible()


def test_the_keyboard_alone_copies_a_record(
    new_context: NewContext, unit: object, site: Site
) -> None:
    user = new_user()
    domain = sending_domain(user.account, name="no-key.test", settings=site.settings)
    context = new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = sign_in(context.new_page(), user)
    page.goto(f"/settings/domains/{domain.public_id}")
    page.get_by_role("button", name="Check now").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("Checked just now")).to_be_visible()
    focus(page, "Copy value of DKIM")
    # It is said for two seconds only.
    page.evaluate(
        """() => new MutationObserver(() => {
          window.said ||= document.body.textContent.includes("Copied");
        }).observe(document.body, { childList: true, subtree: true, characterData: true })"""
    )
    page.keyboard.press("Enter")
    wait_until(page, "window.said")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"v=DKIM1; k=rsa; p={domain.public_key}"


def focus(page: Page, label: str) -> None:
    """Walk by Tab to the button whose label begins so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
        if at.startswith(label):
            return
    raise AssertionError(f"Tab never comes to “{label}”")
