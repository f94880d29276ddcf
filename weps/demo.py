"""
The main job before one's eyes: sensors, a real series, two subscriptions, alerts in their feeds.

The series are the hourly temperatures of Seattle and San Francisco of 2010 that the package `vega-datasets` ships. They
are published while the world's clock runs faster than life; everything else is the service as it always runs, reached
over HTTP as any client would.
"""

from __future__ import annotations

import csv
import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import requests
from lxml import etree

from sos_server.codecs import sensorml, xml
from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import OM_MEASUREMENT, SAMPLING_POINT, Feature, Observation, Offering
from sos_server.requests import InsertObservation, InsertSensor
from weps.client import ComplexInput, execute
from weps.errors import SettingsError, WepsError

PACIFIC = timezone(timedelta(hours=-8))
PROPERTY = "AirTemperature"
RULES = Path(__file__).resolve().parents[1] / "config" / "rules"
WEPS_ELEMENTS = "{urn:weps:alert:1}"


@dataclass(frozen=True, slots=True)
class Station:
    """A sensor of the demonstration, and the file that its values come from."""

    procedure: str
    name: str
    file: str
    longitude: float
    latitude: float

    @property
    def feature(self) -> Feature:
        """Where it measures."""
        place = {"type": "Point", "coordinates": [self.longitude, self.latitude]}
        return Feature(f"{self.procedure}-station", self.name, geometry=place, feature_type=SAMPLING_POINT)


STATIONS = (
    Station("seattle", "Seattle", "seattle-temps.csv", -122.33, 47.61),
    Station("san-francisco", "San Francisco", "sf-temps.csv", -122.42, 37.77),
)


class FastClock:
    """The world's time, running `speed` times as fast as life from `start` on."""

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._started = time.monotonic()

    def __call__(self) -> datetime:
        """Give the world's time."""
        return self._start + timedelta(seconds=(time.monotonic() - self._started) * self._speed)


@dataclass(frozen=True, slots=True)
class Following:
    """A subscription of the demonstration and the address of its feed."""

    title: str
    feed: str


class Demonstration:
    """Publishes, subscribes and follows the feeds of a running service; `tell` shows a line to the user."""

    def __init__(self, base_url: str, clock: FastClock, start: datetime, tell: Callable[[str], None]) -> None:
        self._base_url = base_url
        self._clock = clock
        self._start = start
        self._tell = tell
        self._stopping = threading.Event()
        self._session = requests.Session()

    def run(self, once: bool, timeout: float) -> bool:
        """
        Do the main job until `stop`; with `once` until every subscription has an alert in its feed.

        Gives whether all of them had one, `once` within `timeout` seconds.
        """
        self._register()
        followed = self._subscribe()
        publishing = threading.Thread(target=self._publish, name="publisher", daemon=True)
        publishing.start()
        try:
            return self._follow(followed, time.monotonic() + timeout if once else None)
        finally:
            self._stopping.set()
            publishing.join(timeout=5)

    def stop(self) -> None:
        """End the demonstration soon."""
        self._stopping.set()

    def _register(self) -> None:
        for station in STATIONS:
            offering = Offering(station.procedure, station.procedure, station.name)
            place = (station.longitude, station.latitude)
            description = sensorml.encode_description(
                station.procedure, station.name, offering, [(PROPERTY, "[degF]")], place
            )
            request = InsertSensor(description, (PROPERTY,), (OM_MEASUREMENT,), (SAMPLING_POINT,))
            self._post(encode_request(request))
            self._tell(f"sensor   {station.name} registered at {self._base_url}/sos (InsertSensor)")

    def _subscribe(self) -> list[Following]:
        threshold = self._execute(STATIONS[0], "heat.json", "application/json", "Seattle is warm")
        pattern = self._execute(STATIONS[1], "overshoot-undershoot.xml", "text/xml", "San Francisco around 60 °F")
        return [threshold, pattern]

    def _execute(self, station: Station, rule: str, mime_type: str, title: str) -> Following:
        template = (
            f"{self._base_url}/sos?service=SOS&version=2.0.0&request=GetObservation"
            f"&offering={station.procedure}&procedure={station.procedure}&observedProperty={PROPERTY}"
        )
        inputs: dict[str, str | ComplexInput] = {
            "rule": ComplexInput((RULES / rule).read_text(encoding="utf-8"), mime_type),
            "getObservationTemplate": template,
            "samplingRate": "PT0.5S",
            "title": title,
            "severity": "Minor",
        }
        outputs = execute(f"{self._base_url}/wps", "weps:Subscribe", inputs, {"feed": None})
        self._tell(f"rule     {rule} watches {station.name}; its alerts: {outputs['feed']}")
        return Following(title, outputs["feed"])

    def _publish(self) -> None:
        rows = sorted(
            ((moment, station, value) for station in STATIONS for moment, value in read_series(station, self._start)),
            key=lambda row: row[0],
        )
        for moment, station, value in rows:
            while self._clock() < moment and not self._stopping.wait(0.02):
                pass
            if self._stopping.is_set():
                return
            observation = Observation(
                phenomenon_time=moment,
                procedure=station.procedure,
                observed_property=PROPERTY,
                feature_of_interest=station.feature.identifier,
                value=value,
                uom="[degF]",
                result_time=moment,
                observation_type=OM_MEASUREMENT,
                feature=station.feature,
            )
            try:
                self._post(encode_request(InsertObservation((station.procedure,), (observation,))))
            except requests.ConnectionError:
                # The service ends with the demonstration, and may do so in the middle of a request.
                return
            if moment.astimezone(PACIFIC).hour == 0 and station is STATIONS[0]:
                self._tell(f"world    it is {moment.astimezone(PACIFIC):%d %B %Y}")

    def _follow(self, followed: list[Following], deadline: float | None) -> bool:
        seen: dict[str, set[str]] = {following.feed: set() for following in followed}
        while not self._stopping.is_set():
            for following in followed:
                for guid, title in self._items(following.feed):
                    if guid not in seen[following.feed]:
                        seen[following.feed].add(guid)
                        self._tell(f"alert    {title}")
            if deadline is not None and all(seen.values()):
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            self._stopping.wait(0.25)
        return all(seen.values())

    def _items(self, feed: str) -> Iterator[tuple[str, str]]:
        root = xml.parse(self._session.get(feed, timeout=30).content)
        items: list[etree._Element] = list(root.iter("item"))
        for item in reversed(items):
            when = item.findtext(f"{WEPS_ELEMENTS}phenomenonTime") or ""
            yield item.findtext("guid") or "", f"{when}  {item.findtext('title')}"

    def _post(self, document: bytes) -> None:
        headers = {"Content-Type": "application/xml"}
        answer = self._session.post(f"{self._base_url}/sos", data=document, headers=headers, timeout=30)
        if answer.status_code != requests.codes.ok:
            raise WepsError(f"the SOS refused: {answer.text}", where=f"{self._base_url}/sos")


def read_series(station: Station, start: datetime) -> Iterator[tuple[datetime, float]]:
    """Give the times and temperatures in °F of a station from a time on; raises `SettingsError` without the package."""
    found = importlib.util.find_spec("vega_datasets")
    if found is None or found.submodule_search_locations is None:
        raise SettingsError("the series are in the package vega-datasets: pip install 'weps[demo]'")
    file = Path(found.submodule_search_locations[0]) / "_data" / station.file
    with file.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            # The hourly normals of NOAA are in local standard time.
            moment = datetime.strptime(row["date"][:16], "%Y/%m/%d %H:%M").replace(tzinfo=PACIFIC).astimezone(UTC)
            if moment >= start:
                yield moment, float(row["temp"])


def is_unreachable(error: Exception) -> bool:
    """Tell whether an error of the demonstration says that nobody answers at its service's address."""
    return isinstance(error.__cause__ or error, requests.ConnectionError)
