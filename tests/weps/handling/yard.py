"""A desk at which alerts mute others."""

from __future__ import annotations

from dataclasses import replace

from tests.weps.handling.desk import HOUR, Desk
from tests.weps.notify.samples import make_alert
from weps.handling.inhibitions import Inhibiting
from weps.inhibitions import Inhibition
from weps.matching import Matcher
from weps.model import AlertStatus, Reminder, Severity, Subscription

DOWN, FIRING, RESOLVED = AlertStatus.SOURCE_DOWN, AlertStatus.FIRING, AlertStatus.RESOLVED
SEVERE = Matcher(severities=(Severity.SEVERE,))
MINOR = Matcher(severities=(Severity.MINOR,))
BOTH = Matcher(severities=(Severity.SEVERE, Severity.MINOR))
OVER = Reminder.INHIBITION_OVER.value


class Yard(Desk):
    """A desk at which big alerts mute small ones, of the same feature unless it is told otherwise."""

    def inhibit(self, source=SEVERE, target=MINOR, equal=("featureOfInterest",), **when) -> Inhibition:
        work = Inhibiting(self.store, lambda: self.now)
        return work.inhibit(source, target, equal=equal, author="Ada", reason="one is enough", **when)

    def end(self, inhibition: Inhibition) -> None:
        Inhibiting(self.store, lambda: self.now).end(inhibition.id)

    def big(self, subscription: Subscription, status=FIRING, episode="big", feature="quay", **changes) -> None:
        self.tell(
            subscription, status, episode, **{"severity": Severity.SEVERE, "feature_of_interest": feature} | changes
        )

    def small(self, subscription: Subscription, status=FIRING, episode="small", feature="quay", **changes) -> None:
        self.tell(
            subscription, status, episode, **{"severity": Severity.MINOR, "feature_of_interest": feature} | changes
        )

    def batch(self, subscription: Subscription, *alerts: tuple[str, AlertStatus, Severity]) -> None:
        """Store alerts of episodes of one feature in one transaction, each of what happened an hour later."""
        told = []
        for episode, status, severity in alerts:
            self.count += 1
            alert = make_alert(self.count, status=status, subscription=subscription)
            changes = {"id": f"a-{self.count}", "episode": episode, "severity": severity, "feature_of_interest": "quay"}
            changes["event_time"] = self.now + self.count * HOUR
            told.append((replace(alert, **changes), subscription.targets))
        with self.store.batch(subscription.feed_id) as batch:
            batch.add_alerts(told, self.now)

    def told(self, episode: str) -> list[tuple[str, bool]]:
        """What stands in the feed of an episode, and whether it was pushed."""
        alerts = self.store.alerts_of_episode(episode)
        return [(alert.reminder or alert.status.value, alert.silenced is None) for alert in alerts]
