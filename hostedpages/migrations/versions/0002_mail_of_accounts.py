"""Senders, their health, sending domains, read mail, suppressed addresses, alarms."""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sender_health",
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("paused_until", TIME, nullable=True),
        sa.Column("probing_until", TIME, nullable=True),
        sa.Column("window_until", TIME, nullable=True),
        sa.Column("full_until", TIME, nullable=True),
        sa.Column("connections", sa.Integer(), nullable=False),
        sa.Column("problem_kind", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("failing_since", TIME, nullable=True),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_health")),
        sa.UniqueConstraint("sender_id", name=op.f("uq_sender_health_sender_id")),
    )
    op.create_table(
        "alarms",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("told_at", TIME, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_alarms_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("public_id", name=op.f("uq_alarms_public_id")),
    )
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarms_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            "uq_alarms_open",
            ["account_id", "kind", "subject"],
            unique=True,
            sqlite_where=sa.text("closed_at is null"),
            postgresql_where=sa.text("closed_at is null"),
        )

    op.create_table(
        "sending_domains",
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("from_email", sa.String(length=254), nullable=False),
        sa.Column("from_name", sa.String(length=120), nullable=False),
        sa.Column("selector", sa.String(length=63), nullable=False),
        sa.Column("key_sealed", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("next_selector", sa.String(length=63), nullable=False),
        sa.Column("next_key_sealed", sa.Text(), nullable=False),
        sa.Column("next_public_key", sa.Text(), nullable=False),
        sa.Column("old_selector", sa.String(length=63), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("checked_at", TIME, nullable=True),
        sa.Column("fine_since", TIME, nullable=True),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sending_domains_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_domains")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_sending_domains_account_id_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sending_domains_public_id")),
    )
    with op.batch_alter_table("sending_domains", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sending_domains_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "senders",
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("preset", sa.String(length=40), nullable=False),
        sa.Column("smtp_host", sa.String(length=253), nullable=False),
        sa.Column("smtp_port", sa.Integer(), nullable=False),
        sa.Column("security", sa.String(length=10), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("user_name", sa.String(length=254), nullable=False),
        sa.Column("sign_in", sa.String(length=20), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("from_name", sa.String(length=120), nullable=False),
        sa.Column("imap_enabled", sa.Boolean(), nullable=False),
        sa.Column("imap_host", sa.String(length=253), nullable=False),
        sa.Column("imap_port", sa.Integer(), nullable=False),
        sa.Column("limits", JSON, nullable=False),
        sa.Column("counted_as", sa.String(length=40), nullable=False),
        sa.Column("if_failing", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tested_at", TIME, nullable=True),
        sa.Column("test_problem", sa.Text(), nullable=False),
        sa.Column("imap_validity", sa.BigInteger(), nullable=True),
        sa.Column("imap_last_uid", sa.BigInteger(), nullable=False),
        sa.Column("imap_read_at", TIME, nullable=True),
        sa.Column("imap_tried_at", TIME, nullable=True),
        sa.Column("imap_failures", sa.Integer(), nullable=False),
        sa.Column("imap_problem", sa.Text(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_senders_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_senders_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_senders")),
        sa.UniqueConstraint("account_id", "slot", name=op.f("uq_senders_account_id_slot")),
        sa.UniqueConstraint("public_id", name=op.f("uq_senders_public_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("senders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_senders_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_senders_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_senders_counted_as"), ["counted_as"], unique=False)

    op.create_table(
        "mailbox_messages",
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("message_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_mailbox_messages_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_mailbox_messages_contact_id_contacts")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_mailbox_messages_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_messages")),
        sa.UniqueConstraint(
            "account_id", "message_key", name=op.f("uq_mailbox_messages_account_id_message_key")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_mailbox_messages_public_id")),
    )
    with op.batch_alter_table("mailbox_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mailbox_messages_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            "ix_mailbox_messages_address",
            ["account_id", "address_key", "received_at"],
            unique=False,
        )
        batch_op.create_index("ix_mailbox_messages_created", ["created_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_mailbox_messages_contact_id"), ["contact_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_mailbox_messages_delivery_id"), ["delivery_id"], unique=False
        )

    op.create_table(
        "suppressed_addresses",
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("by_user_id", sa.Integer(), nullable=True),
        sa.Column("lifted_at", TIME, nullable=True),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        sa.Column("lifted_note", sa.Text(), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_suppressed_addresses_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["users.id"], name=op.f("fk_suppressed_addresses_by_user_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_suppressed_addresses_delivery_id_deliveries"),
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["users.id"], name=op.f("fk_suppressed_addresses_lifted_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressed_addresses")),
        sa.UniqueConstraint("public_id", name=op.f("uq_suppressed_addresses_public_id")),
    )
    with op.batch_alter_table("suppressed_addresses", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_suppressed_addresses_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_suppressed_addresses_delivery_id"), ["delivery_id"], unique=False
        )
        batch_op.create_index(
            "uq_suppressed_addresses_live",
            ["account_id", "address_key", "kind"],
            unique=True,
            sqlite_where=sa.text("lifted_at is null"),
            postgresql_where=sa.text("lifted_at is null"),
        )

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("company_address", sa.Text(), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("company_phone", sa.String(length=40), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("company_email", sa.String(length=254), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("alarm_emails", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(
            sa.Column("alarm_webhook_url", sa.Text(), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("alarm_webhook_sealed", sa.Text(), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("daily_digest", sa.Boolean(), nullable=False, server_default="1")
        )
        batch_op.add_column(sa.Column("digest_sent_on", sa.Date(), nullable=True))

    _keep_stopped_addresses()
    # Not as a batch: that would make the table anew, and others point to it.
    op.drop_column("contacts", "opted_out_at")
    op.drop_column("contacts", "email_status")

    op.add_column("pages", sa.Column("opened_at", TIME, nullable=True))
    op.add_column(
        "action_plans",
        sa.Column("stops_on_reply", sa.Boolean(), nullable=False, server_default="1"),
    )
    op.add_column("deliveries", sa.Column("bounced_at", TIME, nullable=True))

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("sender_id", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("is_urgent", sa.Boolean(), nullable=False, server_default="0")
        )
        batch_op.drop_index(
            batch_op.f("ix_deliveries_pending"), sqlite_where=sa.text("state = 'pending'")
        )
        batch_op.create_index(
            "ix_deliveries_pending",
            ["sender_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_deliveries_urgent",
            ["sender_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'pending' and is_urgent"),
            postgresql_where=sa.text("state = 'pending' and is_urgent"),
        )
        batch_op.create_index(
            "ix_deliveries_not_sent",
            ["finished_at"],
            unique=False,
            sqlite_where=sa.text("state in ('failed', 'unknown', 'skipped')"),
            postgresql_where=sa.text("state in ('failed', 'unknown', 'skipped')"),
        )

    # What waits now was promised as what is urgent from now on.
    op.execute(
        "UPDATE deliveries SET is_urgent = true "
        "WHERE state IN ('pending', 'held') AND kind IN ('notify_user', 'account_mail')"
    )

    with op.batch_alter_table("delivery_attempts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("sender_id", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("counted_as", sa.String(length=40), nullable=False, server_default="")
        )
        batch_op.create_index(
            "ix_delivery_attempts_counted",
            ["counted_as", "finished_at"],
            unique=False,
            sqlite_where=sa.text("counted_as <> ''"),
            postgresql_where=sa.text("counted_as <> ''"),
        )


def _keep_stopped_addresses() -> None:
    """What a contact said of its address is said of the address from now on."""
    contacts = sa.table(
        "contacts",
        sa.column("id"),
        sa.column("account_id"),
        sa.column("email_key"),
        sa.column("opted_out_at", TIME),
        sa.column("email_status"),
        sa.column("updated_at", TIME),
    )
    suppressed = sa.table(
        "suppressed_addresses",
        *(sa.column(name) for name in ("public_id", "account_id", "address_key", "kind")),
        *(sa.column(name) for name in ("reason", "reply", "lifted_note")),
        sa.column("created_at", TIME),
    )
    connection = op.get_bind()
    stopped = connection.execute(
        sa.select(contacts).where(
            contacts.c.email_key != "",
            sa.or_(contacts.c.opted_out_at.is_not(None), contacts.c.email_status != "ok"),
        )
    ).all()
    kept = {}
    for each in stopped:
        if each.opted_out_at is not None:
            kept[each.account_id, each.email_key, "opted_out"] = each.opted_out_at
        if each.email_status != "ok":
            kept[each.account_id, each.email_key, "quarantined"] = each.updated_at
    for (account_id, address_key, kind), at in kept.items():
        connection.execute(
            suppressed.insert().values(
                public_id=secrets.token_urlsafe(16),
                account_id=account_id,
                address_key=address_key,
                kind=kind,
                reason="earlier",
                reply="",
                lifted_note="",
                created_at=at,
            )
        )
