"""What must hold between the members of a detector, and between those and the rule around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from weps.rules.threshold.members import read_duration

Problem: TypeAlias = tuple[str, str]
"""The member at fault (empty: the whole object), and what is wrong."""

NAMES = ("procedure", "observedProperty", "featureOfInterest")


def check_detector(raw: dict[str, Any], of: dict[str, Any]) -> Iterator[Problem]:
    """Check a rule whose `of` is a detector; gives the member at fault and what is wrong."""
    if of.get("function") == "drift":
        yield from _drift(raw, of)
    if of.get("function") == "ewma":
        yield from _ewma(of)
    if raw.get("condition") in ("equal", "notEqual"):
        yield "condition", f"a computed distance is hardly ever {raw['condition']} to a number; use greaterThan"


def _drift(raw: dict[str, Any], of: dict[str, Any]) -> Iterator[Problem]:
    if "uom" not in raw:
        yield "", "uom is missing; drift compares two series, which must be read in one unit (1 where there is none)"
    correlate, neighbour = raw.get("correlate"), of.get("neighbour")
    if not isinstance(neighbour, dict):
        return
    if all(neighbour.get(name) in (None, raw.get(name)) for name in NAMES):
        yield "of.neighbour", f"the neighbour is the series itself; give it another {' or '.join(NAMES)}"
    if correlate == "series" or (correlate in NAMES and neighbour.get(correlate) is not None):
        yield "correlate", f"correlate {correlate} would keep the neighbour apart; remove it, or use another name"


def _ewma(of: dict[str, Any]) -> Iterator[Problem]:
    try:
        window, baseline = read_duration(of.get("window")), read_duration(of.get("baseline"))
    except ValueError:
        return
    if window >= baseline:
        yield "of.baseline", f"the baseline ({of['baseline']}) must be longer than the window ({of['window']})"
