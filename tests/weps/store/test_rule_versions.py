"""What is kept of rules that were exchanged, and of the end of subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

import weps.store
from sos_server.time import to_microseconds
from weps.errors import NotFoundError
from weps.model import Changes, NewSubscription, RuleText, RuleVersion, Source, SubscriptionStatus
from weps.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
FIRST = RuleText("urn:rules", "first", "Heat")
SECOND = RuleText("urn:other", "second")
NEW = NewSubscription(FIRST, Source("kvp", "http://sos.example", "template"), timedelta(minutes=1), timedelta(days=1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'weps.db'}")
    made.migrate()
    yield made
    made.dispose()


def test_every_version_of_a_rule_is_kept(store: Store):
    """
    With its language, text and name, and since when; the same text again is no version.
    """
    made = store.add_subscription(NEW, "compiled", NOW, NOW)

    same = store.update_subscription(made, Changes(rule=FIRST), "compiled", LATER, None)
    updated = store.update_subscription(same, Changes(rule=SECOND), "Cold", LATER, LATER)

    assert (same.rule_version, updated.rule_version, updated.rule) == (1, 2, replace(SECOND, name="Cold"))
    assert store.rule_versions(made.id) == (
        RuleVersion(1, FIRST, NOW, 0),
        RuleVersion(2, replace(SECOND, name="Cold"), LATER, 0),
    )
    assert store.rule_version(made.id, 1).rule == FIRST


@pytest.mark.parametrize("version", [0, 2])
def test_a_version_that_never_was_is_not_found(store: Store, version: int):
    """
    Nor is one of a subscription that never was.
    """
    made = store.add_subscription(NEW, "Heat", NOW, NOW)

    for identifier in (made.id, "nobody"):
        with pytest.raises(NotFoundError):
            store.rule_version(identifier, version)


@pytest.mark.parametrize("status", [SubscriptionStatus.CANCELLED, SubscriptionStatus.ENDED])
def test_the_end_of_a_subscription_is_kept_and_stays(store: Store, status: SubscriptionStatus):
    """
    It is when it was really over, whatever end it was to have; ending it again does not move it.
    """
    made = store.add_subscription(NEW, "Heat", NOW, NOW)

    ended = store.end_subscription(made.id, status, LATER)
    again = store.end_subscription(made.id, SubscriptionStatus.CANCELLED, LATER + timedelta(hours=1))

    assert (made.ended, ended.ended, ended.expires) == (None, LATER, NOW + timedelta(days=1))
    assert again == ended


def test_a_lifetime_that_is_over_is_an_end(store: Store):
    """
    It is over when it is no longer watched.
    """
    made = store.add_subscription(NEW, "Heat", NOW, NOW)

    ended = store.end_expired(NOW + timedelta(days=2))

    assert ended == (made.id,)
    assert store.subscription(made.id).ended == NOW + timedelta(days=2)


def test_rules_of_a_database_of_before_are_taken_over(tmp_path: Path):
    """
    The newest version of each rule with the alerts that it gave; the end of what ended by itself, not of others.
    """
    store = _of_revision_three(tmp_path)
    known = {
        "first": {"status": "active", "rule_version": 1, "alert_count": 1},
        "changed": {"status": "ended", "rule_version": 3, "alert_count": 2},
        "gone": {"status": "cancelled", "rule_version": 1, "alert_count": 0},
    }
    for identifier, members in known.items():
        _insert(store, "subscriptions", _subscription(identifier) | members)
    _insert(store, "alerts", _alert("a", "first", 1))
    _insert(store, "alerts", _alert("b", "changed", 2))
    _insert(store, "alerts", _alert("c", "changed", 3))

    store.migrate()

    versions = {name: [(one.version, one.since, one.alerts) for one in store.rule_versions(name)] for name in known}
    assert versions == {"first": [(1, NOW, 1)], "changed": [(3, LATER, 1)], "gone": [(1, NOW, 0)]}
    assert [store.subscription(name).ended for name in known] == [None, NOW + timedelta(days=1), None]
    store.dispose()


def _of_revision_three(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(Path(weps.store.__file__).with_name("migrations")))
    with store.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    _insert(
        store,
        "feeds",
        {"id": 1, "source_key": "k", "binding": "kvp", "endpoint": "e", "template": "t", "activation": 0}
        | {"primed": 1, "interval": 1, "failures": 0, "revision": 0},
    )
    return store


def _insert(store: Store, table: str, values: dict[str, object]) -> None:
    places = ", ".join(f":{name}" for name in values)
    with store.writing() as connection:
        connection.execute(text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})"), values)


def _subscription(identifier: str) -> dict[str, object]:
    return {
        "id": identifier,
        "token": identifier,
        "owner": "",
        "process": "p",
        "title": "",
        "severity": "Unknown",
        "rule_language": "l",
        "rule_text": "t",
        "rule_name": "n",
        "feed_id": 1,
        "sampling_rate": 1,
        "created": to_microseconds(NOW),
        "activation": to_microseconds(LATER),
        "primed": 1,
        "targets": "[]",
        "expires": to_microseconds(NOW + timedelta(days=1)),
        "newest_alert": 0,
        "revision": 0,
    }


def _alert(identifier: str, subscription: str, version: int) -> dict[str, object]:
    return {
        "id": identifier,
        "episode": identifier,
        "subscription_id": subscription,
        "stored": 0,
        "status": "event",
        "severity": "Unknown",
        "title": "",
        "text": "",
        "rule_name": "n",
        "rule_version": version,
        "pattern": "p",
        "detected": 0,
        "event_time": 0,
        "phenomenon_time": 0,
        "late": 0,
        "causes": "[]",
    }
