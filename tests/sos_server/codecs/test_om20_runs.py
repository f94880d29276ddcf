"""Runs of alike observations are read fast, and as the general way reads them."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sos_server.codecs import om20, om20_runs, xml
from sos_server.codecs.om20_encode import encode_observations
from sos_server.errors import InvalidRequest
from sos_server.model import OM_TEXT
from tests.sos_server.codecs.observations import FAR, NOON_MICROSECONDS, WELL, row, series

PLAIN = st.builds(lambda minute, value: (minute, value, {}), st.integers(-100, 100), st.floats(-1e6, 1e6))
ODD = st.one_of(
    st.tuples(st.integers(0, 9), st.none(), st.just({"nil_reason": "missing"})),
    st.tuples(st.integers(0, 9), st.floats(0, 1), st.just({"end": NOON_MICROSECONDS + 10**10})),
    st.tuples(st.integers(0, 9), st.floats(0, 1), st.just({"identifier": "a & b"})),
    st.tuples(st.integers(0, 9), st.floats(0, 1), st.just({"result_time": NOON_MICROSECONDS + 1})),
)
INFOS = st.sampled_from([series(), series(FAR), series(uom="[degF]"), series(WELL, OM_TEXT, None)])
EDITS = (
    (b"20:", b"20:"),
    (b"Z</gml", b"+01:00</gml"),
    (b"Z</gml", b"\n</gml"),
    (b"</om:result>", b" \n</om:result>"),
    (b"<om:result", b"<!-- note --><om:result"),
    (b">1", b"><![CDATA[1]]>"),
    (b"<om:OM_Observation ", b"<om:OM_Observation xmlns:xx='http://x/?' "),
    (b'om:procedure xlink:href="', b'om:procedure xlink:title="t" xlink:href=" '),
)


def document(found) -> bytes:
    parts = ((info, iter([row(minute, value, **options) for minute, value, options in rows])) for info, rows in found)
    return b"".join(encode_observations(parts, counts_as_measures=False))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(INFOS, st.lists(st.one_of(PLAIN, PLAIN, PLAIN, PLAIN, ODD), max_size=30)), max_size=4),
    st.sampled_from(EDITS),
    st.integers(0, 40),
)
def test_runs_are_read_as_the_general_way_reads_them(found, edit, after):
    """
    Whatever the series, oddities between them and edits of the text: both ways give equal observations.
    """
    parts = document(found).split(b"<sos:observationData>")
    text = b"<sos:observationData>".join([*parts[:after], *(part.replace(*edit) for part in parts[after:])])
    root = xml.parse(text)

    with patch.object(om20_runs, "FEWEST", 4):
        fast = list(om20.decode_observations(root))

    assert fast == list(om20.decode_one_by_one(root))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(INFOS, st.one_of(PLAIN, PLAIN, PLAIN, PLAIN, ODD)), max_size=60),
    st.sampled_from(EDITS),
    st.integers(0, 40),
)
def test_series_in_turn_are_read_as_the_general_way_reads_them(found, edit, after):
    """
    Whatever the order of the series, and wherever the text is written in another way.
    """
    parts = document([(info, [one]) for info, one in found]).split(b"<sos:observationData>")
    text = b"<sos:observationData>".join([*parts[:after], *(part.replace(*edit) for part in parts[after:])])
    root = xml.parse(text)

    with patch.object(om20_runs, "FEWEST", 4), patch.object(om20_runs, "MOST", 7):
        fast = list(om20.decode_observations(root))

    assert fast == list(om20.decode_one_by_one(root))


def test_many_series_in_turn_call_the_general_way_once_for_each():
    """
    They share the form that they are written in.
    """
    infos = [replace(series(), procedure=f"sensor-{number}") for number in range(50)]
    root = xml.parse(document([(infos[number % 50], [(number, 1.0, {})]) for number in range(1000)]))
    calls = []
    general = om20._Document(root, strict=False)

    def counting(element):
        calls.append(element)
        return general.decode(element)

    found = list(om20_runs.decode(root, counting, general.times))

    assert [f"sensor-{number % 50}" for number in range(1000)] == [each.procedure for each in found]
    assert 51 == len(calls)


def by_reference(identifiers) -> bytes:
    """Give measurements whose result times refer to a phenomenon time."""
    return b"<a xmlns:om='http://www.opengis.net/om/2.0' xmlns:gml='http://www.opengis.net/gml/3.2' " + (
        b"xmlns:xlink='http://www.w3.org/1999/xlink'>"
        + b"".join(
            b"<om:OM_Observation gml:id='o%d'><om:phenomenonTime><gml:TimeInstant gml:id='%s'><gml:timePosition>"
            b"2020-01-01T12:%02d:00Z</gml:timePosition></gml:TimeInstant></om:phenomenonTime>"
            b"<om:resultTime xlink:href='#%s'/><om:procedure xlink:href='p'/><om:observedProperty xlink:href='q'/>"
            b"<om:featureOfInterest xlink:href='f'/><om:result uom='deg'>%d</om:result></om:OM_Observation>"
            % (number, own, number, referred, number)
            for number, (own, referred) in enumerate(identifiers)
        )
        + b"</a>"
    )


@pytest.mark.parametrize(
    "identifiers",
    [
        pytest.param([(b"t%d" % number, b"t%d" % number) for number in range(40)], id="each its own"),
        pytest.param([(b"t", b"t")] * 40, id="all the same"),
        pytest.param([(b"t%d" % number, b"t3") for number in range(40)], id="all to one"),
        pytest.param([(b"t%d" % number, b"t%d" % (39 - number)) for number in range(40)], id="to another"),
    ],
)
def test_result_times_by_reference_are_those_of_the_general_way(identifiers):
    """
    A reference means the first time of that gml:id, in a run as elsewhere.
    """
    root = xml.parse(by_reference(identifiers))

    fast = list(om20.decode_observations(root))

    assert fast == list(om20.decode_one_by_one(root))
    assert 40 == len(fast)


def test_a_run_calls_the_general_way_a_few_times():
    """
    A run of a thousand observations is not read one by one.
    """
    root = xml.parse(document([(series(), [(minute, 1.0, {}) for minute in range(1000)])]))
    calls = []
    general = om20._Document(root, strict=False)

    def counting(element):
        calls.append(element)
        return general.decode(element)

    found = list(om20_runs.decode(root, counting, general.times))

    assert (1000, 2) == (len(found), len(calls))


def test_a_bad_number_inside_a_run_is_refused_with_its_line():
    """
    What a run cannot read is told as the general way tells it.
    """
    text = document([(series(), [(minute, 1.0, {}) for minute in range(100)])]).replace(
        b">1</om:result>", b">one</om:result>", 50
    )

    with pytest.raises(InvalidRequest, match=r"'one' is not a number.*line"):
        list(om20.decode_observations(xml.parse(text)))
