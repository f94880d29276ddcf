"""Keep every version of a rule, and when a subscription was really over."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """
    Add the table with the rules that are there, and the column.

    Of rules that were exchanged before, only the newest is known, and about when it began; of a subscription that was
    cancelled before it is not known when.
    """
    op.create_table(
        "rule_versions",
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("alerts_before", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", "version", name=op.f("pk_rule_versions")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_rule_versions_subscription_id"),
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.execute("""
        INSERT INTO rule_versions (subscription_id, version, language, text, name, since, alerts_before)
        SELECT id, rule_version, rule_language, rule_text, rule_name,
            CASE rule_version WHEN 1 THEN created ELSE activation END,
            CASE rule_version WHEN 1 THEN 0 ELSE (
                SELECT count(*) FROM alerts
                WHERE alerts.subscription_id = subscriptions.id AND alerts.rule_version < subscriptions.rule_version
            ) END
        FROM subscriptions
    """)
    op.add_column("subscriptions", sa.Column("ended", sa.BigInteger(), nullable=True))
    op.execute("""
        UPDATE subscriptions
        SET ended = CASE status WHEN 'ended' THEN expires WHEN 'failed' THEN newest_alert_stored END
        WHERE status IN ('ended', 'failed')
    """)
