"""What SOS servers answer, as documents for the tests of the feeder."""

from __future__ import annotations

from datetime import datetime

FAULT = """<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault>
  <e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang="en">Too much.</e:Text></e:Reason>
  <e:Detail><o:Exception xmlns:o="http://www.opengis.net/ows/1.1" exceptionCode="ResponseExceedsSizeLimit"/></e:Detail>
</e:Fault></e:Body></e:Envelope>"""


def observation(time: str, value: str = ">1.5<", number: int = 1) -> str:
    """One observation as a member of an answer; a time with a slash is a period."""
    begin, _, end = time.partition("/")
    instant = f'<gml:TimeInstant gml:id="t{number}"><gml:timePosition>{begin}</gml:timePosition></gml:TimeInstant>'
    period = (
        f'<gml:TimePeriod gml:id="t{number}"><gml:beginPosition>{begin}</gml:beginPosition>'
        f"<gml:endPosition>{end}</gml:endPosition></gml:TimePeriod>"
    )
    return f"""<sos:observationData><om:OM_Observation gml:id="o{number}">
      <om:type xlink:href="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"/>
      <om:phenomenonTime>{period if end else instant}</om:phenomenonTime>
      <om:resultTime><gml:TimeInstant gml:id="r{number}"><gml:timePosition>2016-01-12T00:00:00Z</gml:timePosition>
      </gml:TimeInstant></om:resultTime>
      <om:procedure xlink:href="gauge"/><om:observedProperty xlink:href="Level"/>
      <om:featureOfInterest xlink:href="river"/>
      <om:result xsi:type="gml:MeasureType" uom="m"{value}/om:result>
    </om:OM_Observation></sos:observationData>"""


def response(*members: str) -> bytes:
    """A GetObservationResponse with these members."""
    return (
        '<sos:GetObservationResponse xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:om="http://www.opengis.net/om/2.0"'
        ' xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{''.join(members)}</sos:GetObservationResponse>"
    ).encode()


def at(instant: datetime, number: int = 1) -> str:
    """An observation at an instant."""
    return observation(instant.isoformat(), number=number)


def report(code: str, locator: str = "", text: str = "What?") -> bytes:
    """An exception report."""
    return f"""<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">
      <ows:Exception exceptionCode="{code}" locator="{locator}">
      <ows:ExceptionText>{text}</ows:ExceptionText></ows:Exception></ows:ExceptionReport>""".encode()


def capabilities(offering: str = "o", procedure: str = "gauge", observed_property: str = "Level") -> bytes:
    """Capabilities with one offering."""
    return f"""<sos:Capabilities xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:swes="http://www.opengis.net/swes/2.0">
      <sos:contents><sos:Contents><swes:offering><sos:ObservationOffering>
      <swes:identifier>{offering}</swes:identifier><swes:procedure>{procedure}</swes:procedure>
      <swes:observableProperty>{observed_property}</swes:observableProperty>
      </sos:ObservationOffering></swes:offering></sos:Contents></sos:contents></sos:Capabilities>""".encode()
