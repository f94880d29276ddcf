"""Reading O&M 2.0: documents to observations, against `lxml.etree.fromstring` of the same bytes alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, Target, at_most, compare, require_equal
from sos_server.codecs import om20, xml
from sos_server.codecs.om20_encode import encode_observations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sos_server.model import Observation

_TARGET = at_most(2)
_FOREIGN_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<sos:GetObservationResponse xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:om="http://www.opengis.net/om/2.0"
    xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">"""
_FOREIGN = """
  <sos:observationData>
    <om:OM_Observation gml:id="obs{number}">
      <gml:identifier codeSpace="http://www.opengis.net/def/nil/OGC/0/unknown">obs-{number}</gml:identifier>
      <om:type xlink:href="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"/>
      <om:phenomenonTime>
        <gml:TimeInstant gml:id="phen{number}"><gml:timePosition>{time}</gml:timePosition></gml:TimeInstant>
      </om:phenomenonTime>
      <om:resultTime xlink:href="#phen{number}"/>
      <om:procedure xlink:href="{procedure}"/>
      <om:observedProperty xlink:href="{observed_property}"/>
      <om:featureOfInterest xlink:href="{feature}" xlink:title="station"/>
      <om:result xsi:type="gml:MeasureType" uom="{uom}">{value}</om:result>
    </om:OM_Observation>
  </sos:observationData>"""


def run(scale: Scale) -> list[Line]:
    """Read our own answer, our own insertion, and an answer in the form that 52°North's service writes."""
    count = scale.of(1000)
    rows = (station.row(number) for number in range(count))
    answer = b"".join(encode_observations([(station.SERIES, rows)]))
    lines = _compare("an observation of our own answer", answer, count, scale)
    lines += _compare("an observation of an InsertObservation", station.insertion_document(0, count), count, scale)
    lines += _compare("an observation of another maker's answer", _foreign_answer(count), count, scale)
    for sensors in (2, 7, 50):
        name = f"an observation of {sensors} sensors in turn"
        lines += _compare(name, _in_turn(count, sensors), count, scale, at_most(2.5))
    return lines


def _compare(name: str, document: bytes, count: int, scale: Scale, target: Target = _TARGET) -> list[Line]:
    def read_with(decode: Callable[[etree._Element], Iterable[Observation]]) -> tuple[Observation, ...]:
        return tuple(decode(xml.parse(document)))

    found = read_with(om20.decode_observations)
    require_equal(f"{name}, times", [each.phenomenon_time for each in station.observations(0, count)], _times(found))
    require_equal(f"{name}, values", [station.value(number) for number in range(count)], [one.value for one in found])
    require_equal(f"{name}, one by one", read_with(om20.decode_one_by_one), found)
    bare = f"{name}: fromstring alone"
    return compare(
        [
            Case(bare, lambda: etree.fromstring(document), count),
            Case(name, lambda: read_with(om20.decode_observations), count, against=bare, target=target),
            Case(f"{name}, the general way", lambda: read_with(om20.decode_one_by_one), count, against=bare),
        ],
        scale,
    )


def _times(found: tuple[Observation, ...]) -> list[object]:
    return [each.phenomenon_time for each in found]


def _in_turn(count: int, sensors: int) -> bytes:
    """Give an answer that is ordered by time, so that each observation is of another sensor than the one before."""
    series = [replace(station.SERIES, procedure=f"{station.PROCEDURE}/{number}") for number in range(sensors)]
    return b"".join(
        encode_observations((series[number % sensors], iter((station.row(number),))) for number in range(count))
    )


def _foreign_answer(count: int) -> bytes:
    written = (
        _FOREIGN.format(
            number=number,
            time=f"{each.phenomenon_time:%Y-%m-%dT%H:%M:%S}.000Z",
            procedure=each.procedure,
            observed_property=each.observed_property,
            feature=each.feature_of_interest,
            uom=each.uom,
            value=each.value,
        )
        for number, each in enumerate(station.observations(0, count))
    )
    return f"{_FOREIGN_HEAD}{''.join(written)}\n</sos:GetObservationResponse>".encode()
