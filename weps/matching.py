"""Which alerts are meant by what people say of them. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weps.model import Alert, Severity
    from weps.notices import Box


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which alerts are meant: those that meet every condition that is given, one of the values each."""

    subscriptions: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    box: Box | None = None

    def matches(self, alert: Alert) -> bool:
        """Tell whether an alert is meant; one that does not say where it is lies in no area."""
        wanted = (
            (self.subscriptions, alert.subscription_id),
            (self.procedures, alert.procedure),
            (self.observed_properties, alert.observed_property),
            (self.features_of_interest, alert.feature_of_interest),
            (self.severities, alert.severity),
        )
        if not all(not values or value in values for values, value in wanted):
            return False
        return self.box is None or self.box.contains(alert.longitude, alert.latitude)
