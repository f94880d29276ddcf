"""Runs one rule over observations of the past, through the network that runs live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.rules.languages import check_rule
from weps.rules.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from weps.errors import Fault
    from weps.model import Detection, Observation
    from weps.rules.base import Rule

SUBSCRIPTION = "backtest"


def check(text: str) -> tuple[Fault, ...]:
    """Give every fault of a rule, as `weps check-rule` prints them; none when it can be run."""
    return check_rule(text)


def in_event_order(observations: Iterable[Observation]) -> list[Observation]:
    """
    Give the observations as a poll of a source would hand them over.

    What is seen twice (same series, phenomenon time, and result time or identifier) counts the first time; the rest is
    ordered by the end of its phenomenon time, then by series.
    """
    first: dict[tuple[Any, ...], Observation] = {}
    for seen in observations:
        mark = seen.identifier or seen.result_time
        first.setdefault((*seen.series, seen.phenomenon_time, seen.phenomenon_time_end, mark), seen)
    return sorted(first.values(), key=lambda seen: (seen.end, *seen.series))


def backtest(
    rule: Rule,
    observations: Iterable[Observation],
    start: datetime | None = None,
    end: datetime | None = None,
    as_arrived: bool = False,
) -> Iterator[dict[str, Any]]:
    """
    Give the detections of a rule as JSON objects, in the order in which they are made.

    `start` is the activation, and nothing before it is seen (without it, the earliest observation that the rule looks
    at); `end` moves the clock on after the last one. With `as_arrived` the observations are a recording: taken in the
    order given, none left out. Without, they are a document: put into event order and freed from repetitions, as a
    feeder does.
    """
    stream = list(observations) if as_arrived else in_event_order(observations)
    activation = start or _earliest(seen for seen in stream if rule.correlation_key(seen) is not None)
    activation = activation or _earliest(stream) or end
    if activation is None:
        return
    network = Network()
    network.add(SUBSCRIPTION, rule, {}, activation)
    for observation in stream if start is None else [seen for seen in stream if seen.end >= start]:
        yield from (to_members(found.detection) for found in network.step((observation,)))
    if end is not None:
        yield from (to_members(found.detection) for found in network.tick(end))


def _earliest(observations: Iterable[Observation]) -> datetime | None:
    return min((seen.end for seen in observations), default=None)


def to_members(detection: Detection) -> dict[str, Any]:
    """Give a detection as the members of a line of `weps backtest`; what it does not have is left out."""
    members: dict[str, Any] = {"time": format_instant(detection.time), "pattern": detection.pattern}
    if detection.event is not None:
        members["event"] = detection.event
    if detection.output is not None:
        members["output"] = detection.output
    if detection.value is not None:
        members["value"] = detection.value
    if detection.message is not None:
        members["message"] = detection.message
    if detection.causes is not None:
        members["causes"] = list(detection.causes)
    return members
