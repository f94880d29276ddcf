"""The installed command on a loopback port, driven as users drive it: over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
import requests

from tests.ports import free_port
from tests.waiting import PATIENCE, wait_for
from tests.weps.processes.validity import require_valid
from weps.client import ComplexInput, execute

ROOT = Path(__file__).resolve().parents[2]
BEGIN = datetime(2024, 3, 1, tzinfo=UTC)


@dataclass
class Running:
    """A running `weps serve`."""

    port: int
    data: Path
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.data / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "weps", "serve", "--port", str(self.port), "--data", str(self.data)],
                cwd=self.data,
                stdout=log,
                stderr=log,
                env=os.environ | {"WEPS_LOG_LEVEL": "DEBUG", "PYTHONFAULTHANDLER": "1"} | self.variables,
            )
        wait_for(self.is_up, told=self.abort)

    def is_up(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"the service ended: {self.log()[-2000:]}")
        try:
            return requests.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def kill(self) -> None:
        """Pull the plug."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def abort(self) -> str:
        """End it where it does not go on; gives the end of its log, with what each of its threads was about."""
        self.process.send_signal(signal.SIGABRT)
        self.process.wait()
        return self.log()[-4000:]

    def stop(self) -> float:
        """Press Ctrl-C; gives the seconds that the service took to end."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == 0
        return time.monotonic() - started

    def log(self) -> str:
        return (self.data / "log.txt").read_text()

    # -- the SOS -----------------------------------------------------------------------------------------------------

    def post_sos(self, document: str) -> requests.Response:
        return requests.post(
            f"{self.url}/sos", data=document.encode(), headers={"Content-Type": "application/xml"}, timeout=60
        )

    def insert_sensor(self, procedure: str, observed_property: str) -> None:
        answer = self.post_sos(sensor_document(procedure, observed_property))
        assert answer.status_code == 200, answer.text

    def insert(self, procedure: str, observed_property: str, *rows: tuple[float, float], uom: str = "Cel") -> None:
        """Publish rows of (minutes after BEGIN, value)."""
        timed = [(BEGIN + timedelta(minutes=minute), value) for minute, value in rows]
        answer = self.post_sos(observations_document(procedure, observed_property, timed, uom))
        assert answer.status_code == 200, answer.text

    # -- the WPS -----------------------------------------------------------------------------------------------------

    def template(self, procedure: str, observed_property: str) -> str:
        return (
            f"{self.url}/sos?service=SOS&version=2.0.0&request=GetObservation"
            f"&offering={procedure}&procedure={procedure}&observedProperty={observed_property}"
        )

    def subscribe(self, **inputs: Any) -> dict[str, str]:
        """Execute weps:Subscribe; a `rule` starting with `<` is EML, else threshold JSON."""
        rule = inputs.get("rule")
        if isinstance(rule, str):
            inputs["rule"] = ComplexInput(rule, "text/xml" if rule.lstrip().startswith("<") else "application/json")
        inputs.setdefault("samplingRate", "PT0.3S")
        outputs = dict.fromkeys(("subscriptionId", "feed", "info"))
        return execute(f"{self.url}/wps", "weps:Subscribe", inputs, outputs)

    def post_wps(self, document: bytes | str) -> requests.Response:
        body = document.encode() if isinstance(document, str) else document
        answer = requests.post(f"{self.url}/wps", data=body, headers={"Content-Type": "text/xml"}, timeout=60)
        require_valid(answer.content)
        return answer

    # -- feeds -------------------------------------------------------------------------------------------------------

    def entries(self, feed: str, pages: bool = False) -> list[Any]:
        """The items of a feed, oldest first; with `pages`, of all its pages."""
        found: list[Any] = []
        while feed:
            parsed = feedparser.parse(requests.get(feed, timeout=60).content)
            assert not parsed.bozo, parsed.bozo_exception
            found += parsed.entries
            following = [link.href for link in parsed.feed.links if link.rel == "next"]
            feed = following[0] if pages and following else ""
        return found[::-1]

    def wait_for_entries(self, feed: str, count: int) -> list[Any]:
        """Wait until a feed has so many items, and give them."""
        return wait_for(
            lambda: (found := self.entries(feed)) and len(found) >= count and found,
            told=lambda: f"{len(self.entries(feed))} items instead of {count}; the log ends so: {self.log()[-2000:]}",
        )


@pytest.fixture
def new_service(tmp_path: Path):
    """Make services; all are ended with the test."""
    made: list[Running] = []

    def make(name: str = "data", **variables: str) -> Running:
        data = tmp_path / name
        data.mkdir()
        service = Running(free_port(), data, variables)
        made.append(service)
        service.start()
        return service

    yield make
    for service in made:
        if service.process is not None and service.process.poll() is None:
            service.kill()


@pytest.fixture(scope="session")
def running_service(tmp_path_factory: pytest.TempPathFactory):
    """A service for tests that change nothing."""
    running = Running(free_port(), tmp_path_factory.mktemp("data"))
    running.start()
    yield running
    running.kill()


@pytest.fixture
def service(new_service) -> Running:
    """A fresh service."""
    return new_service()


def sensor_document(procedure: str, observed_property: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<swes:InsertSensor xmlns:swes="http://www.opengis.net/swes/2.0" xmlns:sos="http://www.opengis.net/sos/2.0"
    xmlns:sml="http://www.opengis.net/sensorml/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
    xmlns:swe="http://www.opengis.net/swe/2.0" service="SOS" version="2.0.0">
  <swes:procedureDescriptionFormat>http://www.opengis.net/sensorml/2.0</swes:procedureDescriptionFormat>
  <swes:procedureDescription>
    <sml:PhysicalSystem gml:id="system">
      <gml:identifier codeSpace="uniqueID">{procedure}</gml:identifier>
      <sml:capabilities name="offerings">
        <sml:CapabilityList>
          <sml:capability name="offering">
            <swe:Text definition="http://www.opengis.net/def/offering/identifier">
              <swe:label>offering</swe:label><swe:value>{procedure}</swe:value>
            </swe:Text>
          </sml:capability>
        </sml:CapabilityList>
      </sml:capabilities>
    </sml:PhysicalSystem>
  </swes:procedureDescription>
  <swes:observableProperty>{observed_property}</swes:observableProperty>
  <swes:metadata>
    <sos:SosInsertionMetadata>
      <sos:observationType>http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement</sos:observationType>
      <sos:featureOfInterestType>http://www.opengis.net/def/samplingFeatureType/OGC-OM/2.0/SF_SamplingPoint</sos:featureOfInterestType>
    </sos:SosInsertionMetadata>
  </swes:metadata>
</swes:InsertSensor>"""


def observations_document(
    procedure: str, observed_property: str, rows: list[tuple[datetime, float]], uom: str = "Cel"
) -> str:
    observations = "".join(
        f"""
  <sos:observation>
    <om:OM_Observation gml:id="o{number}">
      <om:type xlink:href="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"/>
      <om:phenomenonTime>
        <gml:TimeInstant gml:id="t{number}"><gml:timePosition>{time.isoformat()}</gml:timePosition></gml:TimeInstant>
      </om:phenomenonTime>
      <om:resultTime xlink:href="#t{number}"/>
      <om:procedure xlink:href="{procedure}"/>
      <om:observedProperty xlink:href="{observed_property}"/>
      <om:featureOfInterest>
        <sams:SF_SpatialSamplingFeature gml:id="f{number}">
          <gml:identifier codeSpace="">station-{procedure}</gml:identifier>
          <sf:type xlink:href="http://www.opengis.net/def/samplingFeatureType/OGC-OM/2.0/SF_SamplingPoint"/>
          <sf:sampledFeature xlink:href="http://www.opengis.net/def/nil/OGC/0/unknown"/>
          <sams:shape>
            <gml:Point gml:id="p{number}">
              <gml:pos srsName="http://www.opengis.net/def/crs/EPSG/0/4326">51.97 7.59</gml:pos>
            </gml:Point>
          </sams:shape>
        </sams:SF_SpatialSamplingFeature>
      </om:featureOfInterest>
      <om:result xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="gml:MeasureType"
        uom="{uom}">{value}</om:result>
    </om:OM_Observation>
  </sos:observation>"""
        for number, (time, value) in enumerate(rows)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<sos:InsertObservation xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:om="http://www.opengis.net/om/2.0"
    xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"
    xmlns:sf="http://www.opengis.net/sampling/2.0" xmlns:sams="http://www.opengis.net/samplingSpatial/2.0"
    service="SOS" version="2.0.0">
  <sos:offering>{procedure}</sos:offering>{observations}
</sos:InsertObservation>"""
