"""
Publishing the rows of a CSV file at an SOS over HTTP.

The file is read twice: first it is checked as a whole and its sensors are found, then its rows are sent in batches. All
rows of a batch are stored or none, and the service recognises what it has already; so a run that was interrupted is
run again, and doubles nothing.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from math import isfinite
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import requests
from rich.console import Console
from rich.progress import Progress

from sos_server.codecs import ows11, sensorml, xml
from sos_server.codecs.sos20.encode import encode_request
from sos_server.codecs.sos20.offerings import decode_contents
from sos_server.errors import SosError
from sos_server.model import OM_MEASUREMENT, SAMPLING_FEATURE, SAMPLING_POINT, Feature, Observation, Offering
from sos_server.requests import GetCapabilities, InsertObservation, InsertSensor
from sos_server.time import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from sos_server.model import OfferingContent
    from sos_server.requests import Request

COLUMNS = ("time", "procedure", "observed_property", "feature_of_interest", "lat", "lon", "value", "uom")
_TIMEOUT_SECONDS = (10, 300)  # to connect, to answer
_ANSWERS = {
    GetCapabilities: "Capabilities",
    InsertSensor: "InsertSensorResponse",
    InsertObservation: "InsertObservationResponse",
}
_CORRECTION = timedelta(milliseconds=1)


class LoadError(Exception):
    """The file cannot be read or the service refuses it; the text says where and what to do."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a run has brought to the service, or found there."""

    rows: int
    sensors: int


class Row(NamedTuple):
    """A line of the file."""

    time: datetime
    procedure: str
    observed_property: str
    feature_of_interest: str
    place: tuple[float, float] | None
    value: float
    uom: str


@dataclass(slots=True)
class _Sensor:
    units: dict[str, str] = field(default_factory=dict)
    places: set[tuple[float, float] | None] = field(default_factory=set)


def load(file: Path, url: str, batch: int = 1000) -> Loaded:
    """Register the sensors of a file at a service and publish its rows; raises `LoadError`."""
    found: dict[str, _Sensor] = {}
    count = 0
    for row in read_rows(file):
        count += 1
        sensor = found.setdefault(row.procedure, _Sensor())
        sensor.units.setdefault(row.observed_property, row.uom)
        sensor.places.add(row.place)
    console = Console(stderr=True)
    with requests.Session() as session, Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("publishing rows", total=count)
        offerings = _register(session, url, found)
        for offering, observations in _batches(file, offerings, batch):
            request = InsertObservation((offering,), tuple(observations))
            _ask(session, url, request)
            progress.advance(task, len(observations))
    return Loaded(count, len(found))


def read_rows(file: Path) -> Iterator[Row]:
    """Read the rows of a file, gzipped where its name says so; raises `LoadError` with the line of what is wrong."""
    line = 1
    try:
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file, "rt", encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise LoadError(f"{file}:1: the column {missing[0]} is missing; there must be {', '.join(COLUMNS)}")
            for values in reader:
                line = reader.line_num
                yield _row(values)
    except UnicodeDecodeError as error:
        raise LoadError(f"{file}: is no text in UTF-8; save it as such (only names in .gz are unpacked)") from error
    except ValueError as error:
        raise LoadError(f"{file}:{line}: {error}") from error
    except csv.Error as error:
        raise LoadError(f"{file}:{line}: not comma separated as it should be: {error}") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LoadError(f"{file}: is not whole gzip: {error}") from error
    except OSError as error:
        raise LoadError(f"{file}: cannot be read: {error.strerror or error}") from error


def _row(values: dict[str, str]) -> Row:
    if None in values or None in values.values():
        raise ValueError("the line has not as many values as the header")
    for name in ("procedure", "observed_property", "feature_of_interest"):
        if not values[name].strip():
            raise ValueError(f"{name} is empty")
    if not values["uom"].strip():
        raise ValueError("uom is empty; write the UCUM code of the unit, 1 where there is none")
    place = None
    if values["lat"] or values["lon"]:
        place = (_number(values, "lon", 180), _number(values, "lat", 90))
    return Row(
        parse_instant(values["time"]),
        values["procedure"].strip(),
        values["observed_property"].strip(),
        values["feature_of_interest"].strip(),
        place,
        _number(values, "value"),
        values["uom"].strip(),
    )


def _number(values: dict[str, str], name: str, largest: float | None = None) -> float:
    try:
        number = float(values[name])
    except ValueError:
        raise ValueError(f"{name} is {values[name]!r}, which is no number; leave lines without a value out") from None
    if not isfinite(number) or (largest is not None and abs(number) > largest):
        raise ValueError(f"{name} is {values[name]}, which cannot be")
    return number


def _register(session: requests.Session, url: str, found: dict[str, _Sensor]) -> dict[str, str]:
    """Register the sensors that the service has not; gives the offering of each procedure."""
    answer = _ask(session, url, GetCapabilities(sections=("Contents",)))
    present = {content.offering.procedure: content for content in decode_contents(xml.parse(answer))}
    offerings = {}
    for procedure, sensor in found.items():
        if procedure in present:
            offerings[procedure] = _usable_offering(present[procedure], sensor, url)
            continue
        offering = Offering(procedure, procedure, procedure)
        place = next(iter(sensor.places)) if len(sensor.places) == 1 else None
        description = sensorml.encode_description(procedure, procedure, offering, sensor.units.items(), place)
        types = (SAMPLING_POINT, SAMPLING_FEATURE)
        _ask(session, url, InsertSensor(description, tuple(sensor.units), (OM_MEASUREMENT,), types))
        offerings[procedure] = offering.identifier
    return offerings


def _usable_offering(content: OfferingContent, sensor: _Sensor, url: str) -> str:
    missing = set(sensor.units) - set(content.observed_properties)
    if missing:
        raise LoadError(
            f"the sensor {content.offering.procedure} is registered at {url} without the property "
            f"{min(missing)}; give the sensor of the file another name"
        )
    return content.offering.identifier


def _batches(file: Path, offerings: dict[str, str], size: int) -> Iterator[tuple[str, list[Observation]]]:
    """Give the observations of a file in batches of one offering each, in the order of the file."""
    waiting: dict[str, list[Observation]] = defaultdict(list)
    values_at: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for row in read_rows(file):
        offering = offerings[row.procedure]
        # a time may occur twice: another value for it is taken as a correction that became known later
        values = values_at[row.procedure, row.observed_property, row.feature_of_interest, row.time]
        if row.value not in values:
            values.append(row.value)
        waiting[offering].append(_observation(row, row.time + values.index(row.value) * _CORRECTION))
        if len(waiting[offering]) >= size:
            yield offering, _by_series(waiting.pop(offering))
    for offering, observations in waiting.items():
        yield offering, _by_series(observations)


def _by_series(observations: list[Observation]) -> list[Observation]:
    return sorted(observations, key=attrgetter("observed_property", "feature_of_interest"))


def _observation(row: Row, result_time: datetime) -> Observation:
    if row.place is None:
        feature = Feature(row.feature_of_interest, row.feature_of_interest)
    else:
        point = {"type": "Point", "coordinates": list(row.place)}
        feature = Feature(row.feature_of_interest, row.feature_of_interest, geometry=point, feature_type=SAMPLING_POINT)
    return Observation(
        phenomenon_time=row.time,
        procedure=row.procedure,
        observed_property=row.observed_property,
        feature_of_interest=row.feature_of_interest,
        value=row.value,
        uom=row.uom,
        result_time=result_time,
        observation_type=OM_MEASUREMENT,
        feature=feature,
    )


def _ask(session: requests.Session, url: str, request: Request) -> bytes:
    """Send a request and give the answer; raises `LoadError` with what the service says."""
    try:
        answer = session.post(
            url, encode_request(request), headers={"Content-Type": "application/xml"}, timeout=_TIMEOUT_SECONDS
        )
    except ValueError as error:  # of requests and what is below it, for addresses that cannot be
        raise LoadError(f"{url!r} is no address of a service; give one such as http://127.0.0.1:8081/sos") from error
    except requests.RequestException as error:
        raise LoadError(f"{url} {_unanswered(error)}; what was published is kept: run again to go on") from error
    try:
        root = xml.parse(answer.content)
    except SosError as error:
        raise LoadError(
            f"{url} answers with HTTP {answer.status_code} and no XML; is this the address of an SOS?"
        ) from error
    exceptions = ows11.decode_exceptions(root)
    if exceptions:
        raise LoadError(f"{url} refuses {type(request).__name__}: {exceptions[0].text or exceptions[0].code}")
    if not answer.ok or xml.local_name(root) != _ANSWERS[type(request)]:
        raise LoadError(
            f"{url} answers {type(request).__name__} with HTTP {answer.status_code} and {xml.local_name(root)}; "
            "is this the address of an SOS 2.0 that takes observations?"
        )
    return answer.content


def _unanswered(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "gives no answer in time"
    if isinstance(error, requests.TooManyRedirects):
        return "leads in circles"
    return "cannot be reached (is the service running there?)"
