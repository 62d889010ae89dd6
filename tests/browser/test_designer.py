"""The form designer as a person uses it: mouse, keyboard, two windows, light and dark.

Everything is asked of the screen; what was stored is read from the database.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect
from sqlalchemy.orm import Session

from hostedpages import models
from hostedpages.models import User
from tests import factories
from tests.browser.conftest import PHONE, sign_in

Axe = Callable[[Page], None]
Screenshot = Callable[..., None]

METAL = [{"value": "metal", "label": "Metal"}, {"value": "tile", "label": "Tile"}]


def roof(owner: User, **values: Any) -> models.Page:
    """A form with two screens, a rule and all that a lead needs."""
    source = factories.lead_source(owner.account)
    return factories.page(
        owner.account,
        {"kind": "header", "text": "About you"},
        factories.field("full_name", "Your name", required=True, binds_to="full_name"),
        factories.field("email", "Email", type="email", required=True, binds_to="email"),
        {"kind": "separator", "title": "Your roof"},
        factories.field("material", "Material", type="select", choices=METAL),
        factories.field("panel", "Panel profile"),
        published=False,
        options={"lead_source": source.name},
        **values,
    )


def open_designer(page: Page, form: models.Page) -> Page:
    page.goto(f"/pages/{form.public_id}/design")
    page.wait_for_selector("#designer[data-ready]")
    page.wait_for_selector(".designer-stage.is-ready")
    return page


def rows(page: Page) -> list[str]:
    return page.locator(".outline-rows .row-name .ellipsis").all_inner_texts()


def row(page: Page, name: str) -> Locator:
    exact = page.locator(f'.row-name[title="{name}"]')
    return page.locator(".outline-row").filter(has=exact)


def choose(page: Page, name: str) -> None:
    row(page, name).locator(".row-name").click()
    expect(row(page, name).locator(".row-name")).to_have_attribute("aria-current", "true")


def saved(page: Page, form: models.Page, unit: Session) -> dict[str, Any]:
    """The draft in the database, once the screen says that it is saved."""
    expect(page.locator("[data-save-state]")).to_have_text("Saved")
    unit.rollback()
    unit.refresh(form)
    draft: dict[str, Any] = form.draft
    return draft


def labels(draft: dict[str, Any]) -> list[str]:
    return [
        each.get("label") or each.get("text") or each.get("title") or each["kind"]
        for each in draft["elements"]
    ]


def undo_button(page: Page) -> Locator:
    return page.locator(".designer-tools").get_by_role("button", name="Undo")


def preview(page: Page) -> FrameLocator:
    return page.frame_locator(".designer-stage iframe:not(.is-loading)")


def drag(page: Page, what: Locator, onto: Locator, *, side: str) -> None:
    """Drag with the mouse until the gap opens `before` or `after` the target, then let go."""
    start, end = what.bounding_box(), onto.bounding_box()
    assert start is not None
    assert end is not None
    x, y = start["x"] + 60, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y + 12, steps=4)
    sibling = "previousElementSibling" if side == "before" else "nextElementSibling"
    part = 0.25 if side == "before" else 0.75
    for wobble in range(30):
        box = onto.bounding_box() or end
        page.mouse.move(box["x"] + 60 + wobble % 3, box["y"] + box["height"] * part, steps=6)
        if onto.evaluate(f"row => !!row.{sibling}?.matches('.is-ghost')"):
            break
    page.mouse.up()


def test_a_field_is_added_by_dragging_it_from_the_palette(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    palette = staff_page.locator("[data-part=palette] .palette-item")
    before = palette.count()
    drag(staff_page, palette.filter(has_text="Company"), row(staff_page, "Email"), side="before")
    expect(row(staff_page, "Company")).to_be_visible()
    assert rows(staff_page)[:4] == ["About you", "Your name", "Company", "Email"]
    assert palette.count() == before
    draft = saved(staff_page, form, unit)
    assert draft["elements"][2]["binds_to"] == "company_name"
    expect(preview(staff_page).get_by_label("Company")).to_be_visible()


def test_rows_are_dragged_to_another_screen(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    drag(staff_page, row(staff_page, "Email"), row(staff_page, "Material"), side="after")
    expect(staff_page.locator(".outline-row").nth(4)).to_contain_text("Email")
    assert labels(saved(staff_page, form, unit))[2:5] == ["Your roof", "Material", "Email"]


def test_a_field_is_added_with_the_keyboard_alone(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Email")
    staff_page.keyboard.press("/")
    staff_page.keyboard.type("long text")
    staff_page.keyboard.press("Enter")
    expect(staff_page.locator("#set-label")).to_be_focused()
    staff_page.keyboard.type("Anything else?")
    assert rows(staff_page)[3] == "Anything else?"
    draft = saved(staff_page, form, unit)
    assert draft["elements"][3]["key"] == "anything_else"
    assert draft["elements"][3]["type"] == "textarea"


def test_the_plus_between_two_rows_adds_there(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    row(staff_page, "About you").hover()
    row(staff_page, "About you").locator(".row-plus").click()
    expect(staff_page.locator("[data-palette-filter=here]")).to_be_focused()
    staff_page.keyboard.type("phone")
    staff_page.keyboard.press("Escape")
    staff_page.keyboard.type("home ph")
    staff_page.keyboard.press("Enter")
    expect(row(staff_page, "Home phone")).to_be_visible()
    assert labels(saved(staff_page, form, unit))[:3] == ["About you", "Home phone", "Your name"]


def test_an_element_is_moved_with_the_keyboard_and_every_step_is_spoken(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    spoken = staff_page.locator("[data-part=spoken]")
    choose(staff_page, "Your name")
    row(staff_page, "Your name").locator(".row-handle").focus()
    staff_page.keyboard.press("Space")
    expect(spoken).to_contain_text("Lifted. Your name, 2 of 3 on screen 1.")
    staff_page.keyboard.press("ArrowDown")
    expect(spoken).to_have_text("Your name, 3 of 3 on screen 1")
    staff_page.keyboard.press("ArrowDown")
    expect(spoken).to_have_text("Your name, 1 of 3 on screen 2")
    staff_page.keyboard.press("Enter")
    expect(spoken).to_have_text("Dropped. Your name, 1 of 3 on screen 2")
    expect(row(staff_page, "Your name").locator(".row-handle")).to_be_focused()
    draft = saved(staff_page, form, unit)
    assert labels(draft)[:4] == ["About you", "Email", "Your roof", "Your name"]


def test_escape_puts_a_lifted_element_back(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    before = rows(staff_page)
    choose(staff_page, "Email")
    row(staff_page, "Email").locator(".row-handle").focus()
    staff_page.keyboard.press("Space")
    staff_page.keyboard.press("ArrowUp")
    staff_page.keyboard.press("ArrowUp")
    assert rows(staff_page) != before
    staff_page.keyboard.press("Escape")
    spoken = staff_page.locator("[data-part=spoken]")
    expect(spoken).to_have_text("Canceled. Email, 3 of 3 on screen 1")
    assert rows(staff_page) == before
    expect(undo_button(staff_page)).to_be_disabled()


def test_move_to_names_every_place(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Panel profile")
    row(staff_page, "Panel profile").locator("summary").click()
    staff_page.get_by_role("button", name="Move to…").click()
    dialog = staff_page.get_by_role("dialog", name="Move “Panel profile”")
    dialog.get_by_label("Place").select_option(label="After About you")
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_be_hidden()
    assert labels(saved(staff_page, form, unit))[:2] == ["About you", "Panel profile"]


def test_a_row_is_renamed_in_place(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Email")
    staff_page.keyboard.press("Enter")
    staff_page.keyboard.type("Mail address")
    staff_page.keyboard.press("Enter")
    expect(row(staff_page, "Mail address").locator(".row-name")).to_be_focused()
    draft = saved(staff_page, form, unit)
    assert (draft["elements"][2]["label"], draft["elements"][2]["key"]) == ("Mail address", "email")


def test_everything_can_be_undone_to_the_start_and_done_again(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    start = rows(staff_page)
    choose(staff_page, "Email")
    staff_page.locator("#set-label").fill("")
    staff_page.locator("#set-label").press_sequentially("Mail")
    choose(staff_page, "Material")
    staff_page.keyboard.press("Control+d")
    staff_page.keyboard.press("Delete")
    choose(staff_page, "About you")
    staff_page.keyboard.press("Alt+ArrowDown")
    staff_page.get_by_label("Required").or_(staff_page.locator("#set-text")).first.click()
    staff_page.keyboard.press("/")
    staff_page.keyboard.type("date")
    staff_page.keyboard.press("Enter")
    end = rows(staff_page)
    undo = undo_button(staff_page)
    steps = 0
    while not undo.is_disabled():
        undo.click()
        steps += 1
    assert steps == 5
    assert rows(staff_page) == start
    for _ in range(steps):
        staff_page.keyboard.press("Shift+Control+z")
    expect(staff_page.get_by_role("button", name="Redo", exact=True)).to_be_disabled()
    assert rows(staff_page) == end
    for _ in range(steps):
        staff_page.keyboard.press("Control+z")
    assert saved(staff_page, form, unit)["elements"][2]["label"] == "Email"


def test_a_deleted_element_comes_back_with_undo(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Material")
    staff_page.keyboard.press("Delete")
    expect(row(staff_page, "Panel profile").locator(".row-name")).to_be_focused()
    toast = staff_page.locator("[data-part=toasts]")
    expect(toast).to_contain_text("“Material” deleted")
    toast.get_by_role("button", name="Undo").click()
    assert labels(saved(staff_page, form, unit))[4] == "Material"


def test_a_rule_is_made_in_words_and_holds_in_the_preview(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Panel profile")
    settings = staff_page.locator("[data-part=settings]")
    settings.get_by_role("button", name="Add a rule").click()
    settings.get_by_label("Value of the rule").select_option(label="Tile")
    draft = saved(staff_page, form, unit)
    rule = {"field": "material", "operator": "equals", "value": "tile"}
    assert draft["elements"][5]["show_if"] == {"all": [rule]}
    mark = row(staff_page, "Panel profile").locator(".mark")
    expect(mark).to_have_attribute("title", "Show this when Material equals Tile")
    choose(staff_page, "Material")
    frame = preview(staff_page)
    expect(frame.get_by_label("Panel profile")).to_be_hidden()
    frame.get_by_label("Material").select_option(label="Tile")
    expect(frame.get_by_label("Panel profile")).to_be_visible()


def test_a_rule_with_any_of_several_conditions(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Panel profile")
    settings = staff_page.locator("[data-part=settings]")
    settings.get_by_role("button", name="Add a rule").click()
    settings.get_by_role("button", name="Add a condition").click()
    settings.get_by_label("How the conditions combine").select_option("any")
    second = settings.locator(".rule-line").nth(1)
    second.get_by_label("Field the rule looks at").select_option(label="Email")
    second.get_by_label("How it compares").select_option(label="contains")
    second.get_by_label("Value of the rule").fill("example.com")
    draft = saved(staff_page, form, unit)
    assert [each["field"] for each in draft["elements"][5]["show_if"]["any"]] == [
        "material",
        "email",
    ]


def test_choices_are_pasted_as_a_list(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Material")
    staff_page.get_by_role("button", name="Paste a list").click()
    box = staff_page.get_by_label("Choices, one per line")
    expect(box).to_have_value("Metal\nTile")
    box.fill("Tile\nwood_1 | Wood shingle\n\nSlate\nTile")
    staff_page.get_by_role("button", name="Use this list").click()
    draft = saved(staff_page, form, unit)
    assert draft["elements"][4]["choices"] == [
        {"value": "tile", "label": "Tile"},
        {"value": "wood_1", "label": "Wood shingle"},
        {"value": "slate", "label": "Slate"},
    ]


def test_choices_are_added_and_moved_with_keys(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Material")
    staff_page.get_by_label("Choice 1", exact=True).press("Enter")
    expect(staff_page.get_by_label("Choice 2", exact=True)).to_be_focused()
    staff_page.keyboard.type("Slate")
    staff_page.keyboard.press("Alt+ArrowUp")
    draft = saved(staff_page, form, unit)
    assert [each["label"] for each in draft["elements"][4]["choices"]] == ["Slate", "Metal", "Tile"]
    assert draft["elements"][4]["choices"][0]["value"] == "slate"


def test_a_changed_type_says_what_is_lost(staff_page: Page, owner: User, unit: Session) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Material")
    staff_page.get_by_label("Type").select_option("text")
    words = "Type changed to Short text. Lost: 2 choices."
    expect(staff_page.locator("[data-part=toasts]")).to_have_text(words)
    expect(staff_page.locator("[data-part=spoken]")).to_have_text(words)
    assert "choices" not in saved(staff_page, form, unit)["elements"][4]


def test_notes_are_written_with_styles_and_links(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    choose(staff_page, "Email")
    staff_page.keyboard.press("/")
    staff_page.keyboard.type("notes")
    staff_page.keyboard.press("Enter")
    expect(staff_page.locator(".notes-area")).to_be_focused()
    staff_page.keyboard.type("We call ")
    staff_page.get_by_role("button", name="Bold").click()
    staff_page.keyboard.type("once")
    draft = saved(staff_page, form, unit)
    assert draft["elements"][3]["html"] == "<p>We call <strong>once</strong></p>"
    staff_page.keyboard.press("Shift+Home")
    staff_page.get_by_role("button", name="Link").click()
    staff_page.get_by_label("Address of the link").fill("example.com/terms")
    staff_page.get_by_role("button", name="Set").click()
    expect(preview(staff_page).get_by_role("link").first).to_be_visible()
    html = saved(staff_page, form, unit)["elements"][3]["html"]
    assert 'href="https://example.com/terms"' in html


def test_page_texts_are_edited_when_nothing_is_selected(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    staff_page.get_by_label("Title").fill("A roof in a day")
    staff_page.get_by_label("Submit button").fill("Get my estimate")
    expect(preview(staff_page).get_by_role("heading", level=1)).to_have_text("A roof in a day")
    draft = saved(staff_page, form, unit)
    assert draft["title"] == "A roof in a day"
    assert draft["options"]["submit_label"] == "Get my estimate"


def test_a_draft_that_another_window_changed_is_not_overwritten(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    staff_page.context.expected_errors.append("409")  # type: ignore[attr-defined]
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
    staff_page.context.expected_errors.append("409")  # type: ignore[attr-defined]
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
    context.expected_errors.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    open_designer(staff_page, form)
    context.set_offline(True)
    staff_page.get_by_label("Title").fill("Typed in a tunnel")
    state = staff_page.locator("[data-save-state]")
    expect(state).to_contain_text("Not saved: no connection. Trying again.")
    context.set_offline(False)
    assert saved(staff_page, form, unit)["title"] == "Typed in a tunnel"


def test_a_problem_leads_to_its_element(staff_page: Page, owner: User) -> None:
    form = roof(owner)
    open_designer(staff_page, form)
    line = staff_page.locator(".outline-problems")
    expect(line).to_contain_text("Ready to publish")
    choose(staff_page, "Panel profile")
    staff_page.locator("#set-label").fill("")
    choose(staff_page, "Material")
    staff_page.get_by_label("Choice 1", exact=True).fill("Tile")
    expect(line).to_contain_text("2 things to fix before publishing")
    line.get_by_role("button").first.click()
    line.get_by_role("button").filter(has_text="label").click()
    expect(staff_page.locator("#set-label")).to_be_focused()
    expect(staff_page.locator("#set-label")).to_have_attribute("aria-invalid", "true")


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
