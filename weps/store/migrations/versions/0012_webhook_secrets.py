"""Keep which secrets webhooks are signed with, once those they began with were changed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table; a webhook that is not in it has the secret that it began with."""
    op.create_table(
        "webhook_secrets",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("subscription_id", sa.String(36), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secrets")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_webhook_secrets_subscription_id")
        ),
    )
    names = ("subscription_id", "address", "id")
    op.create_index(op.f("ix_" + "_".join(f"webhook_secrets_{name}" for name in names)), "webhook_secrets", list(names))
