"""What a service does not announce any more, and whom that concerns."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from weps.contents import Contents, Offering, compare, concerns, contents_from_json, contents_to_json
from weps.model import Series, SourceChange


def offering(name: str, procedures: str, properties: str) -> Offering:
    return Offering(name, (name,), tuple(procedures.split()), tuple(properties.split()))


def contents(*offerings: Offering) -> Contents:
    return Contents("rivers", offerings)


BEFORE = contents(offering("a", "p1", "level flow"), offering("b", "p2 p3", "level"))

CHANGES = {
    "nothing": (BEFORE, ()),
    "something more": (contents(*BEFORE.offerings, offering("c", "p4", "rain")), ()),
    "another order": (contents(*reversed(BEFORE.offerings)), ()),
    "sensor gone with its offering": (
        contents(BEFORE.offerings[1]),
        (SourceChange("offering", "a", None, "a"), SourceChange("procedure", "p1", None, "a")),
    ),
    "sensor gone from an offering": (
        contents(BEFORE.offerings[0], offering("b", "p3", "level")),
        (SourceChange("procedure", "p2", None, "b"),),
    ),
    "property gone": (
        contents(offering("a", "p1", "flow"), BEFORE.offerings[1]),
        (SourceChange("observedProperty", "level", None, "a"),),
    ),
    "property renamed": (
        contents(offering("a", "p1", "waterLevel flow"), BEFORE.offerings[1]),
        (SourceChange("observedProperty", "level", "waterLevel", "a"),),
    ),
    "two gone and two come": (
        contents(offering("a", "p1", "x y"), BEFORE.offerings[1]),
        (SourceChange("observedProperty", "level", None, "a"), SourceChange("observedProperty", "flow", None, "a")),
    ),
    "sensor renamed": (
        contents(offering("a", "p9", "level flow"), BEFORE.offerings[1]),
        (SourceChange("procedure", "p1", "p9", "a"),),
    ),
    "offering renamed": (
        contents(offering("z", "p1", "flow level"), BEFORE.offerings[1]),
        (SourceChange("offering", "a", "z", "a"),),
    ),
    "sensor moved to another offering": (
        contents(offering("b", "p2 p3 p1", "level flow")),
        (SourceChange("offering", "a", None, "a"),),
    ),
}


@pytest.mark.parametrize(("after", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_is_not_announced_any_more_is_found(after: Contents, expected: tuple[SourceChange, ...]):
    """
    Gone is what has no successor; renamed where one went and one came in the same place.
    """
    assert compare(BEFORE, after) == expected


P1_GONE = SourceChange("procedure", "p1", None, "a")
LEVEL_GONE = SourceChange("observedProperty", "level", None, "a")
OFFERING_GONE = SourceChange("offering", "a", None, "a")
CONCERNED = {
    "the sensor that is asked": (P1_GONE, {"procedure": ("p1",)}, (), True),
    "another sensor": (P1_GONE, {"procedure": ("p2",)}, (), False),
    "all sensors, of which it was seen": (P1_GONE, {}, (Series("p1", "flow", "f"),), True),
    "all sensors, of which another was seen": (P1_GONE, {}, (Series("p2", "flow", "f"),), False),
    "another offering": (P1_GONE, {"offering": ("b",), "procedure": ("p1",)}, (), False),
    "the property of the sensor": (LEVEL_GONE, {"procedure": ("p1",), "observedProperty": ("level",)}, (), True),
    "the property of the offering": (LEVEL_GONE, {"offering": ("a",), "observedProperty": ("level",)}, (), True),
    "another property": (LEVEL_GONE, {"procedure": ("p1",), "observedProperty": ("flow",)}, (), False),
    "the property of another sensor": (LEVEL_GONE, {"procedure": ("p2",), "observedProperty": ("level",)}, (), False),
    "all properties, of which it was seen": (LEVEL_GONE, {}, (Series("p1", "level", "f"),), True),
    "the offering that is asked": (OFFERING_GONE, {"offering": ("a",)}, (), True),
    "no offering in particular": (OFFERING_GONE, {"procedure": ("p1",)}, (), False),
}


@pytest.mark.parametrize(("change", "selection", "observed", "expected"), CONCERNED.values(), ids=CONCERNED)
def test_a_change_concerns_those_who_use_what_it_changed(change, selection, observed, expected):
    """
    Whoever names it, or has observed it without naming anything.
    """
    assert concerns(change, BEFORE, selection, observed) is expected


def test_contents_are_the_same_after_they_were_stored():
    """
    Names with all characters, times and open ends.
    """
    begin = datetime(2016, 1, 1, tzinfo=UTC)
    before = contents(Offering("ä&<", ("ä&<", "x"), ("p",), ("q",), begin, None), offering("b", "", ""))

    assert contents_from_json(contents_to_json(before)) == before
