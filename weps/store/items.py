"""The data store for notifications: RSS items that others posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, exists, select

from weps.notices import Insertion
from weps.store.database import Database
from weps.store.rows import item_columns, read_item
from weps.store.tables import ALERTS, ITEM_CATEGORIES, ITEMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weps.model import StoredItem


class Items(Database):
    """What was posted to InsertRSS."""

    def insert_items(self, items: Sequence[StoredItem]) -> Insertion:
        """
        Store items that are not there yet, all of them or none.

        The same item may come as often as it likes; another one under the guid of a stored item is a conflict.
        """
        with self.writing() as connection:
            columns = ITEMS.c.guid, ITEMS.c.document
            query = select(*columns).where(ITEMS.c.guid.in_([item.guid for item in items]))
            there = {row.guid: row.document for row in connection.execute(query)}
            conflicting = tuple(item.guid for item in items if there.get(item.guid, item.document) != item.document)
            if conflicting:
                return Insertion(conflicting=conflicting)
            fresh = [item for item in items if item.guid not in there]
            for item in fresh:
                _insert(connection, item)
        return Insertion(
            stored=tuple(item.guid for item in fresh), known=tuple(item.guid for item in items if item.guid in there)
        )

    def item(self, guid: str) -> StoredItem | None:
        """Give the item of a guid, None when there is none."""
        with self.reading() as connection:
            row = connection.execute(select(ITEMS).where(ITEMS.c.guid == guid)).mappings().one_or_none()
        return None if row is None else read_item(row)


def _insert(connection: Connection, item: StoredItem) -> None:
    # what tells an alert of this very service is listed as that alert, not twice
    own = connection.execute(select(exists().where(ALERTS.c.id == item.guid))).scalar_one()
    inserted = connection.execute(ITEMS.insert().values(item_columns(item) | {"is_own": own}))
    (sequence,) = inserted.inserted_primary_key or (0,)
    rows = [{"category": category, "item_sequence": sequence} for category in dict.fromkeys(item.categories)]
    if rows:
        connection.execute(ITEM_CATEGORIES.insert(), rows)
