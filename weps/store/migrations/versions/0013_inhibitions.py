"""Keep inhibitions, and whose end is to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "inhibitions",
        sa.Column("number", KEY, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger()),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("equal", sa.JSON(), nullable=False),
        sa.Column("next_end", sa.BigInteger()),
        sa.UniqueConstraint("id", name=op.f("uq_inhibitions_id")),
    )
    for name in ("next_end", "ends"):
        op.create_index(op.f(f"ix_inhibitions_{name}"), "inhibitions", [name])
    op.create_table(
        "inhibition_ends",
        sa.Column("inhibition", sa.String(36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("inhibition", "key", "ended", name=op.f("pk_inhibition_ends")),
        sa.ForeignKeyConstraint(
            ["inhibition"], ["inhibitions.id"], name=op.f("fk_inhibition_ends_inhibition"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
