"""Reading arrays, series and long documents: values of each format against observations of O&M 2.0, from bytes on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from lxml import etree

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_least, at_most, compare, require_equal
from sos_server.codecs import om_documents, xml
from sos_server.codecs.om20_encode import encode_observations
from sos_server.time import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sos_server.model import Observation

_OM10 = """<om:Observation xmlns:om="http://www.opengis.net/om/1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
    xmlns:swe="http://www.opengis.net/swe/1.0.1">{members}<om:result>{result}</om:result></om:Observation>"""
_OM20 = """<om:OM_Observation xmlns:om="http://www.opengis.net/om/2.0" xmlns:xlink="http://www.w3.org/1999/xlink"
    xmlns:swe="http://www.opengis.net/swe/2.0" xmlns:wml2="http://www.opengis.net/waterml/2.0">{members}
    <om:result>{result}</om:result></om:OM_Observation>"""
_ARRAY = """<swe:DataArray><swe:elementType name="row"><swe:DataRecord>
    <swe:field name="time"><swe:Time definition="http://www.opengis.net/def/property/OGC/0/PhenomenonTime"/></swe:field>
    <swe:field name="value"><swe:Quantity definition="{property}"><swe:uom code="{uom}"/></swe:Quantity></swe:field>
  </swe:DataRecord></swe:elementType>
  <swe:encoding><swe:{encoding} tokenSeparator="," blockSeparator=";" decimalSeparator="."/></swe:encoding>
  <swe:values>{values}</swe:values></swe:DataArray>"""
_POINT = """<wml2:point><wml2:MeasurementTVP>
    <wml2:time>{}</wml2:time><wml2:value>{!r}</wml2:value></wml2:MeasurementTVP></wml2:point>"""
_CHUNK = 1 << 20


def run(scale: Scale) -> list[Line]:
    """Read as many values in each format; and a long answer as a whole and in parts."""
    count = scale.of(5000)
    answer = b"".join(encode_observations([(station.SERIES, map(station.row, range(count)))]))
    written = list(station.observations(0, count))
    baseline = "an observation of O&M 2.0"
    formats = {
        "a value of a text array, SWE Common 2.0": _document(_OM20, _array(written, "TextEncoding")),
        "a value of a text array, SWE Common 1.0.1 in O&M 1.0": _document(_OM10, _array(written, "TextBlock")),
        "a point of WaterML 2.0": _document(_OM20, _series(written)),
    }
    expected = [(each.phenomenon_time, each.value) for each in written]
    cases = [Case(baseline, lambda: _pass_through(answer), count)]
    for name, document in formats.items():
        require_equal(name, expected, [(each.phenomenon_time, each.value) for each in _read(document)])
        target = at_least(15) if "array" in name else None
        cases.append(Case(name, lambda each=document: _pass_through(each), count, against=baseline, target=target))
    return [*compare(cases, scale), *_parts(answer, count, scale)]


def _parts(answer: bytes, count: int, scale: Scale) -> list[Line]:
    require_equal("an answer in parts", _read(answer), tuple(om_documents.decode_parts(_chunks(answer))))
    bare = "a long answer: fromstring alone"
    return compare(
        [
            Case(bare, lambda: etree.fromstring(answer), count),
            Case(
                "an observation of a long answer, in parts",
                lambda: deque(om_documents.decode_parts(_chunks(answer)), maxlen=0),
                count,
                against=bare,
                target=at_most(2.5),
            ),
        ],
        scale,
    )


def _read(document: bytes) -> tuple[Observation, ...]:
    return tuple(om_documents.decode_observations(xml.parse(document)))


def _pass_through(document: bytes) -> None:
    """Read a document without keeping what is read: else what is timed is the memory."""
    deque(om_documents.decode_observations(xml.parse(document)), maxlen=0)


def _chunks(document: bytes) -> Iterator[bytes]:
    return (document[begin : begin + _CHUNK] for begin in range(0, len(document), _CHUNK))


def _document(form: str, result: str) -> bytes:
    one = next(iter(station.observations(0, 1)))
    told = {
        "procedure": one.procedure,
        "observedProperty": one.observed_property,
        "featureOfInterest": one.feature_of_interest,
    }
    members = "".join(f'<om:{name} xlink:href="{each}"/>' for name, each in told.items())
    return form.format(members=members, result=result).encode()


def _array(written: list[Observation], encoding: str) -> str:
    values = ";".join(f"{format_instant(each.phenomenon_time)},{each.value!r}" for each in written)
    first = written[0]
    return _ARRAY.format(property=first.observed_property, uom=first.uom, encoding=encoding, values=values)


def _series(written: list[Observation]) -> str:
    points = "".join(_POINT.format(format_instant(each.phenomenon_time), each.value) for each in written)
    return f"<wml2:MeasurementTimeseries>{points}</wml2:MeasurementTimeseries>"
