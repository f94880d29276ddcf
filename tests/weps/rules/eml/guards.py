"""Guards as texts of FES 2.0, and rules that are one guard."""

from __future__ import annotations

from tests.weps.rules.eml.build import EVENT, eml, select, simple
from tests.weps.rules.making import minute

WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SQUARE = (
    f'<gml:Polygon gml:id="g" srsName="{WGS84}"><gml:exterior><gml:LinearRing>'
    "<gml:posList>50 6 52 6 52 8 50 8 50 6</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
)
ALLEN = [
    ("After", (11, 15), (12, 14)),
    ("Before", (0, 4), (1, 3)),
    ("Meets", (0, 5), (1, 4)),
    ("MetBy", (10, 15), (11, 15)),
    ("During", (6, 9), (5, 9)),
    ("TContains", (4, 11), (5, 11)),
    ("TEquals", (5, 10), (5, 9)),
    ("Begins", (5, 9), (5, 10)),
    ("BegunBy", (5, 11), (5, 10)),
    ("Ends", (6, 10), (5, 10)),
    ("EndedBy", (4, 10), (5, 10)),
    ("TOverlaps", (4, 9), (4, 5)),
    ("OverlappedBy", (6, 11), (10, 11)),
    ("AnyInteracts", (10, 11), (11, 12)),
]


def guarded(guard: str) -> str:
    """A rule that gives the events that pass a guard."""
    return eml(simple("p", select(EVENT, "", "out"), guard=guard))


def value_reference(name: str) -> str:
    return f"<fes:ValueReference>{name}</fes:ValueReference>"


def instant(at: float) -> str:
    position = minute(at).isoformat().replace("+00:00", "Z")
    return f'<gml:TimeInstant gml:id="t"><gml:timePosition>{position}</gml:timePosition></gml:TimeInstant>'


def period(begin: float, end: float) -> str:
    first, last = (minute(at).isoformat().replace("+00:00", "Z") for at in (begin, end))
    return (
        f'<gml:TimePeriod gml:id="t"><gml:beginPosition>{first}</gml:beginPosition>'
        f"<gml:endPosition>{last}</gml:endPosition></gml:TimePeriod>"
    )


def distance(relation: str, metres: str, uom: str) -> str:
    place = f'<gml:Point gml:id="p" srsName="{WGS84}"><gml:pos>51 7</gml:pos></gml:Point>'
    return (
        f"<fes:{relation}>{value_reference('input/geometry')}<fes:Literal>{place}</fes:Literal>"
        f'<fes:Distance uom="{uom}">{metres}</fes:Distance></fes:{relation}>'
    )


def quantity(value: float, code: str) -> str:
    return f'<swe:Quantity><swe:uom code="{code}"/><swe:value>{value}</swe:value></swe:Quantity>'
