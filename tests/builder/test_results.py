"""Results and leads: figures, lists, one submission, quarantine, exports."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from hostedpages import db
from hostedpages.builder.inbox import export
from hostedpages.clock import FrozenClock
from hostedpages.models import Contact, Delivery, Page, PageDay, Submission
from tests import factories, people
from tests.factories import field
from tests.people import Person

FORM = (
    field("full_name", "Your name", binds_to="full_name"),
    field("email", "Email", type="email", binds_to="email"),
    field(
        "material",
        "Material",
        type="select",
        choices=[{"value": "m", "label": "Metal"}, {"value": "t", "label": "Tile"}],
    ),
    field("note", "Anything else?", type="textarea"),
)
MARIA = {"full_name": "Maria Gonzalez", "email": "maria@example.org", "material": "m"}


def a_page(person: Person, **values: object) -> Page:
    return factories.page(person.account, *FORM, **values)


def results(person: Person, page: Page, query: str = "") -> str:
    response = person.client.get(f"/pages/{page.public_id}/results{query}")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def exported(page: Page) -> list[dict[str, str]]:
    return rows_of("".join(export.write_csv(page)))


def test_a_page_without_answers_says_what_will_be_here(alice: Person) -> None:
    assert "No answers yet" in results(alice, a_page(alice))
    assert "Publish" in results(alice, a_page(alice, published=False))


def test_figures_count_the_last_thirty_days_and_all(alice: Person, clock: FrozenClock) -> None:
    page = a_page(alice)
    today = date(2026, 3, 3)
    for day, views in ((today, 20), (today - timedelta(days=29), 20), (date(2025, 1, 1), 60)):
        factories.store(
            PageDay(
                account_id=page.account_id, page_id=page.id, day=day, views=views, starts=views // 2
            )
        )
    factories.submission(page)
    factories.submission(page, created_at=clock.at - timedelta(days=60))
    factories.submission(page, spam_reasons=["Too fast."])

    shown = results(alice, page)

    for figure in ("<dd>40</dd>", "<dd>20</dd>", "<dd>1</dd>", "<dd>2.5 %</dd>"):
        assert figure in shown
    assert "100 in all" in shown
    assert "2.0 % in all" in shown


def test_a_day_is_one_of_the_accounts_calendar(alice: Person, clock: FrozenClock) -> None:
    page = a_page(alice)
    # Half past one at night in UTC is the evening before in New York.
    late = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    factories.submission(page, answers=MARIA, created_at=late)

    assert "Maria Gonzalez" in results(alice, page, "?from=2026-03-01&to=2026-03-01")
    assert "Maria Gonzalez" not in results(alice, page, "?from=2026-03-02")


def test_answers_are_shown_in_words_of_the_visitor(bob: Person) -> None:
    page = a_page(bob)
    factories.submission(page, answers=MARIA)

    shown = results(bob, page)

    assert "Maria Gonzalez" in shown
    assert "Metal" in shown


def test_chosen_columns_stand_in_the_address(alice: Person) -> None:
    page = a_page(alice)
    factories.submission(page, answers={**MARIA, "note": "Please call"}, plan_note="Plan started")

    shown = results(alice, page, "?column=note&column=_plan")

    assert "Please call" in shown
    assert "Plan started" in shown
    assert "maria@example.org" not in shown


def test_search_finds_what_was_answered(alice: Person) -> None:
    page = a_page(alice)
    factories.submission(page, answers=MARIA, search_text="maria gonzalez metal")

    assert "Maria Gonzalez" in results(alice, page, "?q=METAL+gonz")
    assert "No answer fits" in results(alice, page, "?q=tile")


def test_lists_are_cut_at_ten_or_as_many_as_was_chosen(alice: Person) -> None:
    page = a_page(alice)
    for _ in range(11):
        factories.submission(page, answers=MARIA)

    assert "1 to 10 of 11 submissions" in results(alice, page)
    assert "1 to 11 of 11 submissions" in results(alice, page, "?size=25")
    assert "11 to 11 of 11 submissions" in results(alice, page, "?page=99")


def test_one_submission_keeps_the_labels_of_its_version(alice: Person) -> None:
    page = a_page(alice)
    old = factories.submission(page, answers=MARIA)
    with db.transaction():
        page.draft = factories.document(field("material", "Roof type"), name=page.name)
    factories.publish(page)

    shown = alice.client.get(f"/leads/{old.public_id}").get_data(as_text=True)

    assert "Material" in shown
    assert "Roof type" not in shown
    assert "version 1" in shown
    assert "1 not answered" in shown


def test_one_submission_shows_its_deliveries(alice: Person) -> None:
    page = a_page(alice)
    submission = factories.submission(page, answers=MARIA)
    factories.store(
        Delivery(
            account_id=page.account_id,
            kind="email",
            state="failed",
            due_at=submission.created_at,
            payload={},
            recipient="maria@example.org",
            summary="Welcome",
            error="550 no such user",
            submission_id=submission.id,
        )
    )

    shown = alice.client.get(f"/leads/{submission.public_id}").get_data(as_text=True)

    assert "Welcome" in shown
    assert "550 no such user" in shown


def test_the_panel_is_the_same_submission_without_the_page_around(alice: Person) -> None:
    submission = factories.submission(a_page(alice), answers=MARIA)

    shown = alice.client.get(f"/leads/{submission.public_id}?part=1").get_data(as_text=True)

    assert shown.lstrip().startswith('<aside class="side"')
    assert "Maria Gonzalez" in shown


def test_an_answer_that_its_type_no_longer_reads_is_shown_as_stored(alice: Person) -> None:
    page = factories.page(alice.account, field("budget", "Budget", type="currency"))
    submission = factories.submission(page, answers={"budget": "a lot", "gone": "kept"})

    shown = alice.client.get(f"/leads/{submission.public_id}").get_data(as_text=True)

    assert "a lot" in shown
    assert "kept" in shown


def test_answers_are_never_markup(alice: Person) -> None:
    page = a_page(alice)
    submission = factories.submission(page, answers={"full_name": "<img src=x onerror=alert(1)>"})

    for shown in (
        results(alice, page),
        alice.client.get(f"/leads/{submission.public_id}").get_data(as_text=True),
    ):
        assert "<img src=x" not in shown


def test_leads_of_all_pages_stand_in_one_list(alice: Person, charlie: Person) -> None:
    for name in ("Roof", "Windows"):
        factories.submission(a_page(alice, name=name), answers={"full_name": f"For {name}"})
    factories.submission(a_page(charlie), answers={"full_name": "Not hers"})

    shown = alice.client.get("/leads").get_data(as_text=True)

    assert "For Roof" in shown
    assert "For Windows" in shown
    assert "Not hers" not in shown


def test_quarantine_shows_its_reasons_and_is_not_among_the_leads(alice: Person) -> None:
    page = a_page(alice)
    factories.submission(page, answers=MARIA, spam_reasons=["The answers hold 9 links."])

    assert "Maria Gonzalez" not in results(alice, page)
    shown = results(alice, page, "?show=quarantine")
    assert "The answers hold 9 links." in shown
    assert "Not spam" in shown


def test_not_spam_makes_the_lead_that_was_promised(bob: Person) -> None:
    page = a_page(bob)
    suspect = factories.submission(page, answers=MARIA, spam_reasons=["Too fast."])

    bob.client.post(f"/leads/{suspect.public_id}/release")
    again = bob.client.post(f"/leads/{suspect.public_id}/release")

    assert suspect.released_at is not None
    assert db.session().scalars(select(Contact.email)).all() == ["maria@example.org"]
    assert again.status_code == 303
    assert "Maria Gonzalez" in results(bob, page)


def test_a_salesperson_reads_and_releases_nothing(app: Flask, alice: Person) -> None:
    sam = people.signed_in(app, factories.user(alice.account, role="salesperson"))
    suspect = factories.submission(a_page(alice), answers=MARIA, spam_reasons=["Too fast."])

    assert sam.client.get(f"/leads/{suspect.public_id}").status_code == 200
    assert sam.client.post(f"/leads/{suspect.public_id}/release").status_code == 403


def test_a_stranger_finds_no_results(alice: Person, charlie: Person) -> None:
    page = a_page(alice)
    submission = factories.submission(page, answers=MARIA)

    for path in (
        f"/pages/{page.public_id}/results",
        f"/pages/{page.public_id}/results.csv",
        f"/leads/{submission.public_id}",
    ):
        assert charlie.client.get(path).status_code == 404


def test_every_stored_value_is_in_the_export(alice: Person) -> None:
    page = a_page(alice)
    factories.submission(
        page,
        answers=MARIA,
        context={
            "utm": {"utm_source": "mail", "utm_campaign": "spring"},
            "click": {"gclid": "g1"},
            "landing": "https://example.com/a",
            "referrer": "https://example.com/b",
        },
        plan_note="Plan started",
    )

    row = exported(page)[0]

    assert row["full_name"] == "Maria Gonzalez"
    assert row["material"] == "Metal"
    assert (row["utm_source"], row["utm_campaign"], row["gclid"]) == ("mail", "spring", "g1")
    assert (row["landing"], row["referrer"]) == ("https://example.com/a", "https://example.com/b")
    assert (row["version"], row["plan"]) == ("1", "Plan started")


def test_columns_come_from_the_versions_whatever_was_answered(alice: Person) -> None:
    page = a_page(alice)
    factories.submission(page, answers={})
    with db.transaction():
        page.draft = factories.document(field("roof", "Roof"), name=page.name)
    factories.publish(page)

    columns = set(exported(page)[0])

    assert {"full_name", "email", "material", "note", "roof", "utm_source"} <= columns


def test_a_field_called_like_one_of_our_columns_keeps_its_own(alice: Person) -> None:
    page = factories.page(alice.account, field("version", "Which version?"))
    factories.submission(page, answers={"version": "mine"})

    row = exported(page)[0]

    assert (row["version"], row["answer_version"]) == ("1", "mine")


def test_a_long_export_has_each_row_once_and_in_order(alice: Person) -> None:
    page = a_page(alice)
    with db.transaction():
        for number in range(export.CHUNK + 3):
            factories.submission(page, answers={"note": str(number)})

    assert [row["note"] for row in exported(page)] == [str(n) for n in range(export.CHUNK + 3)]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        " =1+1",
        "\t=1",
        "+1 555 0100",
        "-2",
        "@SUM(A1)",
        "\uff1d1",
        '"=1"',
        ";=1",
        "\r=1",
        "\x00=1",
        "'quoted",
        "=HYPERLINK(1)",
    ],
)
def test_no_spreadsheet_calculates_a_cell(text: str) -> None:
    cell = export.safe_cell(text)

    assert cell == f"'{text}"
    assert cell[1:] == text


@pytest.mark.parametrize("text", ["", "Maria", "a=b", "12.5", "tile, metal", "(212) 555-0123"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert export.safe_cell(text) == text


def test_any_answer_comes_back_out_of_the_file(alice: Person) -> None:
    page = a_page(alice)
    nasty = 'a "quote", a comma; a\nline and ünïcode 😀'
    factories.submission(page, answers={"note": nasty})

    assert exported(page)[0]["note"] == nasty


def test_the_download_follows_the_filters(alice: Person) -> None:
    page = a_page(alice, slug="roof")
    factories.submission(page, answers={"note": "one"}, search_text="one")
    factories.submission(page, answers={"note": "two"}, search_text="two")
    factories.submission(page, answers={"note": "spam"}, spam_reasons=["Too fast."])

    response = alice.client.get(f"/pages/{page.public_id}/results.csv?q=two")

    text = response.data.decode("utf-8-sig")
    assert [row["note"] for row in rows_of(text)] == ["two"]
    assert response.headers["Content-Disposition"].startswith('attachment; filename="roof-')


def test_json_lines_hold_answers_as_stored(alice: Person) -> None:
    page = a_page(alice)
    made = factories.submission(page, factories.contact(alice.account), answers=MARIA)

    (line,) = list(export.write_jsonl(page))

    row = json.loads(line)
    assert row["answers"] == MARIA
    assert row["public_id"] == made.public_id
    assert row["contact"] == db.session().get_one(Submission, made.id).contact.public_id


def test_a_name_of_hundreds_of_letters_is_shown(alice: Person) -> None:
    page = a_page(alice)
    factories.submission(page, answers={"full_name": "W" * 300, "note": "n" * 5000})

    assert "W" * 300 in results(alice, page)
