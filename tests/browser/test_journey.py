"""From the first sign-in to the stopped plan: the whole job, done as people do it.

Everything is done and asked on the screen; beside it only mails and the exported file are read.
"""

import csv
import re
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages import clock
from hostedpages.accounts import service as accounts
from hostedpages.builder.pages import service as pages
from hostedpages.models import Account, Delivery, Submission
from tests import factories
from tests.browser.conftest import NewContext, Site, follow
from tests.browser.designer import choose, drag, row
from tests.browser.visitor import (
    Person,
    ask_for_something_else,
    field,
    say_who_is_asking,
    tell_the_job,
)
from tests.servers import OtherSite

ANN = Person("Ann", "Lee", "ann.lee@example.com", "A copper bay window")
BEN = Person("Ben", "O’Hara", "ben@example.com", "A cupola <with> a vane")
SALES = "sales@example.com"
MORE = {"Your company": "Lee & Daughters", "When may we come?": "2027-03-01"}


def test_from_the_first_sign_in_to_the_stopped_plan(
    site: Site, unit: Session, new_context: NewContext, other_origin: OtherSite, tmp_path: Path
) -> None:
    account = factories.account(name="Our company")
    owner = factories.user(account, name="")
    _plan(account)
    staff = new_context().new_page()

    staff.goto(accounts.one_time_link(owner))
    staff.get_by_role("button", name="Sign in as").click()
    staff.get_by_label("Your name").fill("Maria Marquez")
    staff.get_by_label("Your business").fill("Northside Roofing")
    staff.get_by_label("Time zone").select_option(label="Mountain · Denver")
    staff.get_by_role("button", name="Continue to templates").click()
    staff.get_by_role("button", name="Estimate request").click()

    _design(staff)
    _choose_options(staff)
    _publish(staff)
    address, snippet = _share(staff)

    _fill_in_on_the_page(new_context().new_page(), address)
    _fill_in_in_a_frame(new_context(), other_origin.put("index.html", _host_page(snippet)))

    _wait_until_delivered(account, unit, count=4)
    _read_the_results(staff, account, unit)
    _read_the_log(staff)
    _export(staff, tmp_path)
    _read_the_notification(site)
    _stop_the_plan(staff)


def _plan(account: Account) -> None:
    thanks = {"subject": "Thank you, {{contact.first_name}}", "body": "We will call you."}
    later = {"subject": "Did we reach you, {{contact.first_name}}?", "body": "Simply answer."}
    factories.plan(
        account,
        {"kind": "email", "delay_amount": 0, "delay_unit": "minutes", "settings": thanks},
        {"kind": "email", "delay_amount": 3, "delay_unit": "days", "settings": later},
        name="New estimate",
    )


def _design(staff: Page) -> None:
    staff.wait_for_selector("#designer[data-ready]")
    staff.wait_for_selector(".designer-stage.is-ready")
    palette = staff.locator("[data-part=palette] .palette-item")
    drag(staff, palette.filter(has_text="Company"), row(staff, "Email"), side="before")
    expect(row(staff, "Company")).to_be_visible()

    # The second one without the mouse: find it, name it, make it required.
    row(staff, "ZIP code").locator(".row-name").focus()
    staff.keyboard.press("Enter")
    staff.keyboard.press("Escape")
    staff.keyboard.press("/")
    staff.keyboard.type("date")
    staff.keyboard.press("Enter")
    expect(staff.locator("#set-label")).to_be_focused()
    staff.keyboard.type("When may we come?")
    required = staff.get_by_label("Required", exact=True)
    for _ in range(3):
        staff.keyboard.press("Tab")
        if required.evaluate("box => box === document.activeElement"):
            break
    staff.keyboard.press("Space")
    expect(required).to_be_checked()

    choose(staff, "Company")
    staff.locator("#set-label").fill("Your company")
    required.check()
    tools = staff.locator(".designer-tools")
    tools.get_by_role("button", name="Undo").click()
    expect(required).not_to_be_checked()
    tools.get_by_role("button", name="Redo").click()
    expect(required).to_be_checked()
    expect(staff.locator("[data-save-state]")).to_have_text("Saved")


def _choose_options(staff: Page) -> None:
    follow(staff, _tab(staff, "Options"))
    staff.get_by_text("Make a new lead source").click()
    staff.get_by_label("Name of the new lead source").fill("Van lettering")
    follow(staff, staff.get_by_role("button", name="Make and use it"))
    expect(staff.get_by_label("Lead source", exact=True)).to_have_value("Van lettering")
    staff.get_by_label("Action plan").select_option(label="New estimate")
    staff.get_by_label("Other addresses").fill(SALES)
    # No waiting: a link is followed when all is saved.


def _publish(staff: Page) -> None:
    main = staff.get_by_role("main")
    staff.get_by_role("link", name="Publish").click()
    expect(main).to_contain_text("First version: 14 fields on 2 screens")
    main.get_by_role("button", name="Publish").click()
    expect(staff.locator("#page-state")).to_have_text("Live v1")

    _tab(staff, "Design").click()
    choose(staff, "Describe the job")
    staff.locator("#set-help").fill("Size, material, age.")
    expect(staff.locator("[data-save-state]")).to_have_text("Saved")
    staff.get_by_role("link", name="Publish").click()
    expect(main.get_by_role("listitem")).to_have_text("Field “Describe the job”: help text changed")
    main.get_by_role("button", name="Publish version 2").click()
    expect(staff.locator("#page-state")).to_have_text("Live v2")


def _share(staff: Page) -> tuple[str, str]:
    """The address of the page, and the script that puts it into another site."""
    _tab(staff, "Share").click()
    return (
        staff.locator("#address").inner_text(),
        staff.locator("#snippet-script").inner_text(),
    )


def _fill_in_on_the_page(page: Page, address: str) -> None:
    page.goto(f"{address}?utm_source=van")
    expect(field(page, "What is it?")).to_be_hidden()
    ask_for_something_else(page)
    expect(page.locator("#progress")).to_contain_text("Step 1 of 2")
    tell_the_job(page, ANN)
    expect(page.locator("#progress")).to_contain_text("Step 2 of 2")
    say_who_is_asking(page, ANN, MORE)


def _host_page(snippet: str) -> str:
    return f"<!doctype html><html lang=en><title>Roofs</title><h1>Roofs</h1>{snippet}</html>"


def _fill_in_in_a_frame(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    context.new_cdp_session(page).send(
        "Network.setCookieControls", {"enableThirdPartyCookieRestriction": True}
    )
    page.goto(address)
    frame = page.frame_locator("iframe")
    expect(field(frame, "What do you need done?")).to_be_visible()
    _wait_until_it_fits(page)
    before = _height(page)
    ask_for_something_else(frame)
    expect(field(frame, "What is it?")).to_be_visible()
    page.wait_for_function(
        "(old) => document.querySelector('iframe').clientHeight > old", arg=before
    )
    _wait_until_it_fits(page)
    tell_the_job(frame, BEN)
    _wait_until_it_fits(page)
    say_who_is_asking(frame, BEN, MORE)
    assert page.url == address
    assert context.cookies() == []


def _height(page: Page) -> int:
    height: int = page.locator("iframe").evaluate("frame => frame.clientHeight")
    return height


def _wait_until_it_fits(page: Page) -> None:
    """Until the frame is as high as the form in it: nothing to scroll, nothing left empty."""
    body = page.frame_locator("iframe").locator("body")
    inside = """body => [
      Math.ceil(body.getBoundingClientRect().height),
      document.documentElement.scrollHeight <= innerHeight,
    ]"""
    until = time.monotonic() + 60
    while (found := body.evaluate(inside)) != [_height(page), True]:
        assert time.monotonic() < until, f"{found} in a frame of {_height(page)}"
        page.wait_for_timeout(100)


def _wait_until_delivered(account: Account, unit: Session, *, count: int) -> None:
    """Until the worker has sent what is due. The screens say it when they are opened next."""
    wanted = select(func.count()).where(
        Delivery.account_id == account.id, Delivery.state == "delivered"
    )
    until = time.monotonic() + 120
    while unit.scalar(wanted) < count:
        assert time.monotonic() < until, "the worker did not deliver"
        unit.rollback()
        time.sleep(0.1)


def _read_the_results(staff: Page, account: Account, unit: Session) -> None:
    follow(staff, _tab(staff, "Results"))
    table = staff.get_by_role("region", name="Submissions")
    expect(table.get_by_role("link")).to_have_text([BEN.full_name, ANN.full_name])
    table.get_by_role("link", name=ANN.full_name).click()
    panel = staff.locator("aside.side")
    expect(panel.get_by_role("heading", name=ANN.full_name)).to_be_visible()
    told = _told(panel.get_by_role("region", name="Answers"))
    assert told == {
        "What do you need done?": "Something else",
        "What is it?": ANN.job,
        "How soon?": "Within a month",
        "Describe the job": "One copper bay,\nabout 30 years old.",
        **ANN.answers,
        "Your company": "Lee & Daughters",
        "When may we come?": told["When may we come?"],
        "You may text me about this request. Message and data rates may apply; "
        "I can stop at any time.": "Yes",
    }
    assert "2027" in told["When may we come?"]
    deliveries = panel.get_by_role("region", name="Deliveries").get_by_role("listitem")
    expect(deliveries).to_have_count(3)
    expect(deliveries.filter(has_text=SALES)).to_contain_text("Written to a folder")
    expect(deliveries.filter(has_text="Thank you, Ann")).to_contain_text("Written to a folder")
    expect(deliveries.filter(has_text="Did we reach you")).to_contain_text(
        f"Waiting until {_due(account, unit)}"
    )


def _told(answers: Locator) -> dict[str, str]:
    labels = answers.locator("dt").all_inner_texts()
    return dict(zip(labels, answers.locator("dd").all_inner_texts(), strict=True))


def _due(account: Account, unit: Session) -> str:
    """When Ann's second step is due, as people in Denver say it."""
    unit.rollback()
    due = unit.scalars(
        select(Delivery.due_at)
        .where(Delivery.account_id == account.id, Delivery.state == "pending")
        .order_by(Delivery.due_at)
    ).first()
    assert due is not None
    local = due.astimezone(ZoneInfo("America/Denver"))
    year = "" if local.year == clock.now().astimezone(local.tzinfo).year else f", {local:%Y}"
    hour = f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"
    return f"{local:%a, %b} {local.day}{year}, {hour} {local:%Z}"


def _read_the_log(staff: Page) -> None:
    staff.get_by_role("navigation", name="Main").get_by_role("link", name="Deliveries").click()
    log = staff.get_by_role("table", name="Deliveries").locator("tbody tr")
    expect(log).to_have_count(6)
    expect(log.filter(has_text="Written to a folder")).to_have_count(4)
    expect(log.filter(has_text="Waiting until").filter(has_text="Did we reach you")).to_have_count(
        2
    )


def _export(staff: Page, folder: Path) -> None:
    staff.get_by_role("navigation", name="Main").get_by_role("link", name="Pages").click()
    staff.get_by_role("link", name="Free estimate").click()
    _tab(staff, "Results").click()
    with staff.expect_download() as download:
        staff.get_by_role("link", name="Export these as CSV").click()
    file = folder / "results.csv"
    download.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [each["email"] for each in rows] == [ANN.email, BEN.email]
    assert [each["service_other"] for each in rows] == [ANN.job, BEN.job]
    assert [each["version"] for each in rows] == ["2", "2"]
    assert [each["utm_source"] for each in rows] == ["van", ""]


def _read_the_notification(site: Site) -> None:
    mails = {str(mail["Reply-To"] or ""): mail for mail in site.wait_for_mail(SALES, count=2)}
    for person in (ANN, BEN):
        mail = next(mail for sender, mail in mails.items() if person.email in sender)
        assert person.full_name in str(mail["Subject"])
        body = mail.get_body(("plain",))
        assert body is not None
        text = re.sub(r"\s+", " ", body.get_content())
        told = {
            "What do you need done?": "Something else",
            "What is it?": person.job,
            "How soon?": "Within a month",
            "Describe the job": "One copper bay, about 30 years old.",
            **person.answers,
            "Your company": "Lee & Daughters",
        }
        for label, answer in told.items():
            assert f"{label} {answer}" in text


def _stop_the_plan(staff: Page) -> None:
    staff.get_by_role("navigation", name="Main").get_by_role("link", name="Plans").click()
    staff.get_by_role("link", name="New estimate").click()
    staff.get_by_role("navigation", name="This plan").get_by_role("link", name="People").click()
    staff.get_by_role("button", name=f"Stop the plan for {ANN.full_name}").click()
    ann = staff.locator("tbody tr").filter(has_text=ANN.full_name)
    expect(ann).to_contain_text("Stopped")
    expect(staff.locator("tbody tr").filter(has_text=BEN.full_name)).to_contain_text("Did we reach")
    staff.get_by_role("navigation", name="Main").get_by_role("link", name="Leads").click()
    staff.get_by_role("link", name=ANN.full_name).click()
    deliveries = staff.locator("aside.side").get_by_role("region", name="Deliveries")
    later = deliveries.get_by_role("listitem").filter(has_text="Did we reach you")
    expect(later).to_contain_text("Canceled")


def _tab(staff: Page, name: str) -> Locator:
    return staff.get_by_role("navigation", name="This page").get_by_role("link", name=name)


def test_without_scripts_the_same_answers_are_stored(
    unit: Session, new_context: NewContext
) -> None:
    account = factories.account(name="Northside Roofing")
    factories.lead_source(account, name="Website")
    stored = []
    for has_scripts in (True, False):
        form = pages.create_from_template(account, "estimate")
        pages.publish(form, account, None)
        page = new_context(java_script_enabled=has_scripts).new_page()
        page.goto(f"/f/{form.public_id}")
        ask_for_something_else(page)
        if not has_scripts:
            # The rule is asked on the way: the question comes before the next screen does.
            expect(field(page, "What is it?")).to_be_hidden()
            page.get_by_role("button", name="Next").click()
        tell_the_job(page, ANN)
        say_who_is_asking(page, ANN)
        unit.rollback()
        stored.append(
            unit.scalars(select(Submission.answers).where(Submission.page_id == form.id)).one()
        )
    with_scripts, without = stored
    assert len(with_scripts) == 12
    assert without == with_scripts
