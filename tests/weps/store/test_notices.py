from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text

from tests.weps.notify.samples import make_alert
from tests.weps.notify.stores import subscribe
from weps.errors import NotFoundError
from weps.model import Alert, AlertStatus, Severity, StoredItem, Subscription
from weps.notices import Box, FeedVersion, Insertion, Mark, Reference, Selection, Window
from weps.store import Store

STORED = datetime(2016, 1, 11, 5, tzinfo=UTC)
EVERYTHING = Selection()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url)
    opened.migrate()
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path_factory.mktemp('plans')}/weps.db")
    opened.migrate()
    yield opened
    opened.dispose()


@pytest.fixture
def subscription(store: Store) -> Subscription:
    return subscribe(store)


def add(store: Store, subscription: Subscription, number: int, stored: datetime = STORED, **changes) -> Alert:
    alert = make_alert(number, id=f"{subscription.id[:8]}-{number}", subscription_id=subscription.id)
    alert = replace(alert, **changes)
    with store.batch(subscription.feed_id) as batch:
        batch.add_alerts([(alert, ())], stored)
    return alert


def item(number: int, **changes) -> StoredItem:
    made = StoredItem(f"i-{number}", f"<item><guid>i-{number}</guid></item>", STORED, happened=STORED)
    return replace(made, **changes)


def _empty(store: Store) -> None:
    with store.writing() as connection:
        for table in ("alerts", "items"):
            connection.execute(text(f"DELETE FROM {table}"))


def names(found) -> list[str]:
    return [notice.id if isinstance(notice, Alert) else notice.guid for notice in found.members]


def test_alerts_and_posted_items_are_one_list_newest_first(store, subscription):
    """
    What was stored later comes first, whichever it is.
    """
    for minute, number in ((0, 1), (2, 2)):
        add(store, subscription, number, STORED + timedelta(minutes=minute))
        store.insert_items([item(number, received=STORED + timedelta(minutes=minute + 1))])

    found = store.notices(EVERYTHING, Window(10))

    first = subscription.id[:8]
    assert ["i-2", f"{first}-2", "i-1", f"{first}-1"] == names(found)
    assert (None, None) == (found.older, found.newer)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), max_size=14),
    st.integers(1, 5),
    st.lists(st.booleans(), max_size=4),
)
def test_pages_hold_every_notice_once_while_new_ones_come(on_sqlite, stored, limit, coming):
    """
    Who follows the links sees what was there at the beginning, once and in order, whatever comes meanwhile.

    Clocks may step back: the list is followed by numbers and not by times. From the last page the way back leads over
    all of it again, and to what has come since.
    """
    store, total = on_sqlite, 0
    _empty(store)
    subscription = subscribe(store)

    def put(is_alert: bool, minutes: int) -> None:
        nonlocal total
        total += 1
        at = STORED + timedelta(minutes=minutes)
        if is_alert:
            add(store, subscription, total, at)
        else:
            store.insert_items([item(total, received=at)])

    for is_alert, minutes in stored:
        put(is_alert, minutes)
    there = set(names(store.notices(EVERYTHING, Window(500))))
    waiting = list(coming)

    page = store.notices(EVERYTHING, Window(limit))
    down = names(page)
    while page.older is not None:
        if waiting:
            put(waiting.pop(), 1)
        page = store.notices(EVERYTHING, Window(limit, before=page.older))
        down += names(page)
    up: list[str] = []
    page = store.notices(EVERYTHING, Window(limit, after=Mark(0, 0)))
    up = names(page) + up
    while page.newer is not None:
        page = store.notices(EVERYTHING, Window(limit, after=page.newer))
        up = names(page) + up
    everything = set(names(store.notices(EVERYTHING, Window(500))))

    assert len(down) == len(set(down))
    assert there == set(down)
    assert (len(up), everything) == (len(set(up)), set(up))


def test_an_item_that_tells_an_alert_of_this_store_is_listed_once(store, subscription):
    """
    A subscription that posts to the store of its own service shows each alert once, and the item is found by its guid.
    """
    alert = add(store, subscription, 1)
    store.insert_items([item(1, guid=alert.id), item(2)])

    found = store.notices(EVERYTHING, Window(10))

    assert {alert.id, "i-2"} == set(names(found))
    assert alert.id == store.item(alert.id).guid


CONDITIONS = {
    "subscription": (Selection(subscriptions=("mine",)), ["a-1", "i-1"]),
    "procedure": (Selection(procedures=("p1",)), ["a-1", "i-1"]),
    "two procedures": (Selection(procedures=("p1", "p2")), ["a-1", "a-2", "i-1", "i-2"]),
    "property": (Selection(observed_properties=("o1",)), ["a-1", "i-1"]),
    "feature": (Selection(features_of_interest=("f1",)), ["a-1", "i-1"]),
    "category": (Selection(categories=("flood",)), ["i-1"]),
    "category of alerts": (Selection(categories=("resolved", "Extreme")), ["a-1", "a-2"]),
    "severity": (Selection(severities=(Severity.EXTREME,)), ["a-1", "i-1"]),
    "status": (Selection(statuses=(AlertStatus.RESOLVED,)), ["a-2", "i-2"]),
    "box": (Selection(box=Box(7.0, 51.0, 8.0, 52.0)), ["a-1", "i-1"]),
    "box over the antimeridian": (Selection(box=Box(170.0, -60.0, -170.0, 0.0)), ["a-2", "i-2"]),
    "from": (Selection(begin=STORED + timedelta(hours=1)), ["a-2", "i-2"]),
    "to, not included": (Selection(end=STORED + timedelta(hours=1)), ["a-1", "i-1"]),
    "since": (Selection(since=STORED + timedelta(hours=1)), ["a-2", "i-2"]),
    "both": (Selection(procedures=("p1",), statuses=(AlertStatus.RESOLVED,)), []),
    "alerts only": (Selection(alerts_only=True, procedures=("p2",)), ["a-2"]),
}


@pytest.mark.parametrize(("selection", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_notices_are_found_by_what_they_say(store, subscription, selection, expected):
    """
    Each condition speaks of alerts and of posted items alike, and all of them have to be met.
    """
    first = {
        "procedure": "p1",
        "observed_property": "o1",
        "feature_of_interest": "f1",
        "longitude": 7.5,
        "latitude": 51.5,
    }
    second = {
        "procedure": "p2",
        "observed_property": "o2",
        "feature_of_interest": "f2",
        "longitude": 175.0,
        "latitude": -40.0,
    }
    later = STORED + timedelta(hours=1, seconds=1)
    firing = {"status": AlertStatus.FIRING, "severity": Severity.EXTREME}
    resolved = {"status": AlertStatus.RESOLVED, "severity": Severity.MINOR}
    add(store, subscription, 1, id="a-1", phenomenon_time=STORED, **first, **firing)
    add(store, subscribe(store), 2, later, id="a-2", phenomenon_time=later, **second, **resolved)
    mine = {"subscription_id": subscription.id, "categories": ("flood", "river")}
    store.insert_items([item(1, **first, **firing, **mine)])
    store.insert_items([item(2, **second, **resolved, happened=later, received=later)])
    if selection.subscriptions:
        selection = replace(selection, subscriptions=(subscription.id,))

    found = store.notices(selection, Window(10))

    assert expected == sorted(names(found))


PLANS = {
    "subscription": Selection(subscriptions=("s",)),
    "procedure": Selection(procedures=("p",)),
    "property": Selection(observed_properties=("o",)),
    "feature": Selection(features_of_interest=("f",)),
    "category": Selection(categories=("c",)),
    "severity": Selection(severities=(Severity.EXTREME,)),
    "status": Selection(statuses=(AlertStatus.FIRING,)),
    "box": Selection(box=Box(0, 0, 1, 1)),
    "time": Selection(begin=STORED, end=STORED + timedelta(hours=1)),
    "since": Selection(since=STORED),
}


@pytest.mark.parametrize("window", [Window(10), Window(10, Mark(50, 50)), Window(10, after=Mark(5, 5))])
@pytest.mark.parametrize("selection", PLANS.values(), ids=PLANS)
def test_a_condition_does_not_read_everything(on_sqlite, selection, window):
    """
    Each condition is looked up in an index, wherever the page begins.
    """
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    on_sqlite.notices(selection, window)
    event.remove(Engine, "before_cursor_execute", note)

    plans = []
    with on_sqlite.reading() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans += [row[-1] for row in plan]
    looked_up = ("(rowid=?)", "INDEX ix_", "USING PRIMARY KEY (category=?)")
    steps = [step for step in plans if step.startswith(("SCAN", "SEARCH"))]
    assert 2 == len(asked)
    assert [] == [step for step in steps if not any(way in step for way in looked_up)]


def test_items_are_stored_all_or_none(store):
    """
    The same item is known, another one under its guid is a conflict that stores nothing of the rest.
    """
    first = store.insert_items([item(1), item(2)])
    again = store.insert_items([item(2), item(3)])
    conflict = store.insert_items([item(4), item(1, document="<item>other</item>")])

    assert Insertion(stored=("i-1", "i-2")) == first
    assert Insertion(stored=("i-3",), known=("i-2",)) == again
    assert Insertion(conflicting=("i-1",)) == conflict
    assert ["i-3", "i-2", "i-1"] == names(store.notices(EVERYTHING, Window(10)))


def test_the_status_tells_the_newest_and_the_oldest(store, subscription):
    """
    Whatever comes or goes changes it; an empty store has one as well.
    """
    empty = store.store_status()
    add(store, subscription, 1)
    store.insert_items([item(1, received=STORED + timedelta(minutes=1)), item(2)])

    full = store.store_status()

    assert (Mark(0, 0), Mark(0, 0), 1970) == (empty.newest, empty.oldest, empty.newest_time.year)
    assert (Mark(1, 2), Mark(1, 1), STORED) == (full.newest, full.oldest, full.newest_time)


def test_a_feed_tells_its_version_by_its_token(store, subscription):
    """
    The number of the newest alert, how many there are, and when it last changed; an unknown token has none.
    """
    empty = store.feed_version(subscription.token)
    stored = subscription.created + timedelta(days=1)
    add(store, subscription, 1, stored)

    full = store.feed_version(subscription.token)

    created = subscription.created
    assert FeedVersion(subscription.id, created, 0, 0, 0, created) == empty
    assert FeedVersion(subscription.id, created, 0, 1, 1, stored) == full
    with pytest.raises(NotFoundError):
        store.feed_version("nobody's")


def test_an_alert_knows_what_was_told_before_in_its_episode(store, subscription):
    """
    References are the earlier alerts of the same episode, oldest first; the first one has none.
    """
    told = [add(store, subscription, number, episode=f"{subscription.id[:8]}-1") for number in (1, 2, 3)]
    other = add(store, subscription, 4, episode=f"{subscription.id[:8]}-4")
    stored = [store.alert(each.id) for each in (*told, other)]

    found = store.references(stored)

    first, second = (Reference(each.id, each.detected) for each in told[:2])
    assert {told[1].id: (first,), told[2].id: (first, second)} == found


def test_an_alert_comes_back_with_its_place_its_language_and_its_use(store, subscription):
    """
    What CAP and maps need is kept with the alert, and does not change with its subscription.
    """
    area = {"type": "Polygon", "coordinates": [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]}
    alert = add(store, subscription, 1, geometry=area)

    (found,) = store.notices(Selection(alerts_only=True), Window(1)).members

    assert replace(alert, sequence=1) == found


def test_items_of_an_older_version_are_listed(store):
    """
    Items that were posted before they were described are shown, though no condition finds them.
    """
    with store.writing() as connection:
        connection.execute(text("INSERT INTO items (guid, document, received) VALUES ('old', '<item/>', 0)"))

    everything = store.notices(EVERYTHING, Window(10))
    some = store.notices(Selection(procedures=("p",)), Window(10))

    assert (["old"], []) == (names(everything), names(some))
