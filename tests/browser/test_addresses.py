"""Stopping an address and letting it go again, and a reader who says stop, without any script;
finding one in the list with a script."""

import time

from playwright.sync_api import Route, expect

from tests import factories
from tests.browser.conftest import NewContext, Site, sign_in
from tests.browser.returned_mail import stop_path


def test_an_address_is_stopped_and_let_go_again_without_a_script(
    new_context: NewContext, unit: object
) -> None:
    page = sign_in(new_context(java_script_enabled=False).new_page(), factories.user())
    page.goto("/settings/addresses")
    expect(page.get_by_text("No address is stopped")).to_be_visible()
    page.get_by_role("link", name="Stop an address").click()
    page.get_by_label("Email address").fill("pat@example.org")
    page.get_by_label("Does not arrive").check()
    page.get_by_role("button", name="Stop it").click()
    page.get_by_role("searchbox").fill("pat")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="pat@example.org").click()
    page.get_by_label("What has changed?").fill("The provider has mended the mailbox.")
    page.get_by_role("button", name="Write to it again").click()
    expect(page.get_by_text("pat@example.org may be written to again.")).to_be_visible()
    page.goto("/settings/addresses?show=lifted")
    expect(page.get_by_text("The provider has mended the mailbox.")).to_be_visible()


def test_a_link_that_is_clicked_right_after_typing_is_followed(
    new_context: NewContext, unit: object
) -> None:
    page = sign_in(new_context().new_page(), factories.user())
    page.goto("/settings/addresses/new")
    page.get_by_label("Email address").fill("pat@example.org")
    page.get_by_role("button", name="Stop it").click()
    page.get_by_role("link", name="pat@example.org").focus()

    def slowly(route: Route) -> None:
        time.sleep(1)  # longer than the filter waits for another letter
        route.continue_()

    page.route("**/settings/addresses/*", slowly)
    page.evaluate(
        """() => {
          const search = document.querySelector("input[type=search]");
          search.value = "nobody";
          search.dispatchEvent(new Event("input", { bubbles: true }));
          [...document.links].find((each) => each.textContent.includes("pat@example.org")).click();
        }"""
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("pat@example.org")


def test_a_reader_says_stop_and_takes_it_back_without_a_script(
    new_context: NewContext, unit: object, site: Site
) -> None:
    owner = factories.account(name="Northside Roofing")
    contact = factories.contact(owner)
    sent = factories.delivery(owner, contact_id=contact.id, recipient=contact.email)
    page = new_context(java_script_enabled=False).new_page()
    page.goto(stop_path(sent, site.settings))
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading")).to_have_text("You are unsubscribed")
    page.get_by_role("button", name="Get emails again").click()
    expect(page.get_by_role("heading")).to_have_text("You are subscribed again")
