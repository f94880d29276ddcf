"""
Storing alerts in the engine's transaction: with their episodes and the outbox, against bare inserts of the same rows.

Every alert begins an episode and goes to one webhook. In turn nothing else is there; a hundred silences, of which none
matches; a subscription that is told again every hour and to further targets. Both databases have the same tables and
indices, and are as durable.
"""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.alerts import NOW, hot, new_subscription
from benchmarks.frame import Case, Line, Scale, at_most, compare, require_equal
from weps.matching import Matcher
from weps.model import AlertStatus, Attention, Comparison, Target
from weps.silences import Silence
from weps.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.model import Alert, Subscription

TARGET = Target("webhook", "http://hooks.example.org/heat")
DUTY = Target("webhook", "http://hooks.example.org/duty")
NAMES = uuid.UUID("5f6e1b0a-6f0c-4c43-8a52-6a5b8a1f4d11")
NO_ATTENTION = Attention()
SILENCES = 100
SHIFTED = {
    "alerts": ("sequence",),
    "episodes": ("first_alert", "newest_alert"),
    "outbox": ("id", "alert_sequence"),
    "episode_timers": (),
}
"""The tables that are compared, with the columns that count on from batch to batch."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that the first batch left in a table, and which of the alerts each id is."""

    name: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    numbers: dict[str, int]

    @property
    def insert(self) -> str:
        """The statement that stores a row."""
        return f"INSERT INTO {self.name} VALUES ({', '.join('?' * len(self.columns))})"

    def shifted(self, by: int) -> list[tuple[Any, ...]]:
        """Give the rows as a later batch would leave them, ready to be stored."""
        counted = {self.columns.index(name) for name in SHIFTED[self.name]}
        named = {index for index, name in enumerate(self.columns) if name in ("id", "episode")} - counted
        made = []
        for row in self.rows:
            values = list(row)
            for index in counted:
                values[index] += by
            for index in named:
                values[index] = name_of(self.numbers[values[index]] + by)
            made.append(tuple(values))
        return made


class Ours:
    """The store of the service with one subscription."""

    def __init__(self, file: Path, attention: Attention, silences: int) -> None:
        self.store = Store(f"sqlite:///{file}")
        self.store.migrate()
        new = new_subscription(targets=(TARGET,), attention=attention)
        self.subscription = self.store.add_subscription(new, "heat", NOW, NOW)
        for number in range(silences):
            self.store.add_silence(silence_of(number))

    def insert(self, alerts: list[Alert]) -> None:
        """Store alerts as the engine does."""
        with self.store.batch(self.subscription.feed_id) as batch:
            batch.add_alerts([(alert, self.subscription.targets) for alert in alerts], NOW)


class Bare:
    """The least that stores the same rows: prepared statements, one transaction a batch."""

    def __init__(self, file: Path, tables: list[Table]) -> None:
        self.tables = tables
        self.connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            self.connection.execute(f"PRAGMA {pragma}").close()

    def insert(self, rows: list[list[tuple[Any, ...]]]) -> None:
        """Store the rows of all tables, durably."""
        self.connection.execute("BEGIN IMMEDIATE")
        for table, some in zip(self.tables, rows, strict=True):
            self.connection.executemany(table.insert, some)
        self.connection.execute("COMMIT")


def run(scale: Scale) -> list[Line]:
    """Store batches of a thousand and of ten thousand alerts, each in a transaction of its own."""
    many, more = scale.of(1_000, least=2), scale.of(10_000, least=20)
    attention = Attention(timedelta(hours=1), timedelta(minutes=10), (DUTY,))
    with TemporaryDirectory() as folder:
        place = Path(folder)
        return [
            *_compare(place, f"an alert stored, in batches of {many:,}", many, scale),
            *_compare(place, f"… with {SILENCES} silences", many, scale, silences=SILENCES),
            *_compare(place, "… told again, and to more", many, scale, attention=attention),
            *_compare(place, f"an alert stored, in batches of {more:,}", more, scale),
        ]


def _compare(
    folder: Path, name: str, size: int, scale: Scale, *, silences: int = 0, attention: Attention = NO_ATTENTION
) -> list[Line]:
    files = [folder / f"{kind}-{size}-{silences}-{attention.repeat is not None}.db" for kind in ("ours", "bare")]
    ours, other = (Ours(file, attention, silences) for file in files)
    other.store.dispose()
    with closing(sqlite3.connect(files[1])) as connection:
        # the one subscription of both is the same one
        connection.execute("UPDATE subscriptions SET id = ?", (ours.subscription.id,))
        connection.commit()
    ours.insert(alerts_of(ours.subscription, 0, size))
    with closing(sqlite3.connect(files[0])) as stored:
        bare = Bare(files[1], [_read(stored, table, size) for table in SHIFTED])
    bare.insert([table.rows for table in bare.tables])
    alerts, insert_ours = _stepping(lambda n: alerts_of(ours.subscription, n, size), ours.insert, size)
    rows, insert_rows = _stepping(lambda n: [each.shifted(n) for each in bare.tables], bare.insert, size)
    for step in (alerts, insert_ours, rows, insert_rows):
        step()
    with closing(sqlite3.connect(files[0])) as stored:
        for table in SHIFTED:
            require_equal(f"the rows of {table}", _read(bare.connection, table).rows, _read(stored, table).rows)
    baseline = f"{name}: bare inserts"
    cases = [
        Case(baseline, insert_rows, size, rows),
        Case(name, insert_ours, size, alerts, against=baseline, target=at_most(2)),
    ]
    lines = compare(cases, scale)
    bare.connection.close()
    ours.store.dispose()
    return lines


def _stepping(make: Callable[[int], Any], insert: Callable[[Any], None], size: int) -> tuple[Callable[[], None], ...]:
    """Give what prepares the next batch, and what stores it."""
    numbers = count(1)
    ready: list[Any] = []

    def prepare() -> None:
        ready[:] = [make(next(numbers) * size)]

    return prepare, lambda: insert(ready[0])


def _read(connection: sqlite3.Connection, table: str, size: int = 0) -> Table:
    order = "alert_sequence" if table == "outbox" else "1, 2"
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY {order}")
    numbers = {name_of(number): number for number in range(size)}
    columns = tuple(each[0] for each in cursor.description)
    return Table(table, columns, cursor.fetchall(), numbers)


def alerts_of(subscription: Subscription, first: int, number: int) -> list[Alert]:
    """Give so many alerts, each of an episode of its own."""
    alert = hot(
        "",
        subscription.id,
        AlertStatus.FIRING,
        procedure="http://sensors.example.org/1",
        observed_property="AirTemperature",
        feature_of_interest="http://features.example.org/1",
        comparison=Comparison("greaterThan", (30.0,), "Cel"),
        longitude=7.65,
        latitude=51.94,
        geometry={"type": "Point", "coordinates": [7.65, 51.94]},
        causes=("o-16", "o-17"),
    )
    names = [name_of(each) for each in range(first, first + number)]
    return [replace(alert, id=name, episode=name) for name in names]


def name_of(number: int) -> str:
    """Give the id of the so-many-th alert."""
    return str(uuid.uuid5(NAMES, str(number)))


def silence_of(number: int) -> Silence:
    """Give a silence of another sensor."""
    meant = Matcher(procedures=(f"http://sensors.example.org/other/{number}",))
    return Silence(f"silence-{number}", "duty", "works on the line", NOW, NOW, None, meant)
