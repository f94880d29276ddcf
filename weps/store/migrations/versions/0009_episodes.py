"""Keep episodes with what people do about them, what is due of them, and silences."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FILL = """
INSERT INTO episodes (id, subscription_id, state, severity, opened, closed, first_alert, newest_alert, alert_count,
    told, muted, escalated)
SELECT episode, subscription_id,
    CASE WHEN is_on = 1 AND is_kept = 0 THEN 'expired' ELSE status END,
    severity, opened,
    CASE WHEN is_on = 1 AND is_kept = 1 THEN NULL ELSE stored END,
    first_alert, sequence, alert_count, true, false, false
FROM (
    SELECT newest.*, span.opened, span.first_alert, span.alert_count,
        CASE WHEN newest.status IN ('firing', 'no-data', 'source-down', 'target-down') THEN 1 ELSE 0 END AS is_on,
        CASE WHEN owners.status IN ('active', 'paused') AND (newest.status IN ('source-down', 'target-down')
            OR EXISTS (SELECT 1 FROM rule_states WHERE rule_states.open_episode = newest.episode))
            THEN 1 ELSE 0 END AS is_kept
    FROM (
        SELECT episode, MIN(sequence) AS first_alert, MAX(sequence) AS newest_alert, MIN(stored) AS opened,
            COUNT(*) AS alert_count
        FROM alerts GROUP BY episode
    ) AS span
    JOIN alerts AS newest ON newest.sequence = span.newest_alert
    JOIN subscriptions AS owners ON owners.id = newest.subscription_id
) AS known
"""
"""One is open that its rule, or a source or target that is down, keeps open."""


def upgrade() -> None:
    """Add the tables and columns; episodes of alerts that are there already are those that their alerts tell of."""
    for name in ("repeat_interval", "escalate_after"):
        op.add_column("subscriptions", sa.Column(name, sa.BigInteger()))
    op.add_column("subscriptions", sa.Column("escalate_to", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("alerts", sa.Column("reminder", sa.String(32)))
    op.add_column("alerts", sa.Column("silenced", sa.String(36)))
    _add_episodes()
    _add_what_is_about_them()
    _add_silences()
    op.execute(FILL)


def _add_episodes() -> None:
    op.create_table(
        "episodes",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("subscription_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger()),
        sa.Column("first_alert", KEY, nullable=False),
        sa.Column("newest_alert", KEY, nullable=False),
        sa.Column("alert_count", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("acknowledged", sa.BigInteger()),
        sa.Column("acknowledged_until", sa.BigInteger()),
        sa.Column("assignee", sa.Text()),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("continued_by", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_episodes_subscription_id")),
        sqlite_with_rowid=False,
    )
    for names in (("first_alert",), ("closed", "first_alert"), ("subscription_id", "closed"), ("muted",)):
        op.create_index(op.f("ix_" + "_".join(f"episodes_{name}" for name in names)), "episodes", list(names))


def _add_what_is_about_them() -> None:
    op.create_table(
        "episode_timers",
        sa.Column("episode", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("episode", "kind", name=op.f("pk_episode_timers")),
        sa.ForeignKeyConstraint(
            ["episode"], ["episodes.id"], name=op.f("fk_episode_timers_episode"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_episode_timers_due"), "episode_timers", ["due"])
    op.create_table(
        "episode_notes",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("episode", sa.String(36), nullable=False),
        sa.Column("noted", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode"], ["episodes.id"], name=op.f("fk_episode_notes_episode"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_episode_notes_episode_episode_notes_id"), "episode_notes", ["episode", "id"])


def _add_silences() -> None:
    op.create_table(
        "silences",
        sa.Column("number", KEY, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger()),
        sa.Column("matcher", sa.JSON(), nullable=False),
        sa.Column("weekly", sa.JSON()),
        sa.Column("next_end", sa.BigInteger()),
        sa.UniqueConstraint("id", name=op.f("uq_silences_id")),
    )
    for name in ("next_end", "ends"):
        op.create_index(op.f(f"ix_silences_{name}"), "silences", [name])
