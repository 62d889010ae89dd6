"""What the browser tests of the form designer share: a form, and how a person handles the screen.

Everything is asked of the screen; what was stored is read from the database.
"""

from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect
from sqlalchemy.orm import Session

from hostedpages import models
from hostedpages.models import User
from tests import factories

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


def keep_toasts(page: Page) -> None:
    """Toasts of pages that are opened from now on stay, however long the next step takes."""
    page.add_init_script(
        """const later = window.setTimeout;
        window.setTimeout = (run, ms, ...more) => ms === 7000 ? 0 : later(run, ms, ...more);"""
    )


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
