"""The outline and the palette as a person uses them, with the mouse and with the keyboard alone."""

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from hostedpages import clock
from hostedpages.models import User
from tests.browser.conftest import NewContext, sign_in
from tests.browser.designer import (
    choose,
    drag,
    keep_toasts,
    labels,
    open_designer,
    preview,
    roof,
    row,
    rows,
    saved,
    undo_button,
)


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
    staff_page.clock.set_fixed_time(clock.now())  # what is typed without a pause is one step
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
    keep_toasts(staff_page)
    open_designer(staff_page, form)
    choose(staff_page, "Material")
    staff_page.keyboard.press("Delete")
    expect(row(staff_page, "Panel profile").locator(".row-name")).to_be_focused()
    toast = staff_page.locator("[data-part=toasts]")
    expect(toast).to_contain_text("“Material” deleted")
    toast.get_by_role("button", name="Undo").click()
    assert labels(saved(staff_page, form, unit))[4] == "Material"


def test_keys_that_come_faster_than_frames_meet_what_the_key_before_did(
    new_context: NewContext, owner: User
) -> None:
    form = roof(owner)
    context = new_context()
    # The designer itself never gets a frame; the preview in it does.
    context.add_init_script("if (window === top) window.requestAnimationFrame = () => 0;")
    page = open_designer(sign_in(context.new_page(), owner), form)
    name = row(page, "Email").locator(".row-name")
    name.focus()
    keys = page.get_by_role("dialog", name="Keys")
    for _ in range(2):
        page.keyboard.press("?")
        expect(keys).to_be_visible()
        page.keyboard.press("Escape")
        expect(keys).to_have_count(0)
        expect(name).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("/")
    page.keyboard.type("notes")
    page.keyboard.press("Enter")
    expect(page.locator(".notes-area")).to_be_focused()
    assert rows(page)[4] == "Notes"


def test_a_dialog_gives_the_focus_back_when_it_closes(staff_page: Page, owner: User) -> None:
    open_designer(staff_page, roof(owner))
    choose(staff_page, "Material")
    opener = staff_page.get_by_role("button", name="Paste a list")
    dialog = staff_page.get_by_role("dialog")
    opener.press("Enter")
    expect(dialog.get_by_label("Choices, one per line")).to_be_focused()
    staff_page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.press("Enter")
    dialog.get_by_role("button", name="Cancel").press("Enter")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
