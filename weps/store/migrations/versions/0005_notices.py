"""Keep how alerts are told, the place of an alert that is no point, and what can be looked for among notices."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

FOUND_BY = ("status", "severity", "procedure", "observed_property", "feature_of_interest")


def upgrade() -> None:
    """
    Add columns and indices.

    Items that were posted before are listed as ever, but not found by what they say: nobody has read that.
    """
    _tell_alerts()
    _describe_items()
    for table, names in (("alerts", ("episode", *FOUND_BY)), ("items", ("subscription_id", *FOUND_BY))):
        for name in names:
            _index(table, name, "sequence")
        _index(table, "longitude", "latitude")
    for table, name in (("alerts", "phenomenon_time"), ("alerts", "stored"), ("items", "happened")):
        _index(table, name)
    _index("items", "received")


def _tell_alerts() -> None:
    for table, status in (("subscriptions", "alert_status"), ("alerts", "use")):
        for name, size, default in (("language", 8, "en"), (status, 16, "Test")):
            op.add_column(table, sa.Column(name, sa.String(size), nullable=False, server_default=default))
    for name in ("title_template", "message_template"):
        op.add_column("subscriptions", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("geometry", sa.JSON(), nullable=True))


def _describe_items() -> None:
    op.add_column("items", sa.Column("categories", sa.JSON(), nullable=False, server_default="[]"))
    for name in ("subscription_id", *FOUND_BY):
        op.add_column("items", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("items", sa.Column("happened", sa.BigInteger(), nullable=True))
    for name in ("longitude", "latitude"):
        op.add_column("items", sa.Column(name, sa.Float(), nullable=True))
    op.add_column("items", sa.Column("is_own", sa.Boolean(), nullable=False, server_default=sa.false()))
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "item_categories",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("item_sequence", key, nullable=False),
        sa.PrimaryKeyConstraint("category", "item_sequence", name=op.f("pk_item_categories")),
        sa.ForeignKeyConstraint(
            ["item_sequence"], ["items.sequence"], name=op.f("fk_item_categories_item_sequence"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    _index("item_categories", "item_sequence")


def _index(table: str, *columns: str) -> None:
    name = "_".join(f"{table}_{column}" for column in columns)
    op.create_index(op.f(f"ix_{name}"), table, list(columns))
