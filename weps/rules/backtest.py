"""Runs one rule over observations of the past, through the network that runs live."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.rules.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from weps.model import Detection, Observation
    from weps.rules.base import Rule

SUBSCRIPTION = "backtest"


def in_event_order(observations: Iterable[Observation]) -> list[Observation]:
    """
    Give the observations as a poll of a source would hand them over.

    What is seen twice (same series, phenomenon time, and result time or identifier) counts the first time; the rest is
    ordered by the end of its phenomenon time, then by series.
    """
    first: dict[tuple[Any, ...], Observation] = {}
    for seen in observations:
        time, series = seen.phenomenon_time, seen[1:4]  # a slice: `series` takes five times as long
        mark = seen.identifier or seen.result_time
        first.setdefault((series, time, seen.phenomenon_time_end, mark), seen)
    return sorted(first.values(), key=lambda seen: (seen.phenomenon_time_end or seen.phenomenon_time, seen[1:4]))


def backtest(
    rule: Rule,
    observations: Iterable[Observation],
    start: datetime | None = None,
    end: datetime | None = None,
    as_arrived: bool | None = None,
) -> Iterator[dict[str, Any]]:
    """
    Give the detections of a rule as JSON objects, in the order in which they are made.

    `start` is the activation, and nothing before it is seen (without it, the earliest observation that the rule looks
    at); `end` moves the clock on after the last one. With `as_arrived` the observations are a recording: taken in the
    order given, none left out. Else they are a document: put into event order and freed from repetitions, as a poll
    is. When it is not said, observations whose ids are not just running numbers are a recording.
    """
    given = list(observations)
    stream = given if as_arrived or (as_arrived is None and _have_names(given)) else in_event_order(given)
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


def _have_names(observations: list[Observation]) -> bool:
    """Tell whether ids were given to observations one by one, and not by counting them."""
    ids = [seen.id for seen in observations]
    if not all(one.isdecimal() for one in ids):
        return True
    numbers = [int(one) for one in ids]
    return any(later <= earlier for earlier, later in pairwise(numbers))


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
