"""Keep how often each series of a source has something new."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add a column; what was usual before is not known."""
    op.add_column("feed_series", sa.Column("hearing", sa.JSON()))
