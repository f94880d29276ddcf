"""Descriptions with times of validity, sampling geometries, names of observations, generations of series."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what later operations need; a description that is there holds since an unknown time."""
    op.add_column("service", sa.Column("generation", sa.BigInteger(), nullable=False, server_default="0"))
    _create_descriptions()
    _create_sampling_geometries()
    is_named = sa.text("identifier IS NOT NULL")
    op.create_index(
        "ix_observations_identifier",
        "observations",
        ["identifier"],
        unique=False,
        sqlite_where=is_named,
        postgresql_where=is_named,
    )


def _create_descriptions() -> None:
    descriptions = op.create_table(
        "descriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("description_format", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedures.id"], name=op.f("fk_descriptions_procedure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_descriptions")),
    )
    op.create_index(op.f("ix_descriptions_procedure_id"), "descriptions", ["procedure_id"], unique=False)
    names = ("procedure_id", "description_format", "document")
    old = sa.table("procedures", *map(sa.column, ("id", "description_format", "document")))
    present = sa.select(old.c.id, old.c.description_format, old.c.document)
    op.execute(sa.insert(descriptions).from_select(names, present))
    op.drop_column("procedures", "description_format")
    op.drop_column("procedures", "document")


def _create_sampling_geometries() -> None:
    key = ("series_id", "first", "last", "result_time")
    op.create_table(
        "sampling_geometries",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("result_time", sa.BigInteger(), nullable=False),
        sa.Column("west", sa.Float(), nullable=False),
        sa.Column("south", sa.Float(), nullable=False),
        sa.Column("east", sa.Float(), nullable=False),
        sa.Column("north", sa.Float(), nullable=False),
        sa.Column("geometry", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            key,
            [f"observations.{name}" for name in key],
            name=op.f("fk_sampling_geometries_series_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_sampling_geometries")),
        sqlite_with_rowid=False,
    )
