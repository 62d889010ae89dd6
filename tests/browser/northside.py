"""A roofing company that has used the product for a while: rows for the tests that look at screens.

Must never be what a test of behavior relies on: those make the few rows they speak of.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import hostedpages
from hostedpages import clock
from hostedpages.builder.pages import service as pages
from hostedpages.models import (
    Account,
    ActionPlan,
    Alarm,
    Contact,
    Delivery,
    LeadSource,
    Page,
    PageDay,
    Submission,
    User,
)
from tests import factories

DEMO = Path(hostedpages.__file__).parent / "demo_page.json"
LONG_NAME = "Estimate for Metal Roofs, Standing Seam, in Saint Johnsbury and the Northeast Kingdom"
WISH = (
    "Two slipped tiles above the kitchen, and a stain on the ceiling that grows. Photos: "
    "example.com/llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch/the-whole-north-side"
)
# First name, last name, address, material, budget.
PEOPLE = [
    ("Ann", "Lee", "ann.lee@example.com", "tile", "12000.00"),
    ("José Miguel", "Fernández-Villaverde de la Vega", "jm@example.com", "metal", "950.00"),
    ("Wei", "陈", "wei@example.com", "shingle", None),
    (
        "Bartholomew",
        "Featherstonehaugh-Cholmondeley",
        "bartholomew.featherstonehaugh.cholmondeley@long-subdomain.mail.example.com",
        "unknown",
        "1250000.00",
    ),
    ("נועה", "לוי", "noa@example.com", "tile", "8400.00"),
]


@dataclass
class Northside:
    """What screens are made of."""

    account: Account
    owner: User
    newcomer: User
    page: Page
    draft: Page
    walk: Page
    closed: Page
    plan: ActionPlan
    failed: Delivery
    lead: Submission


def made() -> Northside:
    """Store everything. Needs an open unit."""
    account = factories.account(name="Northside Roofing")
    owner = factories.user(
        account, name="Alice Adams", password_hash="no password fits this", gets_new_leads=True
    )
    factories.user(account, name="Bob Brown", role="standard", password_hash="nor this")
    factories.user(account, name="", role="salesperson")
    plan = _plan(account)
    source = factories.lead_source(account, name="Website", action_plan_id=plan.id)
    factories.lead_source(account, name="Home show", active=False)
    demo = json.loads(DEMO.read_text("utf-8"))
    page = _page(account, demo)
    draft = _page(account, demo, LONG_NAME, publish=False)
    walk = _page(account, _several_screens(demo), "Inspection")
    closed = _page(account, demo, "Winter offer")
    pages.pause(closed)
    leads = _leads(account, page, source)
    return Northside(
        account=account,
        owner=owner,
        newcomer=factories.user(factories.account(name="Our company"), name=""),
        page=page,
        draft=draft,
        walk=walk,
        closed=closed,
        plan=plan,
        failed=_deliveries(account, page, plan, leads),
        lead=leads[0],
    )


def _page(
    account: Account, document: dict[str, Any], name: str = "", *, publish: bool = True
) -> Page:
    if name:
        slug = name.split(",")[0].lower().replace(" ", "-")
        document = {**document, "name": name, "title": name, "slug": slug}
    return pages.import_document(account, json.dumps(document).encode(), publish=publish)


def _several_screens(document: dict[str, Any]) -> dict[str, Any]:
    elements = list(document["elements"])
    elements.insert(6, {"kind": "separator", "title": "Your roof"})
    last = factories.field("referred_by", "Who told you about us?")
    return {**document, "elements": [*elements, {"kind": "separator", "title": "Last"}, last]}


def _plan(account: Account) -> ActionPlan:
    thanks = {"subject": "Thank you, {{contact.first_name}}", "body": "We will call you."}
    later = {"subject": "Did we reach you, {{contact.first_name}}?", "body": "Simply answer."}
    now = {"kind": "email", "delay_amount": 0, "delay_unit": "minutes", "settings": thanks}
    days = {"kind": "email", "delay_amount": 3, "delay_unit": "days", "settings": later}
    return factories.plan(account, now, {**days, "at_time": "09:00"}, name="New estimate")


def _leads(account: Account, page: Page, source: LeadSource) -> list[Submission]:
    today = clock.now()
    leads = []
    for number, (first, last, email, material, budget) in enumerate(PEOPLE):
        contact = factories.contact(
            account, first_name=first, last_name=last, email=email, cell_phone="+12125550123"
        )
        answers = {
            "first_name": first,
            "last_name": last,
            "email": email,
            "phone": "+12125550123",
            "material": material,
            "zip": "05819",
            "budget": budget,
            "message": WISH,
        }
        lead = factories.submission(
            page,
            contact,
            lead_source_id=source.id,
            answers={key: value for key, value in answers.items() if value},
            context={"utm": {"utm_source": "google", "utm_campaign": "spring"}},
            plan_note="Plan “New estimate” started",
            search_text=f"{first} {last} {email}",
            created_at=today - timedelta(hours=7 * number),
        )
        leads.append(lead)
        day = (today - timedelta(days=3 * number)).date()
        counts = {"views": 40 - 7 * number, "starts": 12 - 2 * number}
        factories.store(PageDay(account_id=account.id, page_id=page.id, day=day, **counts))
    factories.submission(
        page,
        answers={"first_name": "CHEAP LINKS", "message": "https://a.example https://b.example"},
        spam_reasons=["The answers hold 5 links."],
    )
    return leads


def _deliveries(
    account: Account, page: Page, plan: ActionPlan, leads: list[Submission]
) -> Delivery:
    """Some of every state; gives back the one that failed."""
    first = leads[0]
    _sent(account, page, first, kind="notify_user", summary="New lead: Ann Lee")
    for lead in leads:
        contact = lead.contact
        assert contact is not None
        enrollment = factories.enrollment(plan, contact, submission_id=lead.id)
        of_plan = {"enrollment_id": enrollment.id, "contact_id": contact.id}
        _sent(account, page, lead, summary=f"Email “Thank you, {contact.first_name}”", **of_plan)
        factories.delivery(
            account,
            page_id=page.id,
            submission_id=lead.id,
            summary=f"Email “Did we reach you, {contact.first_name}?”",
            recipient=contact.email,
            due_at=clock.now() + timedelta(days=3),
            **of_plan,
        )
    unsure = _sent(account, page, leads[1], state="unknown", summary="Email “Your estimate”")
    _tried(unsure, "unknown", "Connection closed after DATA.")
    reply = "550 5.1.1 The email account that you tried to reach does not exist."
    words = {"state": "failed", "summary": "Email “Your estimate”", "error": reply}
    failed = _sent(account, page, leads[3], attempts=2, **words)
    _tried(failed, "passing", "451 4.7.1 Greylisted, please try again in 300 seconds.")
    _tried(failed, "failed", reply, number=2)
    return failed


def _sent(account: Account, page: Page, lead: Submission, **values: Any) -> Delivery:
    contact: Contact | None = lead.contact
    assert contact is not None
    given = {
        "state": "delivered",
        "recipient": contact.email,
        "contact_id": contact.id,
        "page_id": page.id,
        "submission_id": lead.id,
        "attempts": 1,
        "due_at": lead.created_at,
        "created_at": lead.created_at,
        "finished_at": lead.created_at + timedelta(seconds=1),
    }
    return factories.delivery(account, **{**given, **values})


def _tried(delivery: Delivery, outcome: str, reply: str, *, number: int = 1) -> None:
    start = delivery.created_at + timedelta(minutes=5 * (number - 1))
    end = start + timedelta(seconds=0.4)
    times = {"started_at": start, "finished_at": end}
    factories.attempt(delivery, number=number, outcome=outcome, reply=reply, **times)


def alarms(northside: Northside) -> None:
    """What needs a person, and what is over."""
    told = {"kind": "silent_page", "path": f"/pages/{northside.page.public_id}/results"}
    now = clock.now()
    for number, (text, details) in enumerate(
        (
            (
                f"“{LONG_NAME}” has had no lead for 4 days. In such a time it usually gets about "
                "14 leads. It was opened 212 times after that day: does sending still work?",
                {"since": (now - timedelta(days=4)).isoformat()},
            ),
            (
                "“Inspection” has had no lead for 26 hours. In such a time it usually gets about "
                "9 leads.",
                {},
            ),
            (
                "“Careers” has had no lead for 3 days. It usually gets about 6 leads in them.",
                {},
            ),
        )
    ):
        factories.store(
            Alarm(
                account_id=northside.account.id,
                subject=f"page:{number}",
                text=text,
                details=details,
                created_at=now - timedelta(hours=5),
                told_at=now - timedelta(hours=5) if number < 2 else None,
                closed_at=now - timedelta(hours=1) if number == 2 else None,
                **told,
            )
        )
