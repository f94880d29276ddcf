"""Which alerts are meant by what people say of them. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weps.episodes import MOMENTARY, OPEN

if TYPE_CHECKING:
    from weps.model import Alert, AlertStatus, Severity
    from weps.notices import Box


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which alerts are meant: those that meet every condition that is given, one of the values each."""

    subscriptions: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    statuses: tuple[AlertStatus, ...] = ()
    box: Box | None = None

    def matches(self, alert: Alert, state: AlertStatus | None = None) -> bool:
        """
        Tell whether an alert is meant; one that does not say where it is lies in no area.

        `state` is that of the episode which the alert ends, as far as it is known: what is meant by a status is meant
        with its end.
        """
        wanted = (
            (self.subscriptions, alert.subscription_id),
            (self.procedures, alert.procedure),
            (self.observed_properties, alert.observed_property),
            (self.features_of_interest, alert.feature_of_interest),
            (self.severities, alert.severity),
        )
        if not all(not values or value in values for values, value in wanted):
            return False
        if self.statuses and not self._means_status(alert.status, state):
            return False
        return self.box is None or self.box.contains(alert.longitude, alert.latitude)

    @property
    def is_empty(self) -> bool:
        """Whether no condition is given."""
        return not any(getattr(self, name) for name in self.__dataclass_fields__)

    def _means_status(self, status: AlertStatus, state: AlertStatus | None) -> bool:
        if status in OPEN or status in MOMENTARY:
            return status in self.statuses
        return state is None or state in self.statuses
