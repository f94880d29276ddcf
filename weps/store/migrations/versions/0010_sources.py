"""Keep how sources fare, what services announce, and what they do not announce any more."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables; how sources fared before is not known."""
    op.create_table(
        "source_health",
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("arrived", sa.BigInteger()),
        sa.Column("silent_since", sa.BigInteger()),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_source_health")),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_source_health_feed_id"), ondelete="CASCADE"),
    )
    op.create_table(
        "services",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("last_reading", sa.BigInteger()),
        sa.Column("next_reading", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("contents", sa.JSON(none_as_null=True)),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_services")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "service_changes",
        sa.Column("id", KEY, nullable=False, autoincrement=True),
        sa.Column("service_key", sa.String(64), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text()),
        sa.Column("offering", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_changes")),
        sa.ForeignKeyConstraint(
            ["service_key"], ["services.key"], name=op.f("fk_service_changes_service_key"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_service_changes_service_key_service_changes_id"), "service_changes", ["service_key", "id"])
