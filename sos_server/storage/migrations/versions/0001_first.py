"""The first tables: sensors, offerings, features, series and observations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of an empty database."""
    _create_sensors()
    _create_series()
    _create_observations()
    service = sa.table("service", *map(sa.column, ("id", "updated", "last_observation")))
    op.execute(sa.insert(service).values(id=1, updated=0, last_observation=0))


def _create_sensors() -> None:
    op.create_table(
        "service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("last_observation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
    )
    op.create_table(
        "procedures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("description_format", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedures")),
        sa.UniqueConstraint("identifier", name=op.f("uq_procedures_identifier")),
    )
    op.create_table(
        "offerings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("first_result", sa.BigInteger(), nullable=True),
        sa.Column("last_result", sa.BigInteger(), nullable=True),
        sa.Column("west", sa.Float(), nullable=True),
        sa.Column("south", sa.Float(), nullable=True),
        sa.Column("east", sa.Float(), nullable=True),
        sa.Column("north", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedures.id"], name=op.f("fk_offerings_procedure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offerings")),
        sa.UniqueConstraint("identifier", name=op.f("uq_offerings_identifier")),
    )
    op.create_index(op.f("ix_offerings_procedure_id"), "offerings", ["procedure_id"], unique=False)
    op.create_table(
        "offering_terms",
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("term", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_offering_terms_offering_id")),
        sa.PrimaryKeyConstraint("offering_id", "kind", "term", name=op.f("pk_offering_terms")),
    )


def _create_series() -> None:
    op.create_table(
        "features",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("feature_type", sa.String(), nullable=False),
        sa.Column("sampled_feature", sa.String(), nullable=True),
        sa.Column("geometry", sa.String(), nullable=True),
        sa.Column("west", sa.Float(), nullable=True),
        sa.Column("south", sa.Float(), nullable=True),
        sa.Column("east", sa.Float(), nullable=True),
        sa.Column("north", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_features")),
        sa.UniqueConstraint("identifier", name=op.f("uq_features_identifier")),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication", sa.String(), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("observed_property", sa.String(), nullable=False),
        sa.Column("feature_id", sa.Integer(), nullable=False),
        sa.Column("observation_type", sa.String(), nullable=False),
        sa.Column("uom", sa.String(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("first_result", sa.BigInteger(), nullable=True),
        sa.Column("last_result", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["feature_id"], ["features.id"], name=op.f("fk_series_feature_id")),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedures.id"], name=op.f("fk_series_procedure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "procedure_id",
            "observed_property",
            "feature_id",
            "observation_type",
            "publication",
            name=op.f("uq_series_procedure_id"),
        ),
    )
    op.create_index(op.f("ix_series_feature_id"), "series", ["feature_id"], unique=False)
    op.create_table(
        "series_offerings",
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_series_offerings_offering_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_offerings_series_id")),
        sa.PrimaryKeyConstraint("offering_id", "series_id", name=op.f("pk_series_offerings")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_series_offerings_series_id", "series_offerings", ["series_id"], unique=False)


def _create_observations() -> None:
    op.create_table(
        "observations",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("result_time", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("identifier", sa.String(), nullable=True),
        sa.Column("nil_reason", sa.String(), nullable=True),
        sa.Column("valid_first", sa.BigInteger(), nullable=True),
        sa.Column("valid_last", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_observations_series_id")),
        sa.PrimaryKeyConstraint("series_id", "first", "last", "result_time", name=op.f("pk_observations")),
        sqlite_with_rowid=False,
    )
