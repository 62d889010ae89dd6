"""The list of pages, new pages, their names, and what a row's menu does."""

import io
import json

import pytest
from flask import Flask
from sqlalchemy import select

from hostedpages import db
from hostedpages.builder.pages import queries, service
from hostedpages.errors import Refused
from hostedpages.models import LeadSource, Page, PageDay
from hostedpages.schema.form_schema import DocumentError, FormSchema
from hostedpages.schema.templates import TEMPLATES
from tests import factories, people
from tests.people import Person


def text(person: Person, path: str) -> str:
    response = person.client.get(path)
    assert response.status_code == 200, path
    return response.get_data(as_text=True)


def pages_of(person: Person) -> list[Page]:
    return list(
        db.session().scalars(
            select(Page).where(Page.account_id == person.account.id).order_by(Page.id)
        )
    )


def test_an_account_without_pages_is_led_to_the_templates(alice: Person) -> None:
    shown = text(alice, "/pages")

    assert "Your first page" in shown
    assert "/pages/new" in shown


def test_the_eleventh_page_stands_on_a_second_page_of_the_list(alice: Person) -> None:
    for number in range(11):
        factories.page(alice.account, name=f"Roof {number:02}")

    first, second = text(alice, "/pages?sort=name"), text(alice, "/pages?sort=name&page=2")

    assert "1 to 10 of 11 pages" in first
    assert "Roof 09" in first
    assert "Roof 10" not in first
    assert "Roof 10" in second


def test_a_list_shows_views_submissions_and_conversion(alice: Person) -> None:
    page = factories.page(alice.account)
    factories.store(
        PageDay(account_id=alice.account.id, page_id=page.id, day=page.created_at.date(), views=8)
    )
    factories.submission(page)
    factories.submission(page, spam_reasons=["Too fast."])

    shown = text(alice, "/pages")

    assert "12.5 %" in shown


def test_search_looks_at_names_and_addresses_whatever_the_case(alice: Person) -> None:
    factories.page(alice.account, name="Spring ROOF check", slug="spring")
    factories.page(alice.account, name="Newsletter", slug="news")

    assert "Newsletter" not in text(alice, "/pages?q=roof")
    assert "Newsletter" in text(alice, "/pages?q=NEWS")
    assert "No page fits" in text(alice, "/pages?q=%25")


def test_archived_pages_are_left_out_until_they_are_asked_for(alice: Person) -> None:
    factories.page(alice.account, name="Long gone", published=False, status="archived")

    assert "Long gone" not in text(alice, "/pages")
    assert "Long gone" in text(alice, "/pages?status=archived")


@pytest.mark.parametrize("sort", queries.SORTS)
def test_every_sort_goes_both_ways(alice: Person, sort: str) -> None:
    for name in ("One", "Two"):
        factories.page(alice.account, name=name)

    down = text(alice, f"/pages?sort={sort}&dir=desc")
    up = text(alice, f"/pages?sort={sort}&dir=asc")

    assert 'aria-sort="descending"' in down
    assert 'aria-sort="ascending"' in up


def test_a_strangers_pages_are_not_in_the_list(alice: Person, charlie: Person) -> None:
    factories.page(alice.account, name="Only for Alice")

    assert "Only for Alice" not in text(charlie, "/pages?q=Alice")


def test_every_template_makes_a_page_that_can_go_live(alice: Person) -> None:
    for template in TEMPLATES:
        page = service.create_from_template(alice.account, template.key)
        if template.key != service.EMPTY:
            service.publish(page, alice.account, alice.user)

    assert len(pages_of(alice)) == len(TEMPLATES)


def test_a_new_page_opens_in_the_designer(bob: Person) -> None:
    response = bob.client.post("/pages/new", data={"template": TEMPLATES[0].key})

    page = pages_of(bob)[0]
    assert response.location == f"/pages/{page.public_id}/design"


def test_the_same_template_twice_makes_two_names_and_two_addresses(alice: Person) -> None:
    for _ in range(2):
        service.create_from_template(alice.account, TEMPLATES[0].key)

    first, second = pages_of(alice)
    assert second.name == f"{first.name} 2"
    assert second.slug == f"{first.slug}-2"
    assert second.draft["name"] == second.name


def test_an_unknown_template_is_not_there(alice: Person) -> None:
    assert alice.client.post("/pages/new", data={"template": "nothing"}).status_code == 404


def test_a_new_page_uses_the_accounts_first_lead_source(alice: Person) -> None:
    factories.lead_source(alice.account, name="Home show")

    page = service.create_from_template(alice.account, TEMPLATES[0].key)

    assert page.draft["options"]["lead_source"] == "Home show"


def test_import_makes_the_lead_source_that_it_names(alice: Person) -> None:
    document = factories.document(options={"lead_source": "Spring fair"})

    service.import_document(alice.account, document)

    names = db.session().scalars(select(LeadSource.name)).all()
    assert names == ["Spring fair"]


def test_import_refuses_an_action_plan_that_is_not_there(alice: Person) -> None:
    document = factories.document(options={"action_plan": "Nobody's plan"})

    with pytest.raises(DocumentError) as refused:
        service.import_document(alice.account, document)

    assert refused.value.problems[0].path == "options.action_plan"
    assert pages_of(alice) == []


def test_import_of_a_known_slug_makes_a_new_draft_of_that_page(alice: Person) -> None:
    first = service.import_document(alice.account, factories.document(slug="roof", name="Roof"))

    again = service.import_document(
        alice.account, factories.document(slug="roof", name="Roofs", title="Better")
    )

    assert again.id == first.id
    assert (again.name, again.draft["title"]) == ("Roofs", "Better")
    assert again.lock_version == 2


def test_import_export_import_gives_the_same_bytes(alice: Person) -> None:
    page = service.import_document(alice.account, factories.document())
    exported = service.export_bytes(page)

    again = service.import_document(alice.account, exported)

    assert service.export_bytes(again) == exported


def test_an_import_that_cannot_go_live_leaves_nothing_behind(alice: Person) -> None:
    with pytest.raises(DocumentError):
        service.import_document(
            alice.account, factories.document(options={"lead_source": "New"}), publish=True
        )

    assert pages_of(alice) == []
    assert db.session().scalars(select(LeadSource)).all() == []


def test_a_page_file_comes_in_through_the_gallery(alice: Person) -> None:
    data = {"file": (io.BytesIO(json.dumps(factories.document()).encode()), "page.json")}

    response = alice.client.post("/pages/import", data=data)

    assert response.status_code == 303
    assert pages_of(alice)[0].slug == "quote"


def test_a_broken_page_file_is_refused_with_its_path(alice: Person) -> None:
    broken = factories.document(options={"base_colour": "#fff"})
    data = {"file": (io.BytesIO(json.dumps(broken).encode()), "page.json")}

    response = alice.client.post("/pages/import", data=data)

    assert response.status_code == 422
    assert "options.base_colour" in response.get_data(as_text=True)


def test_nothing_chosen_and_too_much_are_said_in_words(alice: Person) -> None:
    none = alice.client.post("/pages/import", data={})
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    big = alice.client.post(
        "/pages/import",
        data=head + b" " * 2_000_001 + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )

    assert "Please choose a page file." in none.get_data(as_text=True)
    assert "at most 2 MB" in big.get_data(as_text=True)


def test_a_page_is_renamed_and_keeps_its_address_and_title(alice: Person) -> None:
    page = service.import_document(alice.account, factories.document(title="Roof"))

    service.rename(page, alice.account, "  Another   name ")

    schema = FormSchema.load(page.draft)
    assert (page.name, schema.name) == ("Another name", "Another name")
    assert (page.slug, schema.title) == ("quote", "Roof")


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "tAKEN"])
def test_a_name_that_is_empty_long_or_taken_is_refused(alice: Person, name: str) -> None:
    factories.page(alice.account, name="Taken")
    page = factories.page(alice.account, name="Mine")

    with pytest.raises(Refused):
        service.rename(page, alice.account, name)

    assert page.name == "Mine"


def test_a_copy_is_a_draft_with_the_same_form(bob: Person) -> None:
    page = factories.page(bob.account, name="Roof", options={"submit_label": "Go"})

    bob.client.post(f"/pages/{page.public_id}/duplicate")

    copy = pages_of(bob)[-1]
    assert (copy.name, copy.status) == ("Roof copy", "draft")
    assert copy.draft["elements"] == page.draft["elements"]
    assert copy.draft["options"]["submit_label"] == "Go"


def test_pause_resume_archive_and_restore_go_round(alice: Person) -> None:
    page = factories.page(alice.account)
    states = []
    for verb in ("pause", "resume", "archive", "restore"):
        alice.client.post(f"/pages/{page.public_id}/{verb}")
        states.append(page.status)

    assert states == ["paused", "published", "archived", "paused"]


def test_undoing_an_archive_opens_the_page_again(alice: Person) -> None:
    page = factories.page(alice.account)

    alice.client.post(f"/pages/{page.public_id}/archive")
    offered = text(alice, "/pages")
    alice.client.post(f"/pages/{page.public_id}/restore", data={"open": "1"})

    assert "Undo" in offered
    assert page.status == "published"


def test_a_page_without_answers_can_be_deleted_by_an_owner(alice: Person) -> None:
    page = factories.page(alice.account)

    asked = text(alice, f"/pages/{page.public_id}/delete")
    alice.client.post(f"/pages/{page.public_id}/delete")

    assert "Delete for good" in asked
    assert pages_of(alice) == []


def test_a_page_with_an_answer_stays(alice: Person) -> None:
    page = factories.page(alice.account)
    factories.submission(page, spam_reasons=["Even one in quarantine."])

    response = alice.client.post(f"/pages/{page.public_id}/delete")

    assert response.status_code == 422
    assert pages_of(alice) == [page]


def test_deleting_is_for_owners_and_admins(bob: Person) -> None:
    page = factories.page(bob.account)

    assert bob.client.post(f"/pages/{page.public_id}/delete").status_code == 403


def test_an_export_is_a_file_named_after_the_page(alice: Person) -> None:
    page = factories.page(alice.account, slug="roof")

    response = alice.client.get(f"/pages/{page.public_id}/export")

    assert 'filename="roof.json"' in response.headers["Content-Disposition"]
    assert response.data == service.export_bytes(page)


@pytest.mark.parametrize("back", ["//evil.example", "/pages\r\nX-Evil: 1", "/pages//evil.example"])
def test_a_rename_goes_back_only_to_our_own_pages(back: str, alice: Person) -> None:
    page = factories.page(alice.account)

    response = alice.client.post(
        f"/pages/{page.public_id}/rename", data={"name": "New", "back": back}
    )

    assert response.location == f"/pages/{page.public_id}"


def test_a_salesperson_sees_leads_and_no_pages(app: Flask, alice: Person) -> None:
    sam = people.signed_in(app, factories.user(alice.account, role="salesperson"))
    page = factories.page(alice.account)

    assert sam.client.get("/").location == "/leads"
    assert sam.client.get("/pages").status_code == 403
    assert sam.client.get(f"/pages/{page.public_id}/options").status_code == 403
    shown = text(sam, f"/pages/{page.public_id}/results")
    assert "/design" not in shown
    assert "Publish" not in shown


def test_a_markup_in_a_name_stays_text(alice: Person) -> None:
    factories.page(alice.account, name="<script>alert(1)</script>")

    shown = text(alice, "/pages")

    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown
