"""Documents in JSON as different services answer them."""

from __future__ import annotations

from datetime import UTC, datetime

from weps.feeders.json_documents import decode_json

UNKNOWN = "http://www.opengis.net/def/nil/OGC/0/unknown"
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
TEN = datetime(2016, 1, 11, 10, tzinfo=UTC)
ELEVEN = datetime(2016, 1, 11, 11, tzinfo=UTC)


def shown(document) -> list[tuple]:
    """Series, begin of the time, value and unit of each observation."""
    return [(*one.series, one.phenomenon_time, one.value, one.uom) for one in decode_json(document)]


def om(**members) -> dict:
    """An observation in 52°North's JSON."""
    usual = {"type": MEASUREMENT, "procedure": "gauge", "observedProperty": "Level", "featureOfInterest": "river"}
    return {**usual, "phenomenonTime": "2016-01-11T10:00:00Z", "result": {"uom": "m", "value": 1.5}, **members}


def istsos(*rows: list, geom: str = "<gml:Point srsName='EPSG:4326'><gml:coordinates>8.9,46.1,300</gml:coordinates>"):
    """A member of istSOS with a property and its quality."""
    rain = "urn:ogc:def:parameter:x-istsos:1.0:meteo:air:rainfall"
    fields = [
        {"name": "Time", "definition": "urn:ogc:def:parameter:x-istsos:1.0:time:iso8601"},
        {"name": "rain", "definition": rain, "uom": "mm"},
        {"name": "quality", "definition": f"{rain}:qualityIndex", "uom": "-"},
    ]
    array = {"elementCount": "9", "field": fields, "values": list(rows)}
    return {
        "procedure": "urn:ogc:def:procedure:x-istsos:1.0:T",
        "featureOfInterest": {"name": "urn:foi", "geom": f"{geom}</gml:Point>"},
        "result": {"DataArray": array},
    }


def sta(**members) -> dict:
    """An Observation of SensorThings."""
    usual = {"@iot.id": 1, "phenomenonTime": "2016-01-11T10:00:00.000Z", "resultTime": None, "result": 1.5}
    return {**usual, **members}
