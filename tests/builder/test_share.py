"""Share: addresses, snippets, QR code, personal links."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.models import ContactLink, HistoryEntry
from tests import factories
from tests.people import Person


def share(person: Person, page_id: str, query: str = "") -> str:
    response = person.client.get(f"/pages/{page_id}/share{query}")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def links() -> list[ContactLink]:
    return list(db.session().scalars(select(ContactLink)))


def test_the_address_and_both_snippets_are_shown(bob: Person) -> None:
    page = factories.page(bob.account, slug="roof")

    shown = share(bob, page.public_id)

    assert f"http://localhost/p/{bob.account.slug}/roof" in shown
    assert f"&lt;iframe src=&#34;http://localhost/f/{page.public_id}&#34;" in shown
    assert f"data-form=&#34;{page.public_id}&#34;" in shown


def test_a_title_cannot_break_out_of_the_snippet(alice: Person) -> None:
    page = factories.page(alice.account, draft=factories.document(title='"><script>alert(1)'))

    shown = share(alice, page.public_id)

    assert "title=&#34;&amp;#34;&amp;gt;&amp;lt;script" in shown


def test_a_page_nobody_can_see_says_so(alice: Person) -> None:
    page = factories.page(alice.account, published=False)

    assert "Nobody can see this page yet." in share(alice, page.public_id)


@pytest.mark.parametrize(("extension", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_the_qr_code_comes_as_picture_and_as_download(
    alice: Person, extension: str, begins: bytes
) -> None:
    page = factories.page(alice.account, slug="roof")
    path = f"/pages/{page.public_id}/qr.{extension}"

    shown, downloaded = alice.client.get(path), alice.client.get(f"{path}?download=1")

    assert shown.data.startswith(begins)
    assert f'filename="roof-qr.{extension}"' in downloaded.headers["Content-Disposition"]


def test_no_other_kind_of_qr_code_exists(alice: Person) -> None:
    page = factories.page(alice.account)

    assert alice.client.get(f"/pages/{page.public_id}/qr.eps").status_code == 404


def test_contacts_are_found_by_any_of_their_words(alice: Person, charlie: Person) -> None:
    page = factories.page(alice.account)
    factories.contact(alice.account, first_name="Maria", last_name="Gonzalez", company_name="Acme")
    factories.contact(alice.account, first_name="Mario", last_name="Rossi")
    factories.contact(charlie.account, first_name="Maria", last_name="Gonzalez")

    answer = alice.client.get(f"/pages/{page.public_id}/contacts?q=MARI acme").get_json()

    assert [each["name"] for each in answer["contacts"]] == ["Maria Gonzalez"]
    assert "Maria Gonzalez" in share(alice, page.public_id, "?q=maria")


def test_nothing_typed_finds_nobody(alice: Person) -> None:
    page = factories.page(alice.account)
    factories.contact(alice.account)

    answer = alice.client.get(f"/pages/{page.public_id}/contacts?q=+").get_json()

    assert answer == {"contacts": []}


def test_a_personal_link_is_made_shown_and_noted(bob: Person, clock: FrozenClock) -> None:
    page = factories.page(bob.account)
    contact = factories.contact(bob.account, first_name="Maria", last_name="Gonzalez")

    made = bob.client.post(
        f"/pages/{page.public_id}/links", data={"contact": contact.public_id, "days": "30"}
    )
    shown = bob.client.get(made.location).get_data(as_text=True)

    link = links()[0]
    assert link.expires_at == clock.at + timedelta(days=30)
    assert link.created_by_id == bob.user.id
    assert "?c=" in shown
    assert contact.email not in shown.partition('id="made-link">')[2].partition("<")[0]
    entry = db.session().scalars(select(HistoryEntry)).one()
    assert "personal link" in entry.text


def test_the_link_that_was_made_opens_the_page_for_its_contact(alice: Person) -> None:
    page = factories.page(alice.account, options={"pii_visibility": "show"})
    contact = factories.contact(alice.account, first_name="Marigold")
    made = alice.client.post(
        f"/pages/{page.public_id}/links", data={"contact": contact.public_id, "days": "90"}
    )
    shown = alice.client.get(made.location).get_data(as_text=True)
    url = shown.partition('id="made-link">')[2].partition("<")[0]

    opened = alice.client.get(url).get_data(as_text=True)
    alice.client.post(f"/pages/{page.public_id}/links/{links()[0].public_id}/revoke")
    after = alice.client.get(url).get_data(as_text=True)

    assert "Marigold" in opened
    assert "Marigold" not in after


def test_an_odd_number_of_days_is_refused(alice: Person) -> None:
    page = factories.page(alice.account)
    contact = factories.contact(alice.account)

    response = alice.client.post(
        f"/pages/{page.public_id}/links", data={"contact": contact.public_id, "days": "36500"}
    )

    assert response.status_code == 422
    assert links() == []


def test_no_link_for_a_strangers_contact(alice: Person, charlie: Person) -> None:
    page = factories.page(alice.account)
    contact = factories.contact(charlie.account)

    response = alice.client.post(
        f"/pages/{page.public_id}/links", data={"contact": contact.public_id, "days": "30"}
    )

    assert response.status_code == 404
    assert links() == []


def test_a_link_of_another_page_is_not_revoked_here(alice: Person) -> None:
    mine, other = factories.page(alice.account), factories.page(alice.account)
    link = factories.contact_link(other, factories.contact(alice.account))

    response = alice.client.post(f"/pages/{mine.public_id}/links/{link.public_id}/revoke")

    assert response.status_code == 404
    assert link.revoked_at is None


def test_links_say_whether_they_work(alice: Person, clock: FrozenClock) -> None:
    page = factories.page(alice.account)
    contact = factories.contact(alice.account)
    factories.contact_link(page, contact)
    factories.contact_link(page, contact, revoked_at=clock.at)
    factories.contact_link(page, contact, expires_at=clock.at - timedelta(days=1))

    shown = share(alice, page.public_id)

    assert all(f">{state}<" in shown for state in ("Works", "Revoked", "Expired"))


def test_a_stranger_finds_no_share_screen(alice: Person, charlie: Person) -> None:
    page = factories.page(alice.account)

    for part in ("share", "qr.svg", "contacts?q=a"):
        assert charlie.client.get(f"/pages/{page.public_id}/{part}").status_code == 404
