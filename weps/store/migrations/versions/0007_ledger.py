"""Keep a ledger of deliveries: every attempt with its answer, how targets fare, and the keys of this service."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

OLD_INDEX = ("subscription_id", "channel", "address", "status", "id")
INDICES = (
    ("channel", "address", "status", "due"),
    ("channel", "address", "status", "episode", "id"),
    ("subscription_id", "id"),
    ("finished",),
    ("alert_sequence",),
)


def upgrade() -> None:
    """Add the tables; what waits already keeps its order by the episode of its alert."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("outbox", sa.Column("episode", sa.String(36), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("queued", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE outbox SET queued = due,"
        " episode = (SELECT alerts.episode FROM alerts WHERE alerts.sequence = outbox.alert_sequence)"
    )
    op.drop_index(op.f("ix_" + "_".join(f"outbox_{name}" for name in OLD_INDEX)), "outbox")
    for names in INDICES:
        op.create_index(op.f("ix_" + "_".join(f"outbox_{name}" for name in names)), "outbox", list(names))
    op.create_table(
        "targets",
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("open_until", sa.BigInteger()),
        sa.Column("disabled", sa.BigInteger()),
        sa.Column("told", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_targets")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO targets (channel, address) SELECT DISTINCT channel, address FROM outbox")
    op.create_table(
        "delivery_attempts",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column("delivery_id", key, nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.Column("successful", sa.Boolean(), nullable=False),
        sa.Column("answer_status", sa.Integer()),
        sa.Column("answer", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["outbox.id"], name=op.f("fk_delivery_attempts_delivery_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_delivery_attempts_delivery_id"), "delivery_attempts", ["delivery_id"])
    op.create_table(
        "service_keys",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_service_keys")),
    )
