"""
Notices: alerts and posted items as one list, newest first, as far as they meet conditions.

Each table is read from a mark on in the order of its own numbers, and the two are merged by when they were stored.
A page is the same however many notices have come since.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from weps.model import AlertStatus
from weps.notices import Mark, Notices, Reference, StoreStatus
from weps.store.alerts import EPOCH
from weps.store.database import Database
from weps.store.rows import read_alert, read_item
from weps.store.tables import ALERTS, ITEM_CATEGORIES, ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table

    from weps.model import Alert
    from weps.notices import Box, Notice, Selection, Window

REFERENCES_LIMIT = 100
"""References that are given for one alert, the latest; an episode that goes up and down has many."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table of notices: its place in marks, when one happened and when it was stored, and how a row is read."""

    place: int
    table: Table
    happened: ColumnElement[Any]
    stored: ColumnElement[Any]
    read: Callable[[RowMapping], Notice]


_ALERTS = _Kind(0, ALERTS, ALERTS.c.phenomenon_time, ALERTS.c.stored, read_alert)
_ITEMS = _Kind(1, ITEMS, ITEMS.c.happened, ITEMS.c.received, read_item)


def _status_of(kind: _Kind) -> list[Any]:
    """Give the columns of a kind's first and last number and of when the last was stored, each from an index alone."""
    number, name = kind.table.c.sequence, kind.table.name
    columns = ("last", number, number.desc()), ("first", number, number), ("stored", kind.stored, number.desc())
    return [
        select(column).order_by(order).limit(1).scalar_subquery().label(f"{name}_{told}")
        for told, column, order in columns
    ]


_STATUS = select(*_status_of(_ALERTS), *_status_of(_ITEMS))


@dataclass(frozen=True, slots=True)
class _Found:
    """A notice with its kind, its number, and when it was stored."""

    notice: Notice
    kind: _Kind
    sequence: int
    stored: datetime


class NoticeList(Database):
    """What feeds and the data store for notifications show."""

    def notices(self, selection: Selection, window: Window) -> Notices:
        """Give a part of the notices that meet the conditions."""
        up = window.after is not None
        kinds = (_ALERTS,) if selection.alerts_only else (_ALERTS, _ITEMS)
        with self.reading() as connection:
            found = [_read(connection, notice_query(kind, selection, window), kind) for kind in kinds]
        merged = list(heapq.merge(*found, key=attrgetter("stored"), reverse=not up))
        taken, left = merged[: window.limit], merged[window.limit :]
        edge = Mark(*(_edge(kind, taken, left, window) for kind in (_ALERTS, _ITEMS))) if left else None
        members = tuple(each.notice for each in (reversed(taken) if up else taken))
        return Notices(members, window.after, edge) if up else Notices(members, edge, window.before)

    def store_status(self) -> StoreStatus:
        """Tell the newest and the oldest notices, without looking at what they say."""
        row = self.first_row(_STATUS)
        if row is None:  # a select without a table always has a row
            return StoreStatus(Mark(), Mark(), EPOCH)
        (last_alert, first_alert, alert_stored), (last_item, first_item, item_stored) = row[:3], row[3:]
        newest, oldest = Mark(last_alert or 0, last_item or 0), Mark(first_alert or 0, first_item or 0)
        return StoreStatus(newest, oldest, max(alert_stored or EPOCH, item_stored or EPOCH))

    def references(self, alerts: Sequence[Alert]) -> dict[str, tuple[Reference, ...]]:
        """
        Give what was told before in the episodes of alerts, oldest first, by the ids of those that have such.

        What was only pending was told to nobody.
        """
        episodes = {alert.episode for alert in alerts if alert.episode != alert.id}
        if not episodes:
            return {}
        columns = ALERTS.c.id, ALERTS.c.episode, ALERTS.c.sequence, ALERTS.c.detected
        mine = ALERTS.c.episode.in_(episodes), ALERTS.c.status != AlertStatus.PENDING
        query = select(*columns).where(*mine).order_by(ALERTS.c.sequence)
        told: dict[str, list[tuple[int, Reference]]] = {}
        with self.reading() as connection:
            for row in connection.execute(query):
                told.setdefault(row.episode, []).append((row.sequence, Reference(row.id, row.detected)))
        found = {}
        for alert in alerts:
            earlier = [each for number, each in told.get(alert.episode, ()) if number < alert.sequence]
            if earlier:
                found[alert.id] = tuple(earlier[-REFERENCES_LIMIT:])
        return found


def notice_query(kind: _Kind, selection: Selection, window: Window) -> Select[Any]:
    """
    Give the query of one kind: one more than the window holds, to see whether there is more.

    Names are looked up in indices that have the numbers in order. Ranges are not in that order: what lies in them is
    found by its own index, without the rows, and ordered then (`+ 0` keeps databases from walking along the numbers).
    """
    number = kind.table.c.sequence
    names = _named(kind, selection)
    ranges = _ranges(kind, selection)
    order = number + 0 if ranges and not names else number
    conditions = [*names, *ranges, *([ITEMS.c.is_own.is_(False)] if kind is _ITEMS else [])]
    if window.after is not None:
        conditions.append(order >= window.after[kind.place])
    elif window.before is not None:
        conditions.append(order < window.before[kind.place])
    up = window.after is not None
    numbers = select(number).where(*conditions).order_by(order if up else order.desc()).limit(window.limit + 1)
    query = select(kind.table, kind.stored.label("stored_at")).where(number.in_(numbers))
    return query.order_by(number if up else number.desc())


def _read(connection: Connection, query: Select[Any], kind: _Kind) -> list[_Found]:
    rows = connection.execute(query).mappings()
    return [_Found(kind.read(row), kind, row["sequence"], row["stored_at"]) for row in rows]


def _edge(kind: _Kind, taken: Sequence[_Found], left: Sequence[_Found], window: Window) -> int:
    """Give the number of a kind from which it goes on behind what was taken."""
    up = window.after is not None
    mine = [found.sequence for found in taken if found.kind is kind]
    others = [found.sequence for found in left if found.kind is kind]
    if mine:
        return mine[-1] + 1 if up else mine[-1]
    if others:
        return others[0] if up else others[0] + 1
    start = window.after if up else window.before
    return start[kind.place] if start else 0


def _named(kind: _Kind, selection: Selection) -> list[ColumnElement[bool]]:
    columns = kind.table.c
    wanted = (
        (columns.subscription_id, selection.subscriptions),
        (columns.procedure, selection.procedures),
        (columns.observed_property, selection.observed_properties),
        (columns.feature_of_interest, selection.features_of_interest),
        (columns.severity, selection.severities),
        (columns.status, selection.statuses),
    )
    conditions: list[ColumnElement[bool]] = [column.in_(values) for column, values in wanted if values]
    if selection.categories:
        conditions.append(_in_categories(kind, selection.categories))
    return conditions


def _ranges(kind: _Kind, selection: Selection) -> list[ColumnElement[bool]]:
    conditions = [] if selection.box is None else _in_box(kind, selection.box)
    if selection.begin is not None:
        conditions.append(kind.happened >= selection.begin)
    if selection.end is not None:
        conditions.append(kind.happened < selection.end)
    if selection.since is not None:
        conditions.append(kind.stored > selection.since)
    return conditions


def _in_categories(kind: _Kind, categories: Sequence[str]) -> ColumnElement[bool]:
    """Give the condition: the categories of an alert are its status and its severity, as they stand in its RSS item."""
    if kind is _ALERTS:
        return or_(ALERTS.c.status.in_(categories), ALERTS.c.severity.in_(categories))
    members = select(ITEM_CATEGORIES.c.item_sequence).where(ITEM_CATEGORIES.c.category.in_(categories))
    return ITEMS.c.sequence.in_(members)


def _in_box(kind: _Kind, box: Box) -> list[ColumnElement[bool]]:
    longitude, latitude = kind.table.c.longitude, kind.table.c.latitude
    inside = longitude.between(box.west, box.east)
    across = inside if box.west <= box.east else or_(longitude >= box.west, longitude <= box.east)
    return [across, latitude.between(box.south, box.north)]
