"""Saving by itself: two windows, no connection, leaving the screen, odd keys."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from hostedpages.models import User
from tests import factories
from tests.browser.designer import choose, labels, open_designer, preview, roof, saved, undo_button


def test_a_draft_that_another_window_changed_is_not_overwritten(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    staff_page.context.expected_errors.append("409")
    open_designer(staff_page, form)
    other = open_designer(staff_page.context.new_page(), form)
    other.get_by_label("Title").fill("Theirs")
    assert saved(other, form, unit)["title"] == "Theirs"
    choose(staff_page, "Email")
    staff_page.locator("#set-label").fill("Mine")
    dialog = staff_page.get_by_role("dialog", name="Changed in another window")
    expect(dialog).to_contain_text("“Theirs”")
    expect(dialog).to_contain_text("“Mine”")
    expect(staff_page.locator("[data-save-state]")).to_contain_text("Not saved")
    dialog.get_by_role("button", name="Load the other version").click()
    expect(preview(staff_page).get_by_role("heading", level=1)).to_have_text("Theirs")
    assert labels(saved(staff_page, form, unit))[2] == "Email"
    staff_page.keyboard.press("Escape")
    undo_button(staff_page).click()
    assert labels(saved(staff_page, form, unit))[2] == "Mine"


def test_mine_can_be_kept_over_the_other_version(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    staff_page.context.expected_errors.append("409")
    open_designer(staff_page, form)
    other = open_designer(staff_page.context.new_page(), form)
    other.get_by_label("Title").fill("Theirs")
    saved(other, form, unit)
    staff_page.get_by_label("Title").fill("Mine")
    staff_page.get_by_role("button", name="Keep mine").click()
    assert saved(staff_page, form, unit)["title"] == "Mine"


def test_without_a_connection_the_work_is_kept_and_saved_later(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    context: BrowserContext = staff_page.context
    context.expected_errors.append("ERR_INTERNET_DISCONNECTED")
    open_designer(staff_page, form)
    context.set_offline(True)
    staff_page.get_by_label("Title").fill("Typed in a tunnel")
    state = staff_page.locator("[data-save-state]")
    expect(state).to_contain_text("Not saved: no connection. Trying again.")
    context.set_offline(False)
    assert saved(staff_page, form, unit)["title"] == "Typed in a tunnel"


def test_leaving_waits_for_what_is_not_saved(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    staff_page.get_by_label("Title").press_sequentially("!")
    staff_page.get_by_role("navigation", name="This page").get_by_text("Options").click()
    staff_page.wait_for_url("**/options")
    unit.rollback()
    unit.refresh(form)
    assert form.draft["title"].endswith("!")


@pytest.mark.parametrize("key", ["__proto__", "constructor", "submit", "action", "id"])
def test_no_key_of_a_field_disturbs_the_designer(
    key: str, staff_page: Page, owner: User, unit: Session
) -> None:
    safe = key.strip("_")
    form = factories.page(
        owner.account,
        factories.field(safe, "Odd"),
        factories.field("next", "Next", show_if={"all": [{"field": safe, "operator": "is_empty"}]}),
        published=False,
    )
    open_designer(staff_page, form)
    preview(staff_page).get_by_label("Odd").fill("x")
    expect(preview(staff_page).get_by_label("Next")).to_be_hidden()
    choose(staff_page, "Odd")
    staff_page.locator("#set-label").fill("Odder")
    assert saved(staff_page, form, unit)["elements"][0]["key"] == safe
    assert staff_page.evaluate("({}).polluted") is None
