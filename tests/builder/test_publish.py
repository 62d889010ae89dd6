"""Publishing: immutable versions, what changed, what is refused, history and restore."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from hostedpages import clock, db
from hostedpages.builder.editor import service as editor
from hostedpages.builder.pages import naming, service
from hostedpages.builder.pages.readiness import PublishRefused
from hostedpages.builder.settings import service as settings
from hostedpages.errors import Conflict
from hostedpages.models import Heartbeat, Page, PageVersion
from tests import factories
from tests.factories import field
from tests.people import Person

NAMED = (
    field("full_name", "Your name", binds_to="full_name", required=True),
    field("email", "Email", type="email", binds_to="email"),
)


def draft_page(person: Person, **options: object) -> Page:
    """A draft that could go live, unless the options say otherwise."""
    chosen = {"lead_source": "Website", **options}
    document = factories.document(*NAMED, options=chosen)
    return service.import_document(person.account, document)


def change(page: Page, **changes: object) -> None:
    editor.save_draft(page, {**page.draft, **changes}, page.lock_version, clock.now())


def versions(page: Page) -> list[PageVersion]:
    return list(
        db.session().scalars(
            select(PageVersion).where(PageVersion.page_id == page.id).order_by(PageVersion.number)
        )
    )


def test_publishing_makes_a_version_and_opens_the_page(bob: Person) -> None:
    page = draft_page(bob)

    response = bob.client.post(f"/pages/{page.public_id}/publish")

    assert response.status_code == 303
    version = versions(page)[0]
    assert (page.status, page.live_version_id) == ("published", version.id)
    assert version.document == page.draft
    assert version.published_by_id == bob.user.id
    assert version.lead_source_id is not None


def test_a_later_draft_never_changes_a_version(alice: Person) -> None:
    page = draft_page(alice)
    service.publish(page, alice.account, alice.user)

    change(page, title="Later")
    second = service.publish(page, alice.account, alice.user)

    assert second.number == 2
    assert [version.document.get("title") for version in versions(page)] == [
        "Get a quote",
        "Later",
    ]


def test_publishing_an_unchanged_draft_makes_no_new_version(alice: Person) -> None:
    page = draft_page(alice)

    for _ in range(3):
        service.publish(page, alice.account, alice.user)

    assert len(versions(page)) == 1


def test_a_page_that_lacks_something_is_refused_with_every_reason(alice: Person) -> None:
    page = service.import_document(alice.account, factories.document(field("a", "")))

    with pytest.raises(PublishRefused) as refused:
        service.publish(page, alice.account, alice.user)

    paths = [problem.path for problem in refused.value.problems]
    assert "options.lead_source" in paths
    assert "elements[0].label" in paths
    assert versions(page) == []


def test_each_reason_links_to_its_place(alice: Person) -> None:
    page = service.import_document(alice.account, factories.document(field("a", "")))

    response = alice.client.post(f"/pages/{page.public_id}/publish")

    shown = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f"/pages/{page.public_id}/options#lead_source" in shown
    assert f"/pages/{page.public_id}/design#element-0" in shown


@pytest.mark.parametrize("active", [True, False])
def test_a_lead_source_that_is_gone_or_off_is_refused(alice: Person, active: bool) -> None:
    page = draft_page(alice)
    name = "Website" if not active else "Somewhere else"
    with db.transaction() as session:
        source = naming.source_by_name(session, alice.account, "Website")
        assert source is not None
        source.active = active
        source.name, source.name_key = name, name.casefold()

    with pytest.raises(PublishRefused):
        service.publish(page, alice.account, alice.user)


def test_a_renamed_lead_source_goes_on_in_the_drafts_that_name_it(alice: Person) -> None:
    page = draft_page(alice)
    source = naming.source_by_name(db.session(), alice.account, "Website")
    assert source is not None

    settings.change_source(source, name="Our site", action_plan=None)
    version = service.publish(page, alice.account, alice.user)

    assert page.draft["options"]["lead_source"] == "Our site"
    assert version.lead_source_id == source.id


def test_a_plan_that_is_not_ready_warns_and_does_not_hold_up(alice: Person) -> None:
    factories.plan(alice.account, name="Spring", state="draft")
    page = draft_page(alice, action_plan="Spring")

    asked = alice.client.get(f"/pages/{page.public_id}/publish").get_data(as_text=True)
    version = service.publish(page, alice.account, alice.user)

    assert "is not marked Ready" in asked
    assert version.action_plan_id is not None


def test_the_screen_says_what_changes_for_visitors(alice: Person) -> None:
    page = draft_page(alice)
    service.publish(page, alice.account, alice.user)
    change(page, elements=[*page.draft["elements"], field("phone", "Phone", type="phone")])

    shown = alice.client.get(f"/pages/{page.public_id}/publish").get_data(as_text=True)

    assert "What changes for visitors" in shown
    assert "“Phone” added" in shown
    assert "changes not published" in shown


def test_what_was_not_seen_is_not_published(alice: Person) -> None:
    page = draft_page(alice)
    seen = page.lock_version
    change(page, title="From another window")

    with pytest.raises(Conflict):
        service.publish(page, alice.account, alice.user, lock_version=seen)

    assert versions(page) == []


def test_publishing_a_paused_page_opens_it(alice: Person) -> None:
    page = draft_page(alice)
    service.publish(page, alice.account, alice.user)
    service.pause(page)

    service.publish(page, alice.account, alice.user)

    assert page.status == "published"


def test_an_old_version_becomes_the_draft_under_todays_name(alice: Person) -> None:
    page = draft_page(alice)
    service.publish(page, alice.account, alice.user)
    change(page, title="Second", elements=list(NAMED[:1]))
    service.rename(page, alice.account, "Renamed")

    response = alice.client.post(f"/pages/{page.public_id}/versions/1/restore")

    assert response.status_code == 303
    assert len(page.draft["elements"]) == 2
    assert (page.draft["title"], page.draft["name"]) == ("Get a quote", "Renamed")
    assert len(versions(page)) == 1


def test_history_lists_versions_with_their_submissions(alice: Person) -> None:
    page = draft_page(alice)
    service.publish(page, alice.account, alice.user)
    factories.submission(page)

    shown = alice.client.get(f"/pages/{page.public_id}/versions").get_data(as_text=True)

    assert "Version 1" in shown
    assert "Alice Adams" in shown


def test_a_version_is_drawn_by_the_renderer_for_our_frame_alone(alice: Person) -> None:
    page = draft_page(alice)
    service.publish(page, alice.account, alice.user)
    change(page, title="Later")

    response = alice.client.get(f"/pages/{page.public_id}/versions/1/view")

    policy = response.headers["Content-Security-Policy"]
    assert "Get a quote" in response.get_data(as_text=True)
    assert "frame-ancestors 'self'" in policy
    assert "form-action 'none'" in policy


def test_a_version_that_was_never_made_is_not_there(alice: Person) -> None:
    page = draft_page(alice)

    for number in (7, 2**31, 10**30):
        address = f"/pages/{page.public_id}/versions/{number}"
        assert alice.client.get(address).status_code == 404


def test_a_stranger_publishes_nothing_of_alices(alice: Person, charlie: Person) -> None:
    page = draft_page(alice)

    response = charlie.client.post(f"/pages/{page.public_id}/publish")

    assert response.status_code == 404
    assert versions(page) == []


def test_a_silent_worker_shows_a_banner(alice: Person) -> None:
    factories.store(Heartbeat(name="worker", at=clock.now() - timedelta(minutes=2, seconds=5)))

    shown = alice.client.get("/pages").get_data(as_text=True)

    assert "The worker has not run for 2 minutes" in shown


def test_a_running_worker_shows_none(alice: Person, app: Flask) -> None:
    factories.store(Heartbeat(name="worker", at=clock.now()))

    assert "has not run" not in alice.client.get("/pages").get_data(as_text=True)
