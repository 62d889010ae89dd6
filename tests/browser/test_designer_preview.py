"""The preview, how the designer looks on a phone, and whether everybody can use it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from hostedpages.models import User
from tests.browser.conftest import PHONE, sign_in
from tests.browser.designer import choose, labels, open_designer, preview, roof, row, saved

Axe = Callable[[Page], None]
Screenshot = Callable[..., None]


def test_a_click_in_the_preview_selects(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    frame = preview(staff_page)
    frame.locator("[data-key=email] label").click()
    expect(row(staff_page, "Email").locator(".row-name")).to_have_attribute("aria-current", "true")
    expect(staff_page.locator("#set-label")).to_have_value("Email")
    frame.get_by_role("button", name="Move up").click()
    expect(staff_page.locator(".outline-row").nth(1)).to_contain_text("Email")
    assert labels(saved(staff_page, form, unit))[1] == "Email"
    expect(staff_page.locator(".designer-stage iframe")).to_have_count(1)
    preview(staff_page).get_by_role("heading", level=1).click()
    expect(staff_page.get_by_label("Title")).to_be_visible()


def test_screens_are_walked_in_the_preview_without_required_answers(
    staff_page: Page, owner: User
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    frame = preview(staff_page)
    frame.get_by_role("button", name="Next").click()
    expect(frame.get_by_label("Material")).to_be_visible()
    expect(frame.locator("#progress")).to_contain_text("Step 2 of 2")
    frame.get_by_role("button", name="Back").click()
    expect(frame.get_by_label("Email")).to_be_visible()


def test_the_preview_keeps_its_screen_and_answers_over_a_save(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Material")
    preview(staff_page).get_by_label("Material").select_option(label="Tile")
    staff_page.locator("#set-label").fill("Roofing")
    saved(staff_page, form, unit)
    frame = preview(staff_page)
    expect(frame.get_by_label("Roofing")).to_be_visible()
    expect(frame.get_by_label("Roofing")).to_have_value("tile")
    expect(staff_page.locator(".designer-stage iframe")).to_have_count(1)


def test_the_page_is_looked_at_as_a_known_contact(staff_page: Page, owner: User) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    look = staff_page.get_by_label("Look at the page as")
    look.select_option("show")
    expect(preview(staff_page).get_by_label("Email")).to_have_value("jordan.rivera@example.com")
    look.select_option("hide")
    expect(preview(staff_page).get_by_label("Email")).to_have_count(0)
    staff_page.get_by_role("button", name="Dark").click()
    expect(preview(staff_page).locator("html[data-scheme=dark]")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_designer_is_accessible(
    scheme: str, new_context: Any, owner: User, axe: Axe, screenshot: Screenshot
) -> None:
    form = roof(owner)
    page = sign_in(new_context(color_scheme=scheme).new_page(), owner)
    open_designer(page, form)
    axe(page)
    choose(page, "Panel profile")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_text("Advanced").click()
    axe(page)
    choose(page, "Material")
    page.get_by_text("Show stored values").click()
    page.locator("#set-label").fill("")
    expect(page.locator(".outline-problems")).to_contain_text("1 thing to fix")
    page.locator(".problems-line").click()
    axe(page)
    screenshot(page, f"designer-{scheme}")
    page.get_by_role("button", name="Paste a list").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    page.locator(".row-name").first.focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    axe(page)


def test_a_phone_can_edit_texts(
    new_context: Any, owner: User, unit: Session, axe: Axe, screenshot: Screenshot
) -> None:
    form = roof(owner)
    page = sign_in(new_context(viewport=PHONE, has_touch=True).new_page(), owner)
    page.goto(f"/pages/{form.public_id}/design")
    page.wait_for_selector("#designer[data-ready]")
    axe(page)
    row(page, "Email").locator(".row-name").tap()
    page.get_by_label("Label").fill("Your email")
    draft = saved(page, form, unit)
    assert labels(draft)[2] == "Your email"
    axe(page)
    screenshot(page, "designer-phone", full_page=False)
    expect(page.get_by_role("link", name="Publish")).to_be_visible()
