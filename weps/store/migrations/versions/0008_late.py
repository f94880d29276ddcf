"""Keep how late observations and corrections are taken, what is held back, and how sources can be asked."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns and tables; the values of what was seen before are not known, so their changes are not noticed."""
    for name, kind, default in (("late_policy", sa.String(8), "arrival"), ("late_bound", sa.BigInteger(), "0")):
        op.add_column("subscriptions", sa.Column(name, kind, nullable=False, server_default=default))
    op.add_column("subscriptions", sa.Column("corrections", sa.String(8), nullable=False, server_default="ignore"))
    op.add_column("subscriptions", sa.Column("dropped", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("feeds", sa.Column("longest", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("feeds", sa.Column("step", sa.BigInteger()))
    op.add_column("feeds", sa.Column("corrected", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("seen", sa.Column("slot", sa.BigInteger()))
    op.add_column("seen", sa.Column("value", sa.Text()))
    _add_held()
    _add_corrections()


def _add_held() -> None:
    op.create_table(
        "held",
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("ordering", sa.String(64), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("observation", sa.Text(), nullable=False),
        *_series(),
        sa.Column("stored", sa.JSON(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "ordering", "time", "observation", name=op.f("pk_held")),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_held_feed_id"), ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )


def _add_corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("phenomenon_time", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        *_series(),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "phenomenon_time", "slot", name=op.f("pk_corrections")),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_corrections_feed_id"), ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_corrections_feed_id_corrections_recorded"), "corrections", ["feed_id", "recorded"])


def _series() -> list[sa.Column[str]]:
    names = ("procedure", "observed_property", "feature_of_interest")
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
