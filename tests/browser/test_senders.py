"""A sender set up by somebody who has never done it: provider, password, tests as they happen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect

from hostedpages.models import User
from tests.browser.conftest import NewContext, follow, sign_in
from tests.scripted_smtp import ScriptedSmtp, scripted_smtp

CANARY = "canary-7f3a-Ohm-secret"


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with scripted_smtp(extensions=["PIPELINING", "SIZE 1000000", "AUTH PLAIN LOGIN"]) as running:
        yield running


def use(page: Page, server: ScriptedSmtp) -> None:
    page.get_by_label("Email address", exact=True).fill("office@example.com")
    page.get_by_label("Password", exact=True).fill(CANARY)
    page.get_by_label("Server", exact=True).fill("127.0.0.1")
    page.get_by_label("Port", exact=True).fill(str(server.port))
    page.get_by_label("Encryption", exact=True).select_option("None")
    page.get_by_label("Send without encryption").check()


def test_choosing_a_provider_fills_in_everything_at_once(staff_page: Page) -> None:
    page = staff_page
    page.goto("/settings/mail")
    follow(page, page.get_by_role("link", name="Set up a sender"))
    page.get_by_role("radio", name="Gmail").check()
    expect(page.get_by_label("Server", exact=True)).to_have_value("smtp.gmail.com")
    expect(page.get_by_label("Port", exact=True)).to_have_value("587")
    expect(page.get_by_label("Mails a day")).to_have_value("100")
    expect(page.get_by_text("make an app password there").locator("visible=true")).to_have_count(1)
    page.get_by_label("Read the inbox").check()
    expect(page.get_by_label("IMAP server")).to_have_value("imap.gmail.com")
    page.get_by_role("radio", name="Outlook / Microsoft 365").check()
    expect(page.get_by_label("Server", exact=True)).to_have_value("smtp.office365.com")
    expect(page.get_by_text("end of 2026").locator("visible=true")).to_have_count(1)
    expect(page.get_by_text("make an app password there").locator("visible=true")).to_have_count(0)
    expect(page.get_by_role("button", name="Use this preset")).to_be_hidden()


def test_what_a_provider_filled_in_goes_with_it_and_what_was_typed_comes_back(
    staff_page: Page,
) -> None:
    page = staff_page
    page.goto("/settings/mail/new?slot=account")
    server, hourly = page.get_by_label("Server", exact=True), page.get_by_label("Mails an hour")
    server.fill("typed.example.com")
    hourly.fill("7")
    page.get_by_role("radio", name="Gmail").check()
    expect(server).to_have_value("smtp.gmail.com")
    expect(hourly).to_have_value("")
    page.get_by_role("radio", name="Custom").check()
    expect(server).to_have_value("typed.example.com")
    expect(hourly).to_have_value("7")
    expect(page.get_by_label("Mails a day")).to_have_value("")

    page.goto("/settings/mail/new?slot=marketing&preset=gmail")
    page.get_by_label("Read the inbox").check()
    page.get_by_role("radio", name="MS Exchange").check()
    expect(server).to_have_value("")
    expect(page.get_by_label("IMAP server")).to_have_value("")
    expect(page.get_by_label("Mails a day")).to_have_value("")


def test_leaving_a_changed_form_asks_unless_it_is_saved(
    staff_page: Page, server: ScriptedSmtp
) -> None:
    page = staff_page
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto("/settings/mail/new?slot=account")
    page.get_by_label("Send a test mail to").fill("me@example.org")
    page.get_by_role("link", name="Mail", exact=True).first.click()
    expect(page.get_by_role("link", name="Set up a sender")).to_be_visible()
    page.goto("/settings/mail/new?slot=account")
    use(page, server)
    page.get_by_role("link", name="Mail", exact=True).first.click()
    expect(page.get_by_label("Email address", exact=True)).to_have_value("office@example.com")
    assert asked == ["beforeunload"]

    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved. Now test it.")).to_be_visible()
    page.get_by_role("link", name="Mail", exact=True).first.click()
    expect(page.get_by_role("link", name="The account’s sender")).to_be_visible()
    assert asked == ["beforeunload"]


def test_the_port_proposes_its_encryption_and_warns(staff_page: Page) -> None:
    page = staff_page
    page.goto("/settings/mail/new?slot=account")
    port, encryption = (
        page.get_by_label("Port", exact=True),
        page.get_by_label("Encryption", exact=True),
    )
    port.fill("465")
    port.blur()
    expect(encryption).to_have_value("ssl")
    encryption.select_option("starttls")
    expect(page.get_by_text("Port 465 is encrypted from the start")).to_be_visible()
    for unusual in ("25", "80", "3535"):
        port.fill(unusual)
        expect(page.get_by_text(f"Port {unusual} is")).to_be_visible()
    port.fill("587")
    port.blur()
    expect(encryption).to_have_value("starttls")
    expect(page.locator("[data-port-note]:visible")).to_have_count(0)
    expect(page.get_by_label("Send without encryption")).to_be_hidden()
    encryption.select_option("none")
    expect(page.get_by_label("Send without encryption")).to_be_visible()


def test_each_step_of_a_test_appears_and_the_focus_stays(
    staff_page: Page, server: ScriptedSmtp
) -> None:
    page = staff_page
    page.goto("/settings/mail/new?slot=account")
    use(page, server)
    button = page.get_by_role("button", name="Test login")
    button.press("Enter")
    result = page.locator("[data-results=login]")
    expect(
        result.get_by_text("Signing in works. These settings are not saved yet.")
    ).to_be_visible()
    expect(result.locator("li.is-ok").first).to_contain_text("Find the server")
    expect(button).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Signing in works")).to_have_count(1)

    server.always["AUTH"] = "535 5.7.8 Username and Password not accepted"
    button.click()
    expect(result.locator("li.is-bad")).to_contain_text("535 5.7.8")
    expect(result.get_by_text("This did not work yet")).to_be_visible()


def test_a_sender_is_saved_tested_and_used_and_its_password_is_never_shown(
    staff_page: Page, server: ScriptedSmtp
) -> None:
    page = staff_page
    page.goto("/settings/mail/new?slot=account")
    use(page, server)
    page.get_by_label("From name").fill("Northside Roofing")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved. Now test it.")).to_be_visible()
    assert CANARY not in page.content()
    expect(page.get_by_role("textbox", name="Password set")).to_have_value("")

    page.get_by_label("Send a test mail to").fill("me@example.org")
    page.get_by_label("Send a test mail to").press("Enter")
    result = page.locator("[data-results=send]")
    expect(result.get_by_text("The server took the mail.")).to_be_visible()
    (mail,) = server.mails
    assert mail["From"] == "Northside Roofing <office@example.com>"
    page.goto("/settings/mail")
    expect(page.get_by_text("Works")).to_be_visible()

    page.get_by_role("link", name="The account’s sender").click()
    page.get_by_label("Port", exact=True).fill("2525")
    page.context.expected_errors.append("422")
    page.get_by_role("button", name="Test login").click()
    expect(page.get_by_text("please type the password again").first).to_be_visible()


def test_the_same_without_a_script(
    new_context: NewContext, owner: User, server: ScriptedSmtp
) -> None:
    context = new_context(java_script_enabled=False)
    page = sign_in(context.new_page(), owner)
    page.goto("/settings/mail/new?slot=account")
    page.get_by_role("radio", name="Gmail").check()
    page.get_by_role("button", name="Use this preset").click()
    expect(page.get_by_label("Server", exact=True)).to_have_value("smtp.gmail.com")
    page.get_by_role("radio", name="Custom").check()
    use(page, server)
    page.get_by_role("button", name="Test login").click()
    expect(page.get_by_text("Signing in works.")).to_be_visible()
    expect(page.get_by_label("Email address", exact=True)).to_have_value("office@example.com")
    # The page kept no password, and says so instead of storing none.
    context.expected_errors.append("422")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Please type the password again")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(CANARY)
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Not tested")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Password set")).to_have_value("")


def test_a_password_that_a_refused_page_lost_is_asked_for_again(
    staff_page: Page, server: ScriptedSmtp
) -> None:
    page = staff_page
    page.goto("/settings/mail/new?slot=account")
    use(page, server)
    page.get_by_label("Server", exact=True).fill("no host")
    page.context.expected_errors.extend(["422", "422"])
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("This is no name of a server")).to_be_visible()
    page.get_by_label("Server", exact=True).fill("127.0.0.1")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Please type the password again")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(CANARY)
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved. Now test it.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Password set")).to_have_value("")


def test_what_was_tested_a_moment_ago_is_saved_as_tested(
    staff_page: Page, server: ScriptedSmtp
) -> None:
    page = staff_page
    page.goto("/settings/mail/new?slot=account")
    use(page, server)
    page.get_by_role("button", name="Test login").click()
    expect(page.locator("[data-results=login] .check-end")).to_contain_text("Signing in works.")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Works", exact=True)).to_be_visible()
    expect(page.get_by_text("Not tested")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1280, 860), (390, 844)])
def test_what_a_test_finds_is_in_view_and_fades_after_a_change(
    staff_page: Page, server: ScriptedSmtp, width: int, height: int
) -> None:
    page = staff_page
    page.set_viewport_size({"width": width, "height": height})
    page.goto("/settings/mail/new?slot=account")
    use(page, server)
    server.always["AUTH"] = "535 5.7.8 Username and Password not accepted"
    button = page.get_by_role("button", name="Test login")
    button.press("Enter")
    result = page.locator("[data-results=login]")
    expect(result.locator(".check-end")).to_be_visible()
    expect(result.locator("li.is-bad")).to_be_in_viewport(ratio=1)
    assert uncovered(page, "[data-results=login] li.is-bad")

    expect(result.get_by_text("Before your change")).to_have_count(0)
    page.get_by_label("Password", exact=True).fill("another one")
    expect(result.get_by_text("Before your change")).to_be_visible()
    expect(button).to_be_enabled()
    button.press("Enter")
    expect(result.locator("li.is-bad")).to_be_in_viewport(ratio=1)
    expect(result.get_by_text("Before your change")).to_have_count(0)


def uncovered(page: Page, selector: str) -> bool:
    """Whether nothing that sticks to an edge of the window lies over it."""
    found = page.locator(selector).evaluate(
        """element => {
          const box = element.getBoundingClientRect();
          return [box.top + 2, box.bottom - 2].every((y) => element.contains(
            document.elementFromPoint(box.left + 30, y)));
        }"""
    )
    return bool(found)


def test_a_test_that_cannot_begin_says_why_and_leads_to_the_field(staff_page: Page) -> None:
    page = staff_page
    page.goto("/settings/mail/new?slot=account")
    page.get_by_label("Server", exact=True).fill("mail.example.com")
    page.context.expected_errors.append("422")
    page.get_by_role("button", name="Test login").click()
    link = page.get_by_role("link", name="Email address: Please enter the address")
    expect(link).to_be_in_viewport()
    link.click()
    expect(page.get_by_label("Email address", exact=True)).to_be_focused()
