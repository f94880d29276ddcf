"""Count the changes of subscriptions; find the shortest sampling rate of a feed in its index."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the counter and exchange the index."""
    op.add_column("subscriptions", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index(op.f("ix_subscriptions_feed_id_subscriptions_status"), table_name="subscriptions")
    op.create_index(
        op.f("ix_subscriptions_feed_id_subscriptions_status_subscriptions_sampling_rate"),
        "subscriptions",
        ["feed_id", "status", "sampling_rate"],
    )
