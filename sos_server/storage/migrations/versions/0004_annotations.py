"""Parameters and qualities of observations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add what observations tell besides their result; it goes with its observation."""
    key = ("series_id", "first", "last", "result_time")
    op.create_table(
        "annotations",
        sa.Column("series_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in key[1:]),
        sa.Column("annotations", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            list(key),
            [f"observations.{name}" for name in key],
            name=op.f("fk_annotations_series_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_annotations")),
        sqlite_with_rowid=False,
    )
