"""The database: its migrations, its settings, its errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from weps.episodes import EpisodeSelection
from weps.errors import SettingsError
from weps.model import Page, StoredItem
from weps.store import Store, migrations
from weps.store.tables import METADATA


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url)
    made.migrate()
    yield made
    made.dispose()


def test_the_migrations_make_the_tables_that_the_code_knows(store: Store):
    """
    After all migrations there is no difference between the database and the tables of the code.
    """
    with store.reading() as connection:
        context = MigrationContext.configure(connection)

        assert compare_metadata(context, METADATA) == []


def test_migrating_again_changes_nothing(store: Store):
    """
    A database that is up to date stays as it is.
    """
    store.migrate()

    assert store.count_subscriptions() == 0


def test_a_database_of_a_newer_version_is_refused(store: Store):
    """
    With one sentence, and nothing in it is touched.
    """
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SettingsError, match="made by a newer WEPS"):
        store.migrate()


def test_alerts_of_older_versions_get_their_episodes(database_url: str):
    """
    One is open that a rule keeps open; one that nobody watches any more has expired; the others are over.
    """
    store = Store(database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with store.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        for statement in OLD_ALERTS:
            connection.exec_driver_sql(statement)

    store.migrate()

    found = store.episodes(EpisodeSelection(), Page())
    store.dispose()
    assert {(each.id, each.state.value, each.is_open, each.alert_count) for each in found} == {
        ("on", "firing", True, 2),
        ("left", "expired", False, 1),
        ("over", "resolved", False, 2),
        ("down", "source-down", True, 1),
    }


_ALERTS = (("on", "firing"), ("on", "firing"), ("left", "firing"), ("over", "firing"), ("over", "resolved"))
OLD_ALERTS = (
    "INSERT INTO feeds (id, source_key, binding, endpoint, template, activation, primed, interval, failures, revision)"
    " VALUES (1, 'k', 'kvp', 'e', 't', 0, true, 1, 0, 0)",
    "INSERT INTO subscriptions (id, token, owner, process, title, severity, rule_language, rule_text, rule_name,"
    " rule_version, feed_id, sampling_rate, created, activation, status, primed, targets, alert_count, newest_alert)"
    " VALUES ('s', 't', '', '', '', 'Minor', '', '', '', 1, 1, 1, 0, 0, 'active', true, '[]', 6, 6)",
    "INSERT INTO rule_states (subscription_id, correlation_key, detections, open_episode) VALUES ('s', 'k', 2, 'on')",
    *(
        "INSERT INTO alerts (id, episode, subscription_id, stored, status, severity, title, text, rule_name,"
        " rule_version, pattern, detected, event_time, phenomenon_time, late, causes)"
        f" VALUES ('a{number}', '{episode}', 's', {number}, '{status}',"
        " 'Minor', '', '', '', 1, 'p', 0, 0, 0, false, '[]')"
        for number, (episode, status) in enumerate((*_ALERTS, ("down", "source-down")))
    ),
)


def test_an_acknowledged_write_survives_a_power_cut(tmp_path: Path):
    """
    SQLite writes ahead and syncs at every commit.
    """
    store = Store(f"sqlite:///{tmp_path / 'weps.db'}")

    with store.reading() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]

    assert pragmas == ["wal", 2]


def test_a_damaged_database_stops_the_start_with_one_line(tmp_path: Path):
    """
    A file that is no database is named as such.
    """
    (tmp_path / "weps.db").write_bytes(b"this is no database, however long one looks at it" * 100)

    with pytest.raises(SettingsError, match="damaged"):
        Store(f"sqlite:///{tmp_path / 'weps.db'}").migrate()


def test_instants_come_back_to_the_microsecond(store: Store):
    """
    An instant of another zone is kept exactly, in UTC.
    """
    received = datetime(2024, 3, 31, 3, 59, 59, 999999, tzinfo=ZoneInfo("Europe/Berlin"))
    store.insert_items([StoredItem("guid", "<item/>", received)])

    kept = store.item("guid").received

    assert kept == received
    assert kept.tzinfo is UTC
    assert kept - datetime(1970, 1, 1, tzinfo=UTC) == timedelta(days=19813, seconds=7199, microseconds=999999)
