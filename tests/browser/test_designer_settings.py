"""The settings of what is selected: rules in words, choices, types, notes, texts, problems."""

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from hostedpages.models import User
from tests.browser.designer import choose, keep_toasts, open_designer, preview, roof, row, saved


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
    keep_toasts(staff_page)
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
