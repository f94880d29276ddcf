"""From detections to alerts: their ids, their episodes, whether they are late, and where the evidence is."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from weps.episodes import OPEN, Episode
from weps.flapping import Flaps
from weps.model import Alert, AlertStatus, Detection, Observation, Reminder, Series, Source, Subscription
from weps.notify.message import compose_alert
from weps.notify.retelling import compose_flapping
from weps.notify.text import clean_identifier
from weps.notify.wording import IDENTIFIER_LIMIT
from weps.rules.network import Found
from weps.rules.threshold.selection import SEPARATOR
from weps.store import BatchTransaction

ALERT_NAMESPACE = uuid.UUID("6f0f3f1c-7a53-4c52-9d0b-5d4d5a0f8c11")
SILENCE = "noData"

Selector: TypeAlias = tuple[str | None, str | None, str | None]
Evidence: TypeAlias = Callable[[Source, datetime, datetime], str | None]


@dataclass(frozen=True, slots=True)
class Thread:
    """How many detections a state has given, and the episode that is open."""

    detections: int = 0
    open_episode: str | None = None


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes alerts of the detections of one batch."""

    transaction: BatchTransaction
    times: Mapping[str, datetime]
    latest_before: Mapping[Series, Observation]
    now: datetime
    evidence: Evidence

    def compose(
        self,
        subscription: Subscription,
        found: Found,
        thread: Thread,
        has_episodes: bool,
        selectors: Sequence[Selector] = (),
    ) -> tuple[Alert, Thread]:
        """
        Give the alert of a detection, and how the thread of its state goes on.

        `selectors` are what its rule looks at: nobody has observed what is told of when no data come.
        """
        detection = found.detection
        status = status_of(detection, has_episodes)
        count = thread.detections + 1
        identifier = alert_id(subscription, found.key, count)
        episode = identifier if status is AlertStatus.EVENT else thread.open_episode or identifier
        alert = compose_alert(
            subscription,
            detection,
            id=identifier,
            episode=episode,
            status=status,
            rule_name=subscription.rule.name,
            detected=self.now,
            late=self._is_late(detection.observation),
            evidence=self._evidence_url(subscription, detection),
        )
        if status is AlertStatus.NO_DATA and detection.observation is None:
            alert = _about_missing(alert, found.key, selectors)
        if subscription.attention.flapping is not None:
            alert = replace(alert, key=str(uuid.uuid5(ALERT_NAMESPACE, found.key)))
        return alert, Thread(count, episode if status in OPEN else None)

    def _is_late(self, observation: Observation | None) -> bool:
        if observation is None:
            return False
        before = self.latest_before.get(observation.series)
        return before is not None and observation.end < before.end

    def _evidence_url(self, subscription: Subscription, detection: Detection) -> str | None:
        times = [detection.time]
        if detection.observation is not None:
            times = [detection.observation.phenomenon_time, detection.observation.end]
        causes = set(detection.lineage)
        if detection.observation is not None:
            causes.discard(detection.observation.id)
        if causes:
            times += [self.times[each] for each in causes if each in self.times]
            times += self.transaction.times_of(causes - self.times.keys()).values()
        return self.evidence(subscription.source, min(times), max(times))


def _about_missing(alert: Alert, key: str, selectors: Sequence[Selector]) -> Alert:
    """Name what is missing: the series by which a state is told apart, else the one thing that the rule looks at."""
    parts = tuple(key.split(SEPARATOR))
    names: Selector = (None, None, None)
    if len(parts) == len(names):
        names = parts[0], parts[1], parts[2]
    elif len(selectors) == 1:
        names = selectors[0]
    procedure, observed_property, feature = (
        clean_identifier(name, IDENTIFIER_LIMIT) if name else None for name in names
    )
    return replace(alert, procedure=procedure, observed_property=observed_property, feature_of_interest=feature)


def status_of(detection: Detection, has_episodes: bool) -> AlertStatus:
    """Tell what a detection says of its episode, when its rule has such."""
    if not has_episodes:
        return AlertStatus.EVENT
    if detection.event == "resolved":
        return AlertStatus.RESOLVED
    if detection.event == "pending":
        return AlertStatus.PENDING
    is_silence = detection.comparison is not None and detection.comparison.condition == SILENCE
    return AlertStatus.NO_DATA if is_silence else AlertStatus.FIRING


def alert_id(subscription: Subscription, key: str, count: int) -> str:
    """Give the id of the so-many-th alert of a state: the same again when the same is detected again."""
    return str(uuid.uuid5(ALERT_NAMESPACE, f"{subscription.id}/{subscription.rule_version}/{count}/{key}"))


def source_alert_id(subscription: Subscription, status: AlertStatus, instant: datetime, about: str = "") -> str:
    """Give the id of the alert that a subscription's source went down or came up, or its rule failed, at an instant."""
    return str(uuid.uuid5(ALERT_NAMESPACE, f"{subscription.id}/{status}/{instant.isoformat()}{about}"))


def episode_alert_id(episode: Episode, what: str, due: datetime) -> str:
    """Give the id of the alert that tells something of an episode which was due at an instant, or done then."""
    return str(uuid.uuid5(ALERT_NAMESPACE, f"{episode.id}/{what}/{due.isoformat()}"))


def flapping_alert(newest: Alert, flaps: Flaps, reminder: Reminder, now: datetime) -> Alert:
    """Tell that something flaps, or is calm again, in the episode of its newest alert; the same has the same id."""
    parts = flaps.subscription_id, flaps.key, flaps.began, reminder
    identifier = str(uuid.uuid5(ALERT_NAMESPACE, "/".join(map(str, parts))))
    return compose_flapping(newest, flaps, reminder, id=identifier, detected=now)
