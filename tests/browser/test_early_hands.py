"""People who are faster than a script that still loads, or an answer that is still on its way."""

import time

from playwright.sync_api import Page, Route, expect
from sqlalchemy.orm import Session

from hostedpages.models import User
from tests import factories
from tests.browser.conftest import ACTION_MS, NewContext, sign_in, wait_until
from tests.browser.designer import choose, open_designer, preview, roof


class Held:
    """A file of the product that arrives only when it is let go."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._route: Route | None = None
        page.route(f"**/{name}", self._hold)

    def _hold(self, route: Route) -> None:
        self._route = route

    def let_go(self) -> None:
        until = time.monotonic() + ACTION_MS / 1000
        while self._route is None:
            assert time.monotonic() < until, "nobody asked for it"
            self._page.wait_for_timeout(50)
        self._route.continue_()


def test_what_is_chosen_before_its_script_is_there_is_saved(
    staff_page: Page, owner: User, unit: Session
) -> None:
    form = roof(owner)
    script = Held(staff_page, "auto-save.js")
    where = f"/pages/{form.public_id}/options"
    staff_page.goto(where, wait_until="commit")
    staff_page.get_by_label("Other addresses").fill("sales@example.com")
    with staff_page.expect_response(lambda each: each.request.method == "POST") as answer:
        script.let_go()
    assert answer.value.status == 200
    unit.rollback()
    unit.refresh(form)
    assert form.draft["options"]["notify_emails"] == ["sales@example.com"]


def test_two_quick_changes_are_no_conflict_with_each_other(
    new_context: NewContext, owner: User, unit: Session
) -> None:
    form = roof(owner)
    context = new_context()
    # An answer whose text takes a while after its first line.
    context.add_init_script(
        """const read = Response.prototype.json;
        Response.prototype.json = async function () {
          window.isReading = true;
          await new Promise((go) => setTimeout(go, 1500));
          return read.call(this);
        };"""
    )
    page = sign_in(context.new_page(), owner)
    page.goto(f"/pages/{form.public_id}/options")
    page.get_by_label("Other addresses").fill("sales@example.com")
    wait_until(page, "window.isReading")
    page.get_by_label("Other addresses").fill("office@example.com")
    page.get_by_role("navigation", name="This page").get_by_text("Share").click()
    page.wait_for_url("**/share")
    unit.rollback()
    unit.refresh(form)
    assert form.draft["options"]["notify_emails"] == ["office@example.com"]


def test_a_provider_that_is_chosen_before_its_script_is_there_is_filled_in(
    staff_page: Page,
) -> None:
    script = Held(staff_page, "preset-field.js")
    staff_page.goto("/settings/mail/new?slot=account", wait_until="commit")
    staff_page.get_by_role("radio", name="Gmail").check()
    script.let_go()
    expect(staff_page.get_by_label("Server", exact=True)).to_have_value("smtp.gmail.com")
    staff_page.get_by_role("radio", name="Custom").check()
    expect(staff_page.get_by_label("Server", exact=True)).to_have_value("")


def test_what_is_selected_while_the_preview_loads_is_what_it_shows(
    new_context: NewContext, owner: User
) -> None:
    context = new_context()
    # The preview gets no frame, with which it would start, as long as the test says so.
    context.add_init_script(
        """if (window !== top)
          window.requestAnimationFrame = (draw) => {
            const look = () => (top.isHeld ? setTimeout(look, 20) : draw(0));
            setTimeout(look);
          };"""
    )
    page = open_designer(sign_in(context.new_page(), owner), roof(owner))
    choose(page, "Email")
    page.evaluate("window.isHeld = true")
    page.locator("#set-label").fill("Mail")
    expect(page.locator(".designer-stage iframe.is-loading")).to_have_count(1)
    loading = page.frame_locator(".designer-stage iframe.is-loading")
    loading.get_by_label("Mail").wait_for(state="attached")
    choose(page, "Material")
    page.evaluate("window.isHeld = false")
    expect(page.locator(".designer-stage iframe")).to_have_count(1)
    expect(preview(page).get_by_label("Material")).to_be_visible()


def test_looking_at_options_saves_nothing(staff_page: Page, owner: User) -> None:
    filled = factories.page(
        owner.account,
        factories.field("email", "Email", type="email"),
        options={
            "success_url": "https://example.com/thanks?a=b&c=d",
            "redirect_top": True,
            "base_color": "#0D6EFD",
            "pii_visibility": "mask",
            "notify_users": [owner.email],
            "notify_emails": ["sales@example.com", "office@example.com"],
            "success_message": "Thank you.\nUntil soon.",
            "allowed_frame_origins": ["https://a.example.com", "https://b.example.com"],
            "max_submissions": 100,
            "closes_at": "2027-03-01T17:00:30-05:00",
            "prefill": ["email"],
        },
    )
    posted: list[str] = []
    staff_page.on(
        "request", lambda each: posted.append(each.url) if each.method == "POST" else None
    )
    for form in (roof(owner), filled):
        staff_page.goto(f"/pages/{form.public_id}/options")
        staff_page.wait_for_timeout(1500)  # longer than typing is waited for
    assert posted == []
