"""Which alerts are meant, as clients of processes say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.matching import Matcher
from weps.model import AlertStatus, Severity
from weps.notices import read_box
from weps.processes.base import InputSpec, Literal
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weps.processes.inputs import Inputs

MANY = 100
_SAID = {
    "subscriptionId": "subscriptions",
    "procedure": "procedures",
    "observedProperty": "properties",
    "featureOfInterest": "features",
}


def matcher_inputs(whose: str = "Alerts", prefix: str = "", statuses: Iterable[AlertStatus] = ()) -> list[InputSpec]:
    """Give the inputs that say which alerts are meant, with a status where statuses are given."""
    made = [
        InputSpec(_name(prefix, name), f"{whose} of these {what}", _TEXT, max_occurs=MANY)
        for name, what in _SAID.items()
    ]
    made.append(
        InputSpec(_name(prefix, "severity"), f"{whose} of these severities", _SEVERITY, max_occurs=len(Severity))
    )
    if allowed := tuple(status.value for status in statuses):
        word = Literal(allowed=allowed)
        made.append(InputSpec(_name(prefix, "status"), f"{whose} of these statuses", word, max_occurs=len(allowed)))
    area = "west,south,east,north in degrees (WGS 84)."
    made.append(InputSpec(_name(prefix, "bbox"), f"{whose} in this area", Literal(), area))
    return made


def read_matcher(inputs: Inputs, prefix: str = "") -> Matcher:
    """Give which alerts are meant; raises `InputError`."""
    area = inputs.text(_name(prefix, "bbox"))
    with told_of({"": _name(prefix, "bbox")}):
        box = None if area is None else read_box(area)
    subscriptions, procedures, properties, features = (inputs.texts(_name(prefix, name)) for name in _SAID)
    severities = tuple(Severity(text) for text in inputs.texts(_name(prefix, "severity")))
    statuses = tuple(AlertStatus(text) for text in inputs.texts(_name(prefix, "status")))
    return Matcher(subscriptions, procedures, properties, features, severities, statuses, box)


def _name(prefix: str, name: str) -> str:
    return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name


_TEXT = Literal()
_SEVERITY = Literal(allowed=tuple(str(item) for item in Severity))
