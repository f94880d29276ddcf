"""
The values that travel through WEPS. No I/O, no third-party imports.

Longer than a module should be: whoever looks for a value finds all of them here, and none of them does anything.

Instants are aware `datetime` in UTC, durations `timedelta`, units UCUM codes, coordinates WGS 84 longitude first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

Value: TypeAlias = float | int | bool | str | None
"""A result: number, truth, text (also categories), or None for a nil result."""

Json: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None


class Series(NamedTuple):
    """What one sensor observes of one property of one feature."""

    procedure: str
    observed_property: str
    feature_of_interest: str


class Observation(NamedTuple):
    """
    An act that gave a value for a property of a feature at a time (ISO 19156).

    A tuple and not a dataclass: it is made millions of times, and a tuple is made four times as fast.
    `phenomenon_time` is the instant or the begin of the period, `phenomenon_time_end` the end of a period (else None).
    `geometry` is GeoJSON, longitude first. `id` tells two observations apart inside one feed (see `engine`).
    `quality` is the flag or code that the source gives the result (om:resultQuality), as it stands there.
    """

    phenomenon_time: datetime
    procedure: str
    observed_property: str
    feature_of_interest: str
    value: Value
    uom: str | None = None
    phenomenon_time_end: datetime | None = None
    result_time: datetime | None = None
    offering: str | None = None
    nil_reason: str | None = None
    geometry: Mapping[str, Any] | None = None
    identifier: str | None = None
    id: str = ""
    quality: str | None = None

    @property
    def series(self) -> Series:
        """The series that this observation belongs to."""
        return Series(self.procedure, self.observed_property, self.feature_of_interest)

    @property
    def end(self) -> datetime:
        """The end of the phenomenon time: for an instant, the instant."""
        return self.phenomenon_time_end or self.phenomenon_time

    @property
    def position(self) -> tuple[float, float] | None:
        """Longitude and latitude in degrees of the point, or of the centre of another geometry; else None."""
        if self.geometry is None:
            return None
        places = tuple(_places(self.geometry.get("coordinates")))
        if not places:
            return None
        (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*places, strict=True))
        return (west + east) / 2, (south + north) / 2


def _places(coordinates: Any) -> Iterator[tuple[float, float]]:
    """Give the places of the coordinates of any GeoJSON geometry."""
    if not isinstance(coordinates, list | tuple) or not coordinates:
        return
    if isinstance(coordinates[0], list | tuple):
        for part in coordinates:
            yield from _places(part)
    else:
        yield float(coordinates[0]), float(coordinates[1])


class Severity(StrEnum):
    """How bad it is, in the words of the Common Alerting Protocol 1.2."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a detection compared: `condition` as in the threshold language, its bound or bounds, and their unit."""

    condition: str
    bounds: tuple[float | str, ...]
    uom: str | None = None


class Detection(NamedTuple):
    """
    A match of a rule (`eml/SEMANTICS` 3.6; threshold rules use pattern `threshold`, event `firing` or `resolved`).

    A tuple as an observation is, and for the same reason.
    `time` is the rule's clock at the match; `causes` the observation ids that the rule reports (None: it does not),
    `lineage` the ids of all observations that contributed, `observation` the last of them when it is at hand.
    """

    time: datetime
    pattern: str
    event: str | None = None
    output: str | None = None
    value: Value = None
    message: str | None = None
    causes: tuple[str, ...] | None = None
    lineage: tuple[str, ...] = ()
    observation: Observation | None = None
    comparison: Comparison | None = None
    severity: Severity | None = None


class AlertStatus(StrEnum):
    """What an alert says of its episode."""

    EVENT = "event"  # a match that has no end: every EML detection, and thresholds with trigger "every"
    PENDING = "pending"  # its condition is met, but has not been so long or so often that it fires
    FIRING = "firing"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"  # withdrawn by an operator: it should not have been told, or does not matter any more
    EXPIRED = "expired"  # nobody knows how it goes on: its subscription ended, or its rule began anew
    NO_DATA = "no-data"
    SOURCE_DOWN = "source-down"
    SOURCE_UP = "source-up"
    SOURCE_SILENT = "source-silent"  # it answers, but has had nothing new for much longer than usual
    SOURCE_SPEAKS = "source-speaks"  # it has something new again
    SOURCE_CHANGED = "source-changed"  # what is watched is not announced any more, or under another name
    RULE_FAILED = "rule-failed"  # the rule cannot go on; the last alert of its subscription
    TARGET_DOWN = "target-down"  # alerts do not reach one of the targets
    TARGET_UP = "target-up"


class Reminder(StrEnum):
    """Why an episode is told again although nothing happened in it."""

    REPEAT = "repeat"
    ESCALATION = "escalation"
    ACKNOWLEDGEMENT_OVER = "acknowledgement-over"
    SILENCE_OVER = "silence-over"
    INHIBITION_OVER = "inhibition-over"
    FLAPPING = "flapping"  # it begins and ends so often that its changes are not pushed any more
    FLAPPING_OVER = "flapping-over"  # it has been calm since


class AlertUse(StrEnum):
    """What the alerts of a subscription are meant for, in the words of the Common Alerting Protocol 1.2 (`status`)."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    TEST = "Test"


class Language(StrEnum):
    """The languages that alerts are told in."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"
    ITALIAN = "it"


class LatePolicy(StrEnum):
    """What a rule is shown of observations that come after newer ones of their series."""

    ARRIVAL = "arrival"  # all, as they arrive; their alerts are marked late
    REORDER = "reorder"  # all in the order of their times: each is held back until a bound has passed
    DROP = "drop"  # none; they are counted


class Corrections(StrEnum):
    """What a rule is shown of a value that its source has changed afterwards."""

    IGNORE = "ignore"
    EVALUATE = "evaluate"


@dataclass(frozen=True, slots=True)
class Ordering:
    """How the observations of a feed are put before a rule; `bound` is how long `reorder` holds them back."""

    late: LatePolicy = LatePolicy.ARRIVAL
    bound: timedelta = timedelta(0)
    corrections: Corrections = Corrections.IGNORE


@dataclass(frozen=True, slots=True)
class Correction:
    """
    A value that a source has changed after it was seen: what it was (as text, with its unit), and what it became.

    `recorded` is when that was found, `times` how often the value of this series and time was changed.
    """

    series: Series
    phenomenon_time: datetime
    before: str
    after: str
    recorded: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class Target:
    """Where alerts are pushed: a channel by name (`insert-rss`) and an address that the channel understands."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Flapping:
    """What is too restless to be told: what begins or ends more often than `count` times within `window`."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Attention:
    """
    How people are kept at an episode: it is told again every `repeat` while it is open and nobody acknowledged it.

    When nobody did so within `escalate_after`, it is told to the targets of `escalate_to` too, until it is over. What
    is `flapping` is told once, and again when it has been calm. With `group` alerts up to a severity wait so long for
    others and are pushed together.
    """

    repeat: timedelta | None = None
    escalate_after: timedelta | None = None
    escalate_to: tuple[Target, ...] = ()
    flapping: Flapping | None = None
    group: timedelta | None = None
    group_up_to: Severity = Severity.SEVERE


class SubscriptionStatus(StrEnum):
    """Whether a subscription is watched."""

    ACTIVE = "active"
    PAUSED = "paused"  # by its client, until it is resumed, cancelled or over
    ENDED = "ended"  # its lifetime is over
    CANCELLED = "cancelled"
    FAILED = "failed"  # its rule could not go on, as its last alert says


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a feeder asks: an endpoint and a template, a GetObservation or GetResult without its time filter.

    `binding` is how it is sent: `kvp`, `pox`, `soap` (1.2), `soap11` or `json`; `template` the canonical text of the
    request, which tells version and operation. Equal sources are polled once.
    """

    binding: str
    endpoint: str
    template: str


@dataclass(frozen=True, slots=True)
class SourceChange:
    """
    What a service does not announce any more: `kind` is `offering`, `procedure` or `observedProperty`.

    `after` is the new name where it was renamed, as far as that can be seen; `offering` is where it was announced.
    """

    kind: str
    before: str
    after: str | None = None
    offering: str | None = None
    recorded: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as the client wrote it; `language` is a key of `rules.languages.LANGUAGES`."""

    language: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """
    What a client asks for. `runtime` None means until cancelled; `start` None means from now on.

    `sampling_rate` is how often the source is asked, `process` the WPS process that made the subscription.
    """

    rule: RuleText
    source: Source
    sampling_rate: timedelta
    runtime: timedelta | None = None
    start: datetime | None = None
    targets: tuple[Target, ...] = ()
    title: str = ""
    severity: Severity = Severity.UNKNOWN
    process: str = "weps:Subscribe"
    owner: str = ""
    language: Language = Language.ENGLISH
    title_template: str = ""
    message_template: str = ""
    alert_status: AlertUse = AlertUse.TEST
    ordering: Ordering = Ordering()
    attention: Attention = Attention()


@dataclass(frozen=True, slots=True)
class Subscription:
    """
    A rule, a source, targets and a lifetime, kept for a client. `token` opens its feed and cannot be guessed.

    `created`, `expires` and `ended` are on the wall clock: when it was made, is to end, and was really over (None while
    it is not). `activation` is the world's time at which the rule began. `revision` counts the changes of it,
    `rule_version` those of its rule. `dropped` counts the observations of its source that came too late for it,
    `corrected` the values that its source has changed.
    """

    id: str
    token: str
    rule: RuleText
    rule_version: int
    source: Source
    feed_id: int
    sampling_rate: timedelta
    created: datetime
    activation: datetime
    expires: datetime | None
    start: datetime | None
    status: SubscriptionStatus
    targets: tuple[Target, ...] = ()
    title: str = ""
    severity: Severity = Severity.UNKNOWN
    process: str = "weps:Subscribe"
    owner: str = ""
    next_poll: datetime | None = None
    alert_count: int = 0
    revision: int = 0
    ended: datetime | None = None
    language: Language = Language.ENGLISH
    title_template: str = ""
    message_template: str = ""
    alert_status: AlertUse = AlertUse.TEST
    ordering: Ordering = Ordering()
    attention: Attention = Attention()
    dropped: int = 0
    corrected: int = 0


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule as a subscription had it from `since` on, until the next version; `alerts` is how many it gave."""

    version: int
    rule: RuleText
    since: datetime
    alerts: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """
    What a client wants to be otherwise in a subscription.

    None leaves a member as it is, a duration of 0 ends it, and so does what flaps with a count of 0.
    """

    rule: RuleText | None = None
    sampling_rate: timedelta | None = None
    title: str | None = None
    severity: Severity | None = None
    targets: tuple[Target, ...] | None = None
    language: Language | None = None
    title_template: str | None = None
    message_template: str | None = None
    alert_status: AlertUse | None = None
    late: LatePolicy | None = None
    bound: timedelta | None = None
    corrections: Corrections | None = None
    repeat: timedelta | None = None
    escalate_after: timedelta | None = None
    escalate_to: tuple[Target, ...] | None = None
    flapping: Flapping | None = None
    group: timedelta | None = None
    group_up_to: Severity | None = None

    def ordered(self, before: Ordering) -> Ordering:
        """Give the ordering that a subscription has after the changes; another policy forgets the bound."""
        late = self.late or before.late
        bound = self.bound if self.bound is not None else before.bound
        kept = bound if late is LatePolicy.REORDER or self.bound is not None else timedelta(0)
        return Ordering(late, kept, self.corrections or before.corrections)


@dataclass(frozen=True, slots=True)
class Feed:
    """
    One source as it is polled: how far it has been read, and how it fares.

    `activation` is the world's time when it was asked for, `start` the client's wish to begin earlier (else None).
    A feed is `primed` when it is known what the source held at the activation; before `since` nothing is asked.
    `polled_until` is the world's time up to which the source has been asked with success. `next_poll` and
    `last_success` are on the wall clock; no `next_poll` means that nobody is subscribed. `revision` counts the changes
    of its subscriptions; `down_since` is when its subscribers were told that the source is down. `longest` is the
    longest period that was observed, `step` the longest time that is asked for at once, where the source does not give
    more.
    """

    id: int
    source: Source
    start: datetime | None
    activation: datetime
    primed: bool
    since: datetime | None
    interval: timedelta
    polled_until: datetime | None
    next_poll: datetime | None
    failures: int
    last_error: str | None
    last_success: datetime | None
    down_since: datetime | None
    revision: int
    longest: timedelta = timedelta(0)
    step: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """
    A detection told to people; immutable once stored.

    `sequence` is the store's running number (0 before it is stored); `id` is stable and globally unique; the alerts
    of one episode (firing, then resolved) share `episode`. `event_time` is the rule's time of the match (for a
    tumbling window its begin, for silence the instant it was due), `detected` when it was found out. `evidence` is a
    GetObservation URL, or None. `causes` are the ids of all observations that led here. `longitude` and `latitude` are
    where it was observed: the place, or its centre when it is no point; then `geometry` is the place (GeoJSON).
    `language` and `use` are those of the subscription when it was told. `reminder` is why it tells its episode again;
    `silenced` the silence because of which it was not pushed, or that it flaps. `key` is what its rule tells things
    apart by; it is known while an alert is being stored, and not kept.
    """

    id: str
    episode: str
    subscription_id: str
    status: AlertStatus
    severity: Severity
    title: str
    text: str
    rule_name: str
    rule_version: int
    pattern: str
    detected: datetime
    event_time: datetime
    phenomenon_time: datetime
    event: str | None = None
    output: str | None = None
    value: Value = None
    uom: str | None = None
    comparison: Comparison | None = None
    procedure: str | None = None
    observed_property: str | None = None
    feature_of_interest: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    late: bool = False
    causes: tuple[str, ...] = ()
    evidence: str | None = None
    geometry: Mapping[str, Any] | None = None
    language: Language = Language.ENGLISH
    use: AlertUse = AlertUse.TEST
    reminder: Reminder | None = None
    silenced: str | None = None
    sequence: int = 0
    key: str | None = None


class DeliveryStatus(StrEnum):
    """How far the push of one alert to one target has come."""

    QUEUED = "queued"
    FAILED = "failed"  # and waits for its next attempt
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One alert on its way to one target: a row of the outbox.

    `thread` is what is delivered in order: the episode, or the subscription where its alerts are told in groups. A
    group of alerts has a `group_id`, and its alert is a `GroupAlert`.
    """

    id: int
    alert: Alert
    target: Target
    attempts: int
    due: datetime
    status: DeliveryStatus = DeliveryStatus.QUEUED
    last_error: str | None = None
    thread: str = ""
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredItem:
    """
    An RSS item that somebody posted to the data store for notifications. `document` is the item as XML text.

    The other members are what it says that can be looked for: `happened` is its phenomenon time, or else its date.
    `is_own` is an item that tells an alert of this very service, which is listed as the alert that it is.
    """

    guid: str
    document: str
    received: datetime
    sequence: int = 0
    categories: tuple[str, ...] = ()
    subscription_id: str | None = None
    status: str | None = None
    severity: str | None = None
    procedure: str | None = None
    observed_property: str | None = None
    feature_of_interest: str | None = None
    happened: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None
    is_own: bool = False


class JobStatus(StrEnum):
    """How far an execution has come that goes on after its request was answered."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Job:
    """
    An execution of a process that goes on after its request was answered.

    The job of a process that makes subscriptions has the id of its subscription, and its state follows from it.
    `form` is how the client wants the result, as its binding wrote it. `outputs` is what the process gave, `fault`
    why it failed (code, locator, text, HTTP status); both are None until it is finished.
    """

    id: str
    process: str
    status: JobStatus
    created: datetime
    updated: datetime
    finished: datetime | None = None
    percent: int | None = None
    form: Json = None
    outputs: Json = None
    fault: Json = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """
    A part of a longer list: how many to leave out, how many to give.

    With `after`, the id of a member of the list, only what stands behind that member is counted: such a page costs
    the same however far it is down the list.
    """

    offset: int = 0
    limit: int = 50
    after: str | None = None
