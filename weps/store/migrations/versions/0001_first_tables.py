"""Create the tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "feeds",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("binding", sa.String(length=16), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("activation", sa.BigInteger(), nullable=False),
        sa.Column("primed", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("interval", sa.BigInteger(), nullable=False),
        sa.Column("polled_until", sa.BigInteger(), nullable=True),
        sa.Column("next_poll", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_success", sa.BigInteger(), nullable=True),
        sa.Column("down_since", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("source_key", name=op.f("uq_feeds_source_key")),
    )
    op.create_index(op.f("ix_feeds_next_poll"), "feeds", ["next_poll"], unique=False)
    op.create_table(
        "items",
        sa.Column("sequence", KEY, autoincrement=True, nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_items")),
        sa.UniqueConstraint("guid", name=op.f("uq_items_guid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "feed_series",
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("observed_property", sa.Text(), nullable=False),
        sa.Column("feature_of_interest", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("latest", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_feed_series_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(
            "feed_id", "procedure", "observed_property", "feature_of_interest", name=op.f("pk_feed_series")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "seen",
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("phenomenon_time", sa.BigInteger(), nullable=False),
        sa.Column("observation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_seen_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "phenomenon_time", "observation", name=op.f("pk_seen")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriptions",
        sa.Column("number", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("rule_language", sa.Text(), nullable=False),
        sa.Column("rule_text", sa.Text(), nullable=False),
        sa.Column("rule_name", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("sampling_rate", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("activation", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("primed", sa.Boolean(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("alert_count", sa.Integer(), nullable=False),
        sa.Column("newest_alert", KEY, nullable=False),
        sa.Column("newest_alert_stored", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_subscriptions_feed_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("id", name=op.f("uq_subscriptions_id")),
        sa.UniqueConstraint("token", name=op.f("uq_subscriptions_token")),
    )
    op.create_index(
        op.f("ix_subscriptions_feed_id_subscriptions_status"), "subscriptions", ["feed_id", "status"], unique=False
    )
    op.create_index(
        op.f("ix_subscriptions_status_subscriptions_expires"), "subscriptions", ["status", "expires"], unique=False
    )
    op.create_table(
        "alerts",
        sa.Column("sequence", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("episode", sa.String(length=36), nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rule_name", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("detected", sa.BigInteger(), nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("phenomenon_time", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("uom", sa.Text(), nullable=True),
        sa.Column("comparison", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=True),
        sa.Column("observed_property", sa.Text(), nullable=True),
        sa.Column("feature_of_interest", sa.Text(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("causes", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_alerts_subscription_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_alerts")),
        sa.UniqueConstraint("id", name=op.f("uq_alerts_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_alerts_subscription_id_alerts_sequence"), "alerts", ["subscription_id", "sequence"], unique=False
    )
    op.create_table(
        "rule_states",
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("correlation_key", sa.Text(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=True),
        sa.Column("detections", sa.Integer(), nullable=False),
        sa.Column("open_episode", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_rule_states_subscription_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscription_id", "correlation_key", name=op.f("pk_rule_states")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("alert_sequence", KEY, nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert_sequence"], ["alerts.sequence"], name=op.f("fk_outbox_alert_sequence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_status_outbox_due"), "outbox", ["status", "due"], unique=False)
    op.create_index(
        op.f("ix_outbox_subscription_id_outbox_channel_outbox_address_outbox_status_outbox_id"),
        "outbox",
        ["subscription_id", "channel", "address", "status", "id"],
        unique=False,
    )


def downgrade() -> None:
    """Drop every table."""
    for table in ("outbox", "rule_states", "alerts", "subscriptions", "seen", "feed_series", "items", "feeds"):
        op.drop_table(table)
