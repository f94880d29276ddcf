"""
An SOS of our own making that has what it is told, when it is told: late, out of order, twice, corrected.

`document` answers a GetObservation by its URL; `send` does so in the place of a fetcher, and can fail as networks do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

from sos_server.time import format_instant, parse_instant
from weps.feeders.http import Answer, HttpRequest

HEAD = (
    '<sos:GetObservationResponse xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:om="http://www.opengis.net/om/2.0" '
    'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)
MEMBER = (
    '<sos:observationData><om:OM_Observation gml:id="o{n}"><om:phenomenonTime><gml:TimeInstant gml:id="t{n}">'
    "<gml:timePosition>{time}</gml:timePosition></gml:TimeInstant></om:phenomenonTime><om:resultTime>"
    '<gml:TimeInstant gml:id="r{n}"><gml:timePosition>{known}</gml:timePosition></gml:TimeInstant></om:resultTime>'
    '<om:procedure xlink:href="ws"/><om:observedProperty xlink:href="AirTemperature"/>'
    '<om:featureOfInterest xlink:href="{feature}"/><om:result xsi:type="gml:MeasureType" uom="Cel">{value}</om:result>'
    "</om:OM_Observation></sos:observationData>"
)
REPORT = (
    b'<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0"><ows:Exception '
    b'exceptionCode="OptionNotSupported" locator="temporalFilter"/></ows:ExceptionReport>'
)
_SPAN = re.compile(r"emporalFilter=[^&]*?(\d{4}-[^&/]*)/(\d{4}-[^&]*)")


@dataclass(frozen=True)
class Told:
    """A value that the service has from `since` on, until `until`; `known` is its result time."""

    since: datetime
    time: datetime
    value: float
    known: datetime
    feature: str = "station"
    until: datetime | None = None


@dataclass
class ScheduledSos:
    """The service; `told` may be added to at any time, `now` is its clock, `fault` what it does in place of answers."""

    now: Callable[[], datetime]
    told: list[Told] = field(default_factory=list)
    fault: Callable[[bytes], Answer] | None = None
    asked: int = 0

    def document(self, url: str) -> bytes:
        """Answer a GetObservation."""
        span = _SPAN.search(unquote(url))
        if span is None:
            return REPORT
        begin, end = parse_instant(span[1]), parse_instant(span[2])
        now = self.now()
        has = (each for each in self.told if each.since <= now and (each.until is None or now < each.until))
        members = (
            MEMBER.format(
                n=number,
                time=format_instant(each.time),
                known=format_instant(each.known),
                feature=each.feature,
                value=each.value,
            )
            for number, each in enumerate(each for each in has if begin <= each.time <= end)
        )
        return f"{HEAD}{''.join(members)}</sos:GetObservationResponse>".encode()

    def send(self, request: HttpRequest, deadline: float | None = None) -> Answer:
        """Answer in the place of the network."""
        self.asked += 1
        body = self.document(request.url)
        if self.fault is not None:
            return self.fault(body)
        return Answer(200, "application/xml", body, request.url)
