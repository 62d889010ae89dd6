"""A new field type is one class in one file: everything else asks it."""

from email import message_from_bytes
from email.policy import SMTPUTF8
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hostedpages.builder.inbox.export import write_csv
from hostedpages.config import Settings
from hostedpages.delivery import worker
from hostedpages.schema.fields import TYPES
from hostedpages.schema.fields.base import FieldType
from tests import factories
from tests.people import Client, Person
from tests.visitor import Visitor


class Rating(FieldType):
    """A throw-away type: one to five stars."""

    key = "rating"
    label = "Star rating"
    icon = "star"
    operators = ("equals", "is_empty", "is_not_empty")

    def clean_text(self, text: str, field: Any) -> str:
        if text not in ("1", "2", "3", "4", "5"):
            raise ValueError(f"Please give {field.label} one to five stars.")
        return text

    def to_text(self, value: Any, field: Any) -> str:
        return "★" * int(value or 0)


@pytest.fixture(autouse=True)
def _rating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TYPES, "rating", Rating())


def test_it_is_in_palette_page_validation_mail_and_csv(
    alice: Person, client: Client, unit: Session, settings: Settings
) -> None:
    page = factories.page(
        alice.account,
        factories.field("stars", "Your stars", type="rating"),
        options={"mode": "note_only", "notify_emails": ["sales@example.org"]},
    )

    designer = alice.client.get(f"/pages/{page.public_id}/design").get_data(as_text=True)
    assert "Star rating" in designer

    visitor = Visitor(client, f"/f/{page.public_id}").open()
    refused = visitor.fill(stars="9").press()
    assert refused.status_code == 422
    assert "Please give Your stars one to five stars." in refused.get_data(as_text=True)
    assert visitor.fill(stars="4").press().status_code == 303

    worker.run_until_idle(settings)
    (file,) = settings.mail_dir.glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=SMTPUTF8)
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines()[2:4] == ["Your stars", "  ★★★★"]

    head, row = "".join(write_csv(page)).splitlines()
    assert "stars" in head.split(",")
    assert "★★★★" in row.split(",")
