"""Documents of every family of encodings, written for tests the plainest way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

OM10 = """<om:ObservationCollection xmlns:om="http://www.opengis.net/om/1.0" xmlns:gml="http://www.opengis.net/gml"
    xmlns:swe="http://www.opengis.net/swe/1.0.1" xmlns:xlink="http://www.w3.org/1999/xlink">
  <om:member><om:Observation>
    <om:samplingTime><gml:TimePeriod><gml:beginPosition>2000-01-01</gml:beginPosition>
      <gml:endPosition>2030-01-01</gml:endPosition></gml:TimePeriod></om:samplingTime>
    <om:procedure xlink:href="sensor"/>
    <om:observedProperty/>
    <om:featureOfInterest xlink:href="river"/>
    <om:result>{result}</om:result>
  </om:Observation></om:member>
</om:ObservationCollection>"""

OM20 = """<sos:GetObservationResponse xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:om="http://www.opengis.net/om/2.0"
    xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:swe="http://www.opengis.net/swe/2.0"
    xmlns:wml2="http://www.opengis.net/waterml/2.0" xmlns:wml2dr="http://www.opengis.net/waterml-dr/2.0"
    xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <sos:observationData><om:OM_Observation gml:id="o1">
    <om:phenomenonTime><gml:TimePeriod gml:id="p1"><gml:beginPosition>2000-01-01</gml:beginPosition>
      <gml:endPosition>2030-01-01</gml:endPosition></gml:TimePeriod></om:phenomenonTime>
    <om:resultTime nilReason="unknown"/>
    <om:procedure xlink:href="sensor"/>
    <om:observedProperty xlink:href="all"/>
    <om:featureOfInterest xlink:href="river"/>
    <om:result>{result}</om:result>
  </om:OM_Observation></sos:observationData>
</sos:GetObservationResponse>"""


NIL_BEGIN = '<swe:nilValues><swe:NilValues><swe:nilValue reason="gone">'
NIL_END = "</swe:nilValue></swe:NilValues></swe:nilValues>"


class Column(NamedTuple):
    """A field with its values; None is written as `nil`, which is declared where it is not empty."""

    kind: str
    name: str
    values: tuple[Any, ...]
    nil: str = ""
    constant: bool = False


def component(column: Column) -> str:
    nil = f"{NIL_BEGIN}{column.nil}{NIL_END}"
    uom = '<swe:uom code="m"/>' if column.kind == "Quantity" else ""
    value = f"<swe:value>{token(column, 0)}</swe:value>" if column.constant else ""
    return (
        f'<swe:{column.kind} definition="urn:{column.name}">{nil if column.nil else ""}{uom}{value}</swe:{column.kind}>'
    )


def token(column: Column, row: int) -> str:
    value = column.values[row]
    if value is None:
        return column.nil
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


def record(columns: Sequence[Column]) -> str:
    fields = "".join(f'<swe:field name="{each.name}">{component(each)}</swe:field>' for each in columns)
    return (
        '<swe:DataRecord><swe:field name="time"><swe:Time '
        'definition="http://www.opengis.net/def/property/OGC/0/SamplingTime"/></swe:field>'
        f"{fields}</swe:DataRecord>"
    )


def text_array(times: Sequence[datetime], columns: Sequence[Column], separators: tuple[str, str], tag: str) -> str:
    between, after = separators
    rows = [
        between.join([time.isoformat(), *(token(each, number) for each in columns if not each.constant)])
        for number, time in enumerate(times)
    ]
    encoding = "TextBlock" if tag == "SimpleDataArray" else "TextEncoding"
    return (
        f'<swe:{tag}><swe:elementType name="row">{record(columns)}</swe:elementType><swe:encoding><swe:{encoding} '
        f'tokenSeparator="{between}" blockSeparator="{after.replace(chr(10), "&#10;")}" decimalSeparator="."/>'
        f"</swe:encoding><swe:values>{after.join(rows)}</swe:values></swe:{tag}>"
    )


def xml_array(times: Sequence[datetime], columns: Sequence[Column]) -> str:
    rows = "".join(
        f"<r><time>{time.isoformat()}</time>"
        + "".join(f"<{each.name}>{token(each, number)}</{each.name}>" for each in columns if not each.constant)
        + "</r>"
        for number, time in enumerate(times)
    )
    return (
        f'<swe:DataStream><swe:elementType name="r">{record(columns)}</swe:elementType>'
        f"<swe:encoding><swe:XMLEncoding/></swe:encoding><swe:values>{rows}</swe:values></swe:DataStream>"
    )


def choice_stream(rows: Sequence[tuple[str, datetime, list[float]]]) -> str:
    """Write rows that are either a level, or a profile: an array of as many depths as it tells."""
    time = '<swe:field name="t"><swe:Time/></swe:field>'
    level = f'<swe:DataRecord>{time}<swe:field name="level"><swe:Quantity/></swe:field></swe:DataRecord>'
    element = '<swe:Quantity definition="urn:depth"><swe:uom code="m"/></swe:Quantity>'
    profile = (
        f'<swe:DataRecord>{time}<swe:field name="points"><swe:DataArray>'
        "<swe:elementCount><swe:Count/></swe:elementCount>"
        f'<swe:elementType name="depth">{element}</swe:elementType></swe:DataArray></swe:field></swe:DataRecord>'
    )
    written = [
        ",".join([kind, when.isoformat(), *([str(len(values))] if kind == "P" else []), *map(repr, values)])
        for kind, when, values in rows
    ]
    return (
        '<swe:DataStream><swe:elementType name="message"><swe:DataChoice>'
        f'<swe:item name="L">{level}</swe:item><swe:item name="P">{profile}</swe:item></swe:DataChoice>'
        '</swe:elementType><swe:encoding><swe:TextEncoding tokenSeparator="," blockSeparator="@@"/></swe:encoding>'
        f"<swe:values>{'@@'.join(written)}</swe:values></swe:DataStream>"
    )


def pairs(points: Sequence[tuple[datetime, float | None, str | None]]) -> str:
    written = "".join(
        f"<wml2:point><wml2:MeasurementTVP><wml2:time>{time.isoformat()}</wml2:time>"
        + ('<wml2:value xsi:nil="true"/>' if value is None else f"<wml2:value>{value!r}</wml2:value>")
        + (
            "<wml2:metadata><wml2:TVPMeasurementMetadata>"
            f'<wml2:quality xlink:href="{quality}"/></wml2:TVPMeasurementMetadata></wml2:metadata>'
            if quality
            else ""
        )
        + "</wml2:MeasurementTVP></wml2:point>"
        for time, value, quality in points
    )
    return (
        '<wml2:MeasurementTimeseries gml:id="s"><wml2:defaultPointMetadata><wml2:DefaultTVPMeasurementMetadata>'
        '<wml2:quality xlink:href="usual"/><wml2:uom code="m3/s"/></wml2:DefaultTVPMeasurementMetadata>'
        f"</wml2:defaultPointMetadata>{written}</wml2:MeasurementTimeseries>"
    )


def domain_range(points: Sequence[tuple[datetime, float | None]]) -> str:
    times = " ".join(time.isoformat() for time, _ in points)
    values = " ".join("missing" if value is None else repr(value) for _, value in points)
    return (
        '<wml2dr:MeasurementTimeseriesDomainRange gml:id="s"><gml:domainSet><wml2dr:TimePositionList gml:id="d">'
        f"<wml2dr:timePositionList>{times}</wml2dr:timePositionList></wml2dr:TimePositionList></gml:domainSet>"
        f'<gml:rangeSet><gml:QuantityList uom="m3/s">{values}</gml:QuantityList></gml:rangeSet>'
        "</wml2dr:MeasurementTimeseriesDomainRange>"
    )
