"""Rules that trust only observations of a certain quality."""

from __future__ import annotations

import json

import pytest

from sos_server.time import format_instant
from tests.weps.rules.making import compiled, events, firings, level, minute, threshold
from weps.feeders.documents import read_observations, to_json_line
from weps.rules.network import Network

GOOD = ["good"]
STRICT = {"accept": ["good"], "unflagged": False}


@pytest.mark.parametrize(
    ("flag", "accepted"),
    [
        ("good", True),
        (" Good ", True),
        ("http://flags.example/quality/good", True),
        ("http://flags.example/quality#GOOD", True),
        ("urn:x-flags:quality:good", True),
        ("http://flags.example/good/", True),
        ("bad", False),
        ("not good", False),
        ("http://flags.example/good/not", False),
        ("https://flags.example/goods", False),
    ],
)
def test_flag_is_accepted_as_a_whole_or_by_its_last_segment(flag, accepted):
    """
    Capital letters and blanks around it do not matter; anything else does.
    """
    found = firings(threshold(quality=GOOD), [level(0, 3, quality=flag)])

    assert ([0] if accepted else []) == found


def test_whole_address_is_an_accepted_flag():
    """
    Who names the address of a flag means only that one.
    """
    rule = threshold(quality=["http://flags.example/Good"])
    flags = ["http://other.example/good", "good", "http://flags.example/good"]

    found = firings(rule, [level(number, 3, quality=flag) for number, flag in enumerate(flags)])

    assert [2] == found


@pytest.mark.parametrize(
    ("quality", "expected"), [(GOOD, [0]), ({"accept": GOOD}, [0]), (STRICT, [])], ids=["list", "object", "strict"]
)
@pytest.mark.parametrize("flag", [None, "", "  "], ids=["none", "empty", "blank"])
def test_observation_without_a_flag_is_accepted_unless_told_otherwise(flag, quality, expected):
    """
    A source that stops to flag must not silence the alarm, but who wants certainty can have it.
    """
    assert expected == firings(threshold(quality=quality), [level(0, 3, quality=flag)])


def test_what_is_not_trusted_is_not_seen_at_all():
    """
    It neither begins nor ends an episode, is in no window, and does not break a run.
    """
    bad = {"quality": "bad"}
    stream = [level(0, 3, quality="good"), level(1, 0, **bad), level(2, 9, **bad), level(3, 3, quality="good")]

    plain = events(threshold(quality=GOOD), [*stream, level(4, 0, quality="good")])
    in_a_row = firings(threshold(quality=GOOD, consecutive=2), stream)
    mean = events(threshold(quality=GOOD, of={"function": "max", "window": "PT1H"}, threshold=5), stream)

    assert [("firing", 0), ("resolved", 4)] == plain
    assert [3] == in_a_row
    assert [] == mean


def test_what_is_not_trusted_is_silence():
    """
    A sensor that only sends what its source marks as bad has no data.
    """
    rule = {"type": "noData", "after": "PT5M", "quality": GOOD}

    found = events(rule, [level(0, 1, quality="good"), level(4, 1, quality="bad"), level(8, 1, quality="good")])

    assert [("firing", 5), ("resolved", 8)] == found


def test_neighbour_is_held_to_the_same_quality():
    """
    The drift from a neighbour is that from its good values.
    """
    of = {"function": "drift", "window": "PT1H", "neighbour": {"procedure": "gauge-2"}}
    rule = threshold(procedure="gauge-1", uom="m", threshold=1, quality=STRICT, of=of)
    stream = [
        level(0, 9, procedure="gauge-2", quality="bad"),
        level(1, 2, procedure="gauge-2", quality="good"),
        level(2, 2, quality="good"),
        level(3, 9, quality="good"),
    ]

    assert [3] == firings(rule, stream)


def test_rules_of_other_quality_are_looked_up_apart():
    """
    Thresholds on one series that trust different flags each see what they trust.
    """
    network = Network()
    for name, quality in (("good", GOOD), ("strict", STRICT), ("any", None), ("bad", ["bad"])):
        network.add(name, compiled(threshold(**({"quality": quality} if quality else {}))), {}, minute(0))

    found = network.step([level(0, 3, quality="x#bad"), level(1, 3), level(2, 3, quality="x#good")])

    assert [("any", minute(0)), ("bad", minute(0)), ("good", minute(1)), ("strict", minute(2))] == [
        (one.subscription_id, one.detection.time) for one in found
    ]


def test_flag_travels_through_files():
    """
    CSV has a column for it, JSON lines a member, and what is written is read again.
    """
    columns = "time,procedure,observed_property,feature_of_interest,value,uom,quality\n"
    rows = f"{format_instant(minute(0))},g,Level,river,3,m,http://flags.example/good\n{format_instant(minute(1))},g,Level,river,3,m,\n"

    read = read_observations((columns + rows).encode())
    lines = [to_json_line(one) for one in read]
    again = read_observations("\n".join(map(json.dumps, lines)).encode())

    assert ["http://flags.example/good", None] == [one.quality for one in read]
    assert [True, False] == ["quality" in line for line in lines]
    assert read == again
