"""
Notices: alerts and posted items as one list, newest first. How a part of it is asked for, and what is given.

Alerts and posted items are numbered apart, so a place in the list of both is told by two numbers. New notices only
ever come above such a place: who reads on from it sees every older notice once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from weps.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Alert, AlertStatus, Severity, StoredItem

Notice: TypeAlias = "Alert | StoredItem"

_BOX = "bbox is west,south,east,north in degrees, such as 144.9,-37.9,145.1,-37.7"


class Mark(NamedTuple):
    """A place between two notices: the sequence of the lowest alert above it, and of the lowest posted item."""

    alert: int = 0
    item: int = 0


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the world in degrees; where `west` is greater than `east` it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, longitude: float | None, latitude: float | None) -> bool:
        """Tell whether a place lies in it; what has no place lies nowhere."""
        if longitude is None or latitude is None or not self.south <= latitude <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= longitude <= self.east
        return longitude >= self.west or longitude <= self.east


def read_box(text: str) -> Box:
    """Read `west,south,east,north`; raises `InputError`."""
    try:
        west, south, east, north = numbers = [float(number) for number in text.split(",")]
    except ValueError as error:
        raise InputError(_BOX) from error
    in_world = abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90
    if not all(map(math.isfinite, numbers)) or not in_world:
        raise InputError(f"{_BOX}; south is not above north")
    return Box(west, south, east, north)


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which notices are asked for: those that meet every condition that is given, one of the values each.

    `since` speaks of when they were stored, `begin` and `end` (not included) of when it happened.
    """

    subscriptions: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    statuses: tuple[AlertStatus, ...] = ()
    box: Box | None = None
    begin: datetime | None = None
    end: datetime | None = None
    since: datetime | None = None
    alerts_only: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the list, newest first: at most `limit` below the mark `before`, or the nearest from `after` on."""

    limit: int
    before: Mark | None = None
    after: Mark | None = None


@dataclass(frozen=True, slots=True)
class Notices:
    """A part of the list of alerts and posted items, newest first; the marks are given where there is more."""

    members: tuple[Notice, ...]
    older: Mark | None = None
    newer: Mark | None = None


class FeedVersion(NamedTuple):
    """What decides about a 304 of a subscription's feed; `modified` is when an alert was stored, or it was made."""

    subscription_id: str
    created: datetime
    revision: int
    newest: int
    alerts: int
    modified: datetime


class StoreStatus(NamedTuple):
    """What decides about a 304 of the data store: its newest and oldest notices, and when the newest was stored."""

    newest: Mark
    oldest: Mark
    newest_time: datetime


class Reference(NamedTuple):
    """An alert that was told earlier in the same episode."""

    id: str
    detected: datetime


@dataclass(frozen=True, slots=True)
class Insertion:
    """
    What came of posted items, by their guids: stored, known already as they are, or another under the same guid.

    Where one is in conflict, none is stored.
    """

    stored: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    conflicting: tuple[str, ...] = ()
