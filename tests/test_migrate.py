"""Data of earlier versions is brought along."""

import pytest
from alembic import command
from sqlalchemy import text

from hostedpages import db, migrate
from hostedpages.config import Settings

OLD_CONTACT = """
INSERT INTO contacts (public_id, account_id, first_name, last_name, full_name, company_name,
  job_title, email, email_key, cell_phone, home_phone, address, city, state, zip, country,
  whiteboard, sms_ok, deal_size, age, gender, birth_date, first_touch, last_touch, opted_out_at,
  email_status, needs_review, created_at, updated_at)
VALUES (:public_id, 1, '', '', '', '', '', :email, :email, '', '', '', '', '', '', '', '', :no,
  '', '', '', '', '{}', '{}', :opted_out_at, :email_status, '[]', :at, :at)
"""
OLD_ACCOUNT = """
INSERT INTO accounts (id, public_id, name, slug, time_zone, new_lead_emails, created_at)
VALUES (1, 'an-account', 'Acme', 'acme', 'UTC', '[]', '2026-03-03 12:00:00')
"""
OLD_DELIVERY = """
INSERT INTO deliveries (public_id, account_id, kind, state, due_at, payload, recipient, summary,
  attempts, fence, worker, error, receipt, created_at)
VALUES (:kind || :state, 1, :kind, :state, '2026-03-03 12:00:00', '{}', '', '', 0, 0, '', '', '',
  '2026-03-03 12:00:00')
"""


@pytest.fixture
def first_version(settings: Settings) -> Settings:
    """A database with the tables of the first version."""
    if settings.is_sqlite:
        url = f"sqlite:///{settings.data_dir / 'first.sqlite3'}"
        settings = settings.model_copy(update={"database_url": url})
    engine = db.connect(settings)
    with engine.connect().execution_options(writes=True) as connection:
        if not settings.is_sqlite:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        command.upgrade(migrate._config(connection), "0001")
        connection.commit()
    return settings


@pytest.mark.both_databases
def test_a_lead_that_waits_during_the_upgrade_goes_before_plan_mail(
    first_version: Settings,
) -> None:
    engine = db.engine()
    with engine.connect().execution_options(writes=True) as connection:
        connection.execute(text(OLD_ACCOUNT))
        for kind, state in (
            ("email", "pending"),
            ("notify_user", "delivered"),
            ("notify_user", "pending"),
        ):
            connection.execute(text(OLD_DELIVERY), {"kind": kind, "state": state})
        connection.commit()

    migrate.upgrade(engine)

    with engine.connect() as connection:
        urgent = connection.execute(text("SELECT kind, state FROM deliveries WHERE is_urgent"))
        found = [tuple(each) for each in urgent]
    engine.dispose()
    assert found == [("notify_user", "pending")]


@pytest.mark.both_databases
def test_a_contact_that_opted_out_before_is_not_written_to_after_the_upgrade(
    first_version: Settings,
) -> None:
    engine = db.engine()
    at = "2026-03-03 12:00:00"
    with engine.connect().execution_options(writes=True) as connection:
        connection.execute(text(OLD_ACCOUNT))
        for number, (email, opted_out_at, status) in enumerate(
            [
                ("stop@example.org", at, "ok"),
                ("stop@example.org", at, "ok"),
                ("dead@example.org", None, "quarantined"),
                ("fine@example.org", None, "ok"),
            ]
        ):
            values = {"public_id": f"c{number}", "email": email, "no": False, "at": at}
            connection.execute(
                text(OLD_CONTACT), {**values, "opted_out_at": opted_out_at, "email_status": status}
            )
        connection.commit()

    migrate.upgrade(engine)

    with engine.connect() as connection:
        stopped = connection.execute(
            text("SELECT address_key, kind FROM suppressed_addresses ORDER BY address_key")
        ).all()
        contacts = connection.scalar(text("SELECT count(*) FROM contacts"))
    engine.dispose()
    assert [tuple(each) for each in stopped] == [
        ("dead@example.org", "quarantined"),
        ("stop@example.org", "opted_out"),
    ]
    assert contacts == 4
