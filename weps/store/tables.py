"""
The tables of the store. Instants are integers: microseconds since 1970-01-01T00:00:00Z.

Rows that belong to somebody have an `owner`. `feeds.revision` counts changes of a feed's subscriptions, so that a
worker knows when what it holds in memory is out of date.

Longer than a module should be: the schema is read in one place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)

from sos_server.time import from_microseconds, to_microseconds
from weps.model import Series

if TYPE_CHECKING:
    from sqlalchemy import Dialect

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn an instant into microseconds."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Turn microseconds into an instant."""
        return None if value is None else from_microseconds(value)


class Duration(TypeDecorator[timedelta]):
    """A timedelta, kept as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Turn a duration into microseconds."""
        return None if value is None else value // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Turn microseconds into a duration."""
        return None if value is None else timedelta(microseconds=value)


Key = BigInteger().with_variant(Integer, "sqlite")
"""Running numbers; SQLite counts only in a column of the very type INTEGER."""


def _series(**options: Any) -> tuple[Column[Any], ...]:
    """Give the columns that name a series, or what an alert tells of one."""
    return tuple(Column(name, Text, **options) for name in Series._fields)


def _of_feed(**options: Any) -> Column[Any]:
    """Give the first column of the key of what is known of a feed, and goes with it."""
    return Column("feed_id", Key, ForeignKey(FEEDS.c.id, ondelete="CASCADE"), primary_key=True, **options)


def _beside_subscription() -> Column[Any]:
    """Give the first column of the key of what belongs to a subscription, and goes with it."""
    subscription = ForeignKey(SUBSCRIPTIONS.c.id, ondelete="CASCADE")
    return Column("subscription_id", String(36), subscription, primary_key=True)


def _numbered() -> tuple[Column[Any], ...]:
    """Give the columns of what is known by an id, and listed in the order in which it was made."""
    number = Column("number", Key, primary_key=True, autoincrement=True)
    return number, Column("id", String(36), nullable=False, unique=True)


def _said() -> tuple[Column[Any], ...]:
    """Give the columns that tell who wanted something, why and since when."""
    author, reason = (Column(name, Text, nullable=False) for name in ("author", "reason"))
    return author, reason, Column("created", Instant, nullable=False)


def _notice_indices() -> tuple[Index, ...]:
    """Give the indices by which notices are looked up: what they say in the order of their numbers, and their place."""
    names = ("subscription_id", "status", "severity", *Series._fields)
    return (*(Index(None, name, "sequence") for name in names), Index(None, "longitude", "latitude"))


FEEDS = Table(
    "feeds",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("source_key", String(64), nullable=False, unique=True),
    Column("binding", String(16), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("start", Instant),
    Column("activation", Instant, nullable=False),
    Column("primed", Boolean, nullable=False),
    Column("since", Instant),
    Column("interval", Duration, nullable=False),
    Column("polled_until", Instant),
    Column("next_poll", Instant),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
    Column("last_success", Instant),
    Column("down_since", Instant),
    Column("revision", Integer, nullable=False),
    Column("longest", Duration, nullable=False, server_default="0"),
    Column("step", Duration),
    Column("corrected", Integer, nullable=False, server_default="0"),
    Index(None, "next_poll"),
)

FEED_SERIES = Table(
    "feed_series",
    METADATA,
    _of_feed(),
    *_series(primary_key=True),
    Column("position", Instant, nullable=False),
    Column("latest", JSON, nullable=False),
    Column("hearing", JSON(none_as_null=True)),
    sqlite_with_rowid=False,
)

SEEN = Table(
    "seen",
    METADATA,
    _of_feed(),
    Column("phenomenon_time", Instant, primary_key=True),
    Column("observation", Text, primary_key=True),
    Column("result_time", Instant, nullable=True),
    Column("slot", BigInteger),
    Column("value", Text),
    sqlite_with_rowid=False,
)

HELD = Table(
    "held",
    METADATA,
    _of_feed(),
    Column("ordering", String(64), primary_key=True),
    Column("time", Instant, primary_key=True),
    Column("observation", Text, primary_key=True),
    *_series(nullable=False),
    Column("stored", JSON, nullable=False),
    Column("shown", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
"""What is held back for rules that see observations in the order of their times, and of each series the last shown."""

CORRECTIONS = Table(
    "corrections",
    METADATA,
    _of_feed(),
    Column("phenomenon_time", Instant, primary_key=True),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    *_series(nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    Index(None, "feed_id", "recorded"),
    sqlite_with_rowid=False,
)

SOURCE_HEALTH = Table(
    "source_health",
    METADATA,
    _of_feed(autoincrement=False),
    Column("arrived", Instant),
    Column("silent_since", Instant),
    Column("record", JSON, nullable=False),
)

SERVICES = Table(
    "services",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("last_reading", Instant),
    Column("next_reading", Instant, nullable=False),
    Column("last_error", Text),
    Column("contents", JSON(none_as_null=True)),
    sqlite_with_rowid=False,
)

SERVICE_CHANGES = Table(
    "service_changes",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("service_key", String(64), ForeignKey(SERVICES.c.key, ondelete="CASCADE"), nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text),
    Column("offering", Text),
    Index(None, "service_key", "id"),
)

SUBSCRIPTIONS = Table(
    "subscriptions",
    METADATA,
    *_numbered(),
    Column("token", String(64), nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("rule_language", Text, nullable=False),
    Column("rule_text", Text, nullable=False),
    Column("rule_name", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("feed_id", Key, ForeignKey(FEEDS.c.id), nullable=False),
    Column("sampling_rate", Duration, nullable=False),
    Column("created", Instant, nullable=False),
    Column("activation", Instant, nullable=False),
    Column("expires", Instant),
    Column("start", Instant),
    Column("status", String(16), nullable=False),
    Column("primed", Boolean, nullable=False),
    Column("targets", JSON, nullable=False),
    Column("alert_count", Integer, nullable=False),
    Column("newest_alert", Key, nullable=False),
    Column("newest_alert_stored", Instant),
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("language", String(8), nullable=False, server_default="en"),
    Column("title_template", Text, nullable=False, server_default=""),
    Column("message_template", Text, nullable=False, server_default=""),
    Column("alert_status", String(16), nullable=False, server_default="Test"),
    Column("ended", Instant),
    Column("late_policy", String(8), nullable=False, server_default="arrival"),
    Column("late_bound", Duration, nullable=False, server_default="0"),
    Column("corrections", String(8), nullable=False, server_default="ignore"),
    Column("dropped", Integer, nullable=False, server_default="0"),
    Column("repeat_interval", Duration),
    Column("escalate_after", Duration),
    Column("escalate_to", JSON, nullable=False, server_default="[]"),
    Column("flap_count", Integer),
    Column("flap_window", Duration),
    Column("group_window", Duration),
    Column("group_up_to", String(16), nullable=False, server_default="Severe"),
    Index(None, "feed_id", "status", "sampling_rate"),
    Index(None, "status", "expires"),
)

RULE_VERSIONS = Table(
    "rule_versions",
    METADATA,
    _beside_subscription(),
    Column("version", Integer, primary_key=True),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("alerts_before", Integer, nullable=False),
    sqlite_with_rowid=False,
)

RULE_STATES = Table(
    "rule_states",
    METADATA,
    _beside_subscription(),
    Column("correlation_key", Text, primary_key=True),
    Column("state", JSON),
    Column("detections", Integer, nullable=False),
    Column("open_episode", String(36)),
    sqlite_with_rowid=False,
)

ALERTS = Table(
    "alerts",
    METADATA,
    Column("sequence", Key, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("episode", String(36), nullable=False),
    Column("subscription_id", String(36), ForeignKey(SUBSCRIPTIONS.c.id), nullable=False),
    Column("stored", Instant, nullable=False),
    Column("status", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("rule_name", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("pattern", Text, nullable=False),
    Column("detected", Instant, nullable=False),
    Column("event_time", Instant, nullable=False),
    Column("phenomenon_time", Instant, nullable=False),
    Column("event", Text),
    Column("output", Text),
    Column("value", JSON(none_as_null=True)),
    Column("uom", Text),
    Column("comparison", JSON(none_as_null=True)),
    *_series(),
    Column("longitude", Float),
    Column("latitude", Float),
    Column("late", Boolean, nullable=False),
    Column("causes", JSON, nullable=False),
    Column("evidence", Text),
    Column("geometry", JSON(none_as_null=True)),
    Column("language", String(8), nullable=False, server_default="en"),
    Column("use", String(16), nullable=False, server_default="Test"),
    Column("reminder", String(32)),
    Column("silenced", String(36)),
    *_notice_indices(),
    Index(None, "episode", "sequence"),
    Index(None, "phenomenon_time"),
    Index(None, "stored"),
    sqlite_autoincrement=True,
)

EPISODES = Table(
    "episodes",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("subscription_id", String(36), ForeignKey(SUBSCRIPTIONS.c.id), nullable=False),
    Column("state", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("opened", Instant, nullable=False),
    Column("closed", Instant),
    Column("first_alert", Key, nullable=False),
    Column("newest_alert", Key, nullable=False),
    Column("alert_count", Integer, nullable=False),
    Column("acknowledged_by", Text),
    Column("acknowledged", Instant),
    Column("acknowledged_until", Instant),
    Column("assignee", Text),
    Column("told", Boolean, nullable=False),
    Column("muted", Boolean, nullable=False),
    Column("escalated", Boolean, nullable=False),
    Column("continued_by", String(36)),
    Column("key", String(36)),
    Index(None, "first_alert"),
    Index(None, "closed", "first_alert"),
    Index(None, "subscription_id", "closed"),
    Index(None, "muted"),
    sqlite_with_rowid=False,
)
"""Episodes as their newest alert leaves them; `first_alert` and `newest_alert` are sequences of alerts."""

EPISODE_TIMERS = Table(
    "episode_timers",
    METADATA,
    Column("episode", String(36), ForeignKey(EPISODES.c.id, ondelete="CASCADE"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("due", Instant, nullable=False),
    Index(None, "due"),
    sqlite_with_rowid=False,
)

EPISODE_NOTES = Table(
    "episode_notes",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("episode", String(36), ForeignKey(EPISODES.c.id, ondelete="CASCADE"), nullable=False),
    Column("noted", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("action", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "episode", "id"),
)

FLAPS = Table(
    "flaps",
    METADATA,
    _beside_subscription(),
    Column("key", String(36), primary_key=True),
    Column("episode", String(36), nullable=False),
    Column("changes", JSON, nullable=False),
    Column("newest", Instant),
    Column("since", Instant),
    Column("began", String(36)),
    Column("count", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("escalated", Boolean, nullable=False),
    Column("due", Instant, nullable=False),
    Index(None, "due"),
    sqlite_with_rowid=False,
)
"""How often what a subscription watches has begun and ended lately; `changes` are microseconds since 1970 UTC."""

SILENCES = Table(
    "silences",
    METADATA,
    *_numbered(),
    *_said(),
    Column("begins", Instant, nullable=False),
    Column("ends", Instant),
    Column("matcher", JSON, nullable=False),
    Column("weekly", JSON(none_as_null=True)),
    Column("next_end", Instant),
    Index(None, "next_end"),
    Index(None, "ends"),
)
"""Silences; `next_end` is when the episodes are to be told that are still open then."""

INHIBITIONS = Table(
    "inhibitions",
    METADATA,
    *_numbered(),
    *_said(),
    Column("ends", Instant),
    Column("source", JSON, nullable=False),
    Column("target", JSON, nullable=False),
    Column("equal", JSON, nullable=False),
    Column("next_end", Instant),
    Index(None, "next_end"),
    Index(None, "ends"),
)
"""Inhibitions; `next_end` is when one ends whose episodes do not know it yet."""

INHIBITION_ENDS = Table(
    "inhibition_ends",
    METADATA,
    Column("inhibition", String(36), ForeignKey(INHIBITIONS.c.id, ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("ended", Instant, primary_key=True),
    sqlite_with_rowid=False,
)
"""Sources that do not mute any more, by what they share with their targets, whose episodes are to be told."""

JOBS = Table(
    "jobs",
    METADATA,
    *_numbered(),
    Column("owner", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created", Instant, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("finished", Instant),
    Column("percent", Integer),
    Column("form", JSON(none_as_null=True)),
    Column("outputs", JSON(none_as_null=True)),
    Column("fault", JSON(none_as_null=True)),
    Index(None, "finished"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("alert_sequence", Key, ForeignKey(ALERTS.c.sequence), nullable=False),
    Column("subscription_id", String(36), nullable=False),
    Column("episode", String(36), nullable=False, server_default=""),
    Column("channel", String(32), nullable=False),
    Column("address", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("queued", Instant, nullable=False, server_default="0"),
    Column("due", Instant, nullable=False),
    Column("status", String(16), nullable=False),
    Column("last_error", Text),
    Column("finished", Instant),
    Column("group_id", String(36)),
    Column("message", JSON(none_as_null=True)),
    Index(None, "group_id"),
    Index(None, "status", "due"),
    Index(None, "channel", "address", "status", "due"),
    Index(None, "channel", "address", "status", "episode", "id"),
    Index(None, "subscription_id", "id"),
    Index(None, "finished"),
    Index(None, "alert_sequence"),
    sqlite_autoincrement=True,
)

GROUPS = Table(
    "groups",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("subscription_id", String(36), ForeignKey(SUBSCRIPTIONS.c.id), nullable=False),
    Column("opened", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("closed", Instant),
    Index(None, "closed", "due"),
    sqlite_with_rowid=False,
)
"""Windows in which the alerts of a subscription gather; `closed` is when they were told together."""

GROUP_MEMBERS = Table(
    "group_members",
    METADATA,
    Column("group_id", String(36), ForeignKey(GROUPS.c.id, ondelete="CASCADE"), primary_key=True),
    Column(
        "alert_sequence",
        Key,
        ForeignKey(ALERTS.c.sequence, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    Column("channel", String(32), primary_key=True),
    Column("address", Text, primary_key=True),
    sqlite_with_rowid=False,
)

TARGETS = Table(
    "targets",
    METADATA,
    Column("channel", String(32), primary_key=True),
    Column("address", Text, primary_key=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", Instant),
    Column("open_until", Instant),
    Column("disabled", Instant),
    Column("told", Boolean, nullable=False, server_default=false()),
    sqlite_with_rowid=False,
)

DELIVERY_ATTEMPTS = Table(
    "delivery_attempts",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("delivery_id", Key, ForeignKey(OUTBOX.c.id, ondelete="CASCADE"), nullable=False),
    Column("began", Instant, nullable=False),
    Column("ended", Instant, nullable=False),
    Column("successful", Boolean, nullable=False),
    Column("answer_status", Integer),
    Column("answer", Text),
    Column("error", Text),
    Index(None, "delivery_id"),
)

SERVICE_KEYS = Table(
    "service_keys",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("secret", String(64), nullable=False),
)

WEBHOOK_SECRETS = Table(
    "webhook_secrets",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("subscription_id", String(36), ForeignKey(SUBSCRIPTIONS.c.id), nullable=False),
    Column("address", Text, nullable=False),
    Column("salt", String(64), nullable=False),
    Column("made", Instant, nullable=False),
    Column("ends", Instant),
    Index(None, "subscription_id", "address", "id"),
)
"""What the secrets of webhooks are derived with beside the key of the service, once they were changed."""

ITEMS = Table(
    "items",
    METADATA,
    Column("sequence", Key, primary_key=True, autoincrement=True),
    Column("guid", Text, nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("received", Instant, nullable=False),
    Column("categories", JSON, nullable=False, server_default="[]"),
    Column("subscription_id", Text),
    Column("status", Text),
    Column("severity", Text),
    *_series(),
    Column("happened", Instant),
    Column("longitude", Float),
    Column("latitude", Float),
    Column("is_own", Boolean, nullable=False, server_default=false()),
    *_notice_indices(),
    Index(None, "happened"),
    Index(None, "received"),
    sqlite_autoincrement=True,
)

ITEM_CATEGORIES = Table(
    "item_categories",
    METADATA,
    Column("category", Text, primary_key=True),
    Column("item_sequence", Key, ForeignKey(ITEMS.c.sequence, ondelete="CASCADE"), primary_key=True),
    Index(None, "item_sequence"),
    sqlite_with_rowid=False,
)
