"""Keep when a seen observation became known, where that was after it happened: some sources are asked by it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add a column; what was seen before has none, and is forgotten by when it happened."""
    op.add_column("seen", sa.Column("result_time", sa.BigInteger(), nullable=True))
