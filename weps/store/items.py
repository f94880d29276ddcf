"""The data store for notifications: RSS items that others posted."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from weps.model import FeedStatus, Page, StoredItem
from weps.store.alerts import EPOCH
from weps.store.database import Database
from weps.store.tables import ITEMS

COLUMNS = (ITEMS.c.guid, ITEMS.c.document, ITEMS.c.received, ITEMS.c.sequence)


class Items(Database):
    """What was posted to InsertRSS."""

    def insert_item(self, item: StoredItem) -> bool:
        """Store an item; False when an item with its guid is there already."""
        try:
            with self.writing() as connection:
                connection.execute(
                    ITEMS.insert().values(guid=item.guid, document=item.document, received=item.received)
                )
        except IntegrityError:
            return False
        return True

    def item(self, guid: str) -> StoredItem | None:
        """Give the item of a guid, None when there is none."""
        with self.reading() as connection:
            row = connection.execute(select(*COLUMNS).where(ITEMS.c.guid == guid)).one_or_none()
        return None if row is None else StoredItem(*row)

    def items(self, page: Page) -> tuple[StoredItem, ...]:
        """Give a page of the items, newest first."""
        query = select(*COLUMNS).order_by(ITEMS.c.sequence.desc()).offset(page.offset).limit(page.limit)
        with self.reading() as connection:
            return tuple(StoredItem(*row) for row in connection.execute(query))

    def items_status(self) -> FeedStatus:
        """Tell the newest item and how many there are."""
        newest = select(ITEMS.c.sequence, ITEMS.c.received).order_by(ITEMS.c.sequence.desc()).limit(1)
        with self.reading() as connection:
            row = connection.execute(newest).one_or_none()
            count = connection.execute(select(func.count()).select_from(ITEMS)).scalar_one()
        return FeedStatus(0, EPOCH, 0) if row is None else FeedStatus(row.sequence, row.received, count)
