"""Templates of results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the templates that results are inserted by; they go with their offering."""
    op.create_table(
        "result_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("observed_property", sa.String(), nullable=False),
        sa.Column("observation_type", sa.String(), nullable=False),
        sa.Column("feature_of_interest", sa.String(), nullable=True),
        sa.Column("feature", sa.String(), nullable=True),
        sa.Column("structure", sa.LargeBinary(), nullable=False),
        sa.Column("encoding", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["offering_id"], ["offerings.id"], name=op.f("fk_result_templates_offering_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_templates")),
        sa.UniqueConstraint("identifier", name=op.f("uq_result_templates_identifier")),
    )
    op.create_index(op.f("ix_result_templates_offering_id"), "result_templates", ["offering_id"], unique=False)
