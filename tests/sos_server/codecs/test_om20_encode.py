"""Observations are written as a stream that is equal to a tree, valid, and readable by others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from owslib.swe.observation.sos200 import SOSGetObservationResponse

from benchmarks import om20_tree
from sos_server.codecs import om20, xml
from sos_server.codecs.om20_encode import encode_observations
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH
from tests.sos_server.codecs.observations import FAR, NOON_MICROSECONDS, WELL, row, series

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


def written(*found) -> bytes:
    return b"".join(encode_observations([(info, iter(rows)) for info, rows in found], counts_as_measures=False))


def canonical(document: bytes) -> bytes:
    return etree.tostring(xml.parse(document), method="c14n")


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5), max_size=3),
    TEXTS,
    TEXTS,
)
def test_the_stream_is_equal_to_a_tree(columns, name, uom):
    """
    After canonicalisation the filled text blocks are the document that a tree of all observations gives.
    """
    infos = [series(WELL, uom=uom), series(FAR, uom=name), series(WELL, uom=uom)]
    found = [
        (info, [row(minute, value, result_time=NOON_MICROSECONDS + minute) for minute, value in enumerate(values)])
        for info, values in zip(infos, columns, strict=False)
    ]

    tree = om20_tree.encode([(info, iter(rows)) for info, rows in found])

    assert canonical(tree) == canonical(written(*found))


@pytest.mark.shared
def test_every_form_of_observation_is_valid_and_comes_back(validate):
    """
    All result types, nil, periods, valid times, identifiers and features are valid and read back equal.
    """
    found = [
        (series(), [row(0, 20.5), row(1, 21.0, identifier="http://id/<1>"), row(2, None, nil_reason="missing")]),
        (series(), [row(3, 1e-9, end=NOON_MICROSECONDS * 2, valid_begin=5, valid_end=6_000)]),
        (series(FAR, OM_COUNT, None), [row(4, 3), row(5, None)]),
        (series(WELL, OM_TRUTH, None), [row(6, True), row(7, False)]),
        (series(FAR, OM_CATEGORY, None), [row(8, 'a "b"\n& <c>')]),
        (series(WELL, OM_TEXT, None), [row(9, "50 % & <b>\r\nä"), row(10, "")]),
    ]

    document = written(*found)

    assert [] == validate(document)
    observations = list(om20.decode_observations(xml.parse(document)))
    assert [value.value for _, rows in found for value in rows] == [observation.value for observation in observations]
    assert [observations[1].identifier, observations[2].nil_reason] == ["http://id/<1>", "missing"]
    assert observations[0].feature == WELL
    assert observations[1].feature is None
    assert {WELL.identifier, FAR.identifier} == {observation.feature_of_interest for observation in observations}


@pytest.mark.shared
def test_counts_go_out_as_measures_unless_told_otherwise(validate):
    """
    A count is a measure of unit 1 by default, because clients read that.
    """
    document = b"".join(encode_observations([(series(FAR, OM_COUNT, None), iter([row(0, 42)]))]))

    (observation,) = om20.decode_observations(xml.parse(document))

    assert [] == validate(document)
    assert (42.0, "1", OM_MEASUREMENT) == (observation.value, observation.uom, observation.observation_type)


def test_owslib_reads_the_answer():
    """
    OWSLib gives values, units, times and the identifiers of all but the feature that stands inline.
    """
    document = written((series(), [row(0, 20.5), row(1, 21.5)]))

    first, second = SOSGetObservationResponse(etree.fromstring(document)).observations

    assert [20.5, 21.5] == [first.get_result().value, second.get_result().value]
    assert "Cel" == first.get_result().uom
    assert "2020-01-01T12:01:00" == second.resultTime.replace(tzinfo=None).isoformat()
    assert WELL.identifier == second.featureOfInterest
    assert ("http://example.org/procedure/100%", "http://example.org/p") == (first.procedure, first.observedProperty)


def test_a_large_answer_is_a_stream():
    """
    The first part is given before the last row is read.
    """
    read = []

    def rows():
        for minute in range(2000):
            read.append(minute)
            yield row(minute, 1.0)

    next(encode_observations([(series(), rows())]))

    assert len(read) < 1000
