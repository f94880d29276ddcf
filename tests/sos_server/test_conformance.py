"""
The lines of OGC's suite for SOS 2.0 that no other test names, over the three bindings as the suite sends them.

The ids are the numbers of its tests. Most of the suite is in `bindings/`, where requests are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette

from sos_server.app import create_app, mount
from sos_server.codecs import xml
from sos_server.codecs.sos20.encode import encode_request
from sos_server.filters import TemporalFilter, TemporalOperator
from sos_server.model import OM_MEASUREMENT
from sos_server.requests import DescribeSensor, GetCapabilities, GetObservation
from sos_server.settings import Settings
from sos_server.time import parse_instant
from tests.sos_server.asgi import Answer, Client
from tests.sos_server.enhanced import enveloped, fill
from tests.sos_server.make import FORMAT, insertion, observation, sensor

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs/conformance.md"
MISSING, INVALID = "MissingParameterValue", "InvalidParameterValue"
OWS, SOS = "{http://www.opengis.net/ows/1.1}", "{http://www.opengis.net/sos/2.0}"
SWES, FES = "{http://www.opengis.net/swes/2.0}", "{http://www.opengis.net/fes/2.0}"
BINDINGS = ("KVP", "POX", "SOAP")
SECTIONS = {
    "ServiceIdentification": f"{OWS}ServiceIdentification",
    "ServiceProvider": f"{OWS}ServiceProvider",
    "OperationsMetadata": f"{OWS}OperationsMetadata",
    "FilterCapabilities": f"{SOS}filterCapabilities",
    "Contents": f"{SOS}contents",
}
THREE = GetObservation(("thermometer-offering",), ("thermometer",), ("AirTemperature",))
OBSERVE = {
    "service": "SOS",
    "version": "2.0.0",
    "request": "GetObservation",
    "offering": "thermometer-offering",
    "procedure": "thermometer",
    "observedProperty": "AirTemperature",
}
CAPABILITIES = {"service": "SOS", "request": "GetCapabilities"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service with one sensor and its observations; what the tests ask for changes nothing."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("conformance")))
    yield fill(Client(Starlette(routes=[mount("/sos", app)])))
    app.state.storage.close()


@pytest.fixture(params=BINDINGS)
def binding(request: pytest.FixtureRequest) -> str:
    """Each binding, as the suite is run three times."""
    return str(request.param)


def send(client: Client, binding: str, parameters: dict[str, str], document: Any) -> Answer:
    """Send the same over a binding: parameters by GET, or a request as a document."""
    if binding == "KVP":
        return client.get(parameters)
    data = encode_request(document)
    return client.post(data if binding == "POX" else enveloped(data), "application/soap+xml" * (binding == "SOAP"))


def body(answer: Answer) -> Any:
    """The root of an answer, outside of an envelope."""
    root = answer.root
    return root[-1][0] if root.tag.endswith("}Envelope") else root


def refusal(answer: Answer) -> tuple[str | None, str | None]:
    """Code and locator of an answer over any binding."""
    element = next(answer.root.iter(f"{OWS}Exception"))
    return element.get("exceptionCode"), element.get("locator")


def capabilities(client: Client, binding: str) -> Any:
    return body(send(client, binding, CAPABILITIES, GetCapabilities()))


def test_01_03_an_update_sequence_of_the_future_is_refused(service: Client, binding: str) -> None:
    """
    `InvalidUpdateSequence`, whatever the locator.
    """
    assert capabilities(service, binding).get("updateSequence")

    answer = send(
        service, binding, CAPABILITIES | {"updateSequence": "9999999999"}, GetCapabilities(update_sequence="9999999999")
    )

    assert "InvalidUpdateSequence" == refusal(answer)[0]


@pytest.mark.parametrize("names", [("SERVICE", "REQUEST"), ("SeRvIcE", "RequesT"), ("service", "request")])
def test_01_05_names_of_parameters_are_read_in_any_case(service: Client, names: tuple[str, str]) -> None:
    """
    Three capabilities documents.
    """
    answer = service.get({names[0]: "SOS", names[1]: "GetCapabilities"})

    assert f"{SOS}Capabilities" == answer.root.tag


@pytest.mark.parametrize("versions", [pytest.param((), id="01.06"), pytest.param(("2.0.0",), id="01.07")])
def test_the_version_is_negotiated(service: Client, binding: str, versions: tuple[str, ...]) -> None:
    """
    2.0.0 with and without being asked for.
    """
    answer = send(
        service,
        binding,
        CAPABILITIES | ({"AcceptVersions": ",".join(versions)} if versions else {}),
        GetCapabilities(versions),
    )

    assert (f"{SOS}Capabilities", "2.0.0") == (body(answer).tag, body(answer).get("version"))


def test_01_08_an_unknown_version_is_refused(service: Client, binding: str) -> None:
    """
    `VersionNegotiationFailed`, whatever the locator.
    """
    answer = send(service, binding, CAPABILITIES | {"AcceptVersions": "2000.01.01"}, GetCapabilities(("2000.01.01",)))

    assert "VersionNegotiationFailed" == refusal(answer)[0]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param((), set(), id="01.09"),
        pytest.param(
            ("ServiceIdentification", "OperationsMetadata"), {"ServiceIdentification", "OperationsMetadata"}, id="01.10"
        ),
    ],
)
def test_only_the_sections_asked_for_are_told(
    service: Client, binding: str, names: tuple[str, ...], expected: set[str]
) -> None:
    """
    None where the parameter is empty; the XML form of these requests has no service attribute.
    """
    answer = send(service, binding, CAPABILITIES | {"sections": ",".join(names)}, GetCapabilities(sections=names))

    tags = {child.tag for child in body(answer)}
    assert expected == {name for name, tag in SECTIONS.items() if tag in tags}


def test_03_01_to_03_09_the_capabilities_are_complete(service: Client, validate: Any, binding: str) -> None:
    """
    03.01 valid; 03.02 each operation once; 03.03 each section once; 03.05 BBOX; 03.06 During and TEquals; 03.07 and
    03.08 what every offering tells; 03.09 what may be inserted.
    """
    root = capabilities(service, binding)

    assert [] == validate(xml.serialize(root))
    operations = [each.get("name") for each in root.iter(f"{OWS}Operation")]
    assert [1, 1, 1] == [operations.count(each) for each in ("GetCapabilities", "DescribeSensor", "GetObservation")]
    assert {1} == {len(root.findall(tag)) for tag in SECTIONS.values()}
    temporal = [each.get("name") for each in root.iter(f"{FES}TemporalOperator")]
    spatial = [each.get("name") for each in root.iter(f"{FES}SpatialOperator")]
    assert [1, 1, 1] == [spatial.count("BBOX"), temporal.count("During"), temporal.count("TEquals")]
    for offering in root.iter(f"{SOS}ObservationOffering"):
        counts = {
            name: len(offering.findall(tag))
            for name, tag in {
                "identifier": f"{SWES}identifier",
                "procedure": f"{SWES}procedure",
                "observedArea": f"{SOS}observedArea",
                "phenomenonTime": f"{SOS}phenomenonTime",
                "resultTime": f"{SOS}resultTime",
            }.items()
        }
        assert dict.fromkeys(counts, 1) == counts
        for tag in (f"{SWES}observableProperty", f"{SWES}procedureDescriptionFormat", f"{SOS}observationType"):
            assert offering.find(tag) is not None
        assert "http://www.opengis.net/om/2.0" in [each.text for each in offering.iter(f"{SOS}responseFormat")]
    insertion_ = root.find(f"{SOS}extension/{SOS}InsertionCapabilities")
    told = {xml.local_name(each) for each in insertion_}
    assert {"procedureDescriptionFormat", "featureOfInterestType", "observationType"} <= told
    assert told <= {"procedureDescriptionFormat", "featureOfInterestType", "observationType", "supportedEncoding"}


def test_04_11_each_offering_has_a_sensor_that_is_described(service: Client, binding: str) -> None:
    """
    In the format that was asked for.
    """
    parameters = {
        "service": "SOS",
        "version": "2.0.0",
        "request": "DescribeSensor",
        "procedure": "thermometer",
        "procedureDescriptionFormat": FORMAT,
    }

    root = body(send(service, binding, parameters, DescribeSensor("thermometer", FORMAT)))

    assert (f"{SWES}DescribeSensorResponse", FORMAT) == (root.tag, root.findtext(f"{SWES}procedureDescriptionFormat"))


@pytest.mark.parametrize(
    "response_format",
    [pytest.param(None, id="05.17"), pytest.param("http://www.opengis.net/om/2.0", id="05.18")],
)
def test_every_child_of_an_answer_is_an_observation(service: Client, binding: str, response_format: str | None) -> None:
    """
    With and without the response format.
    """
    parameters = OBSERVE | ({} if response_format is None else {"responseFormat": response_format})
    document = GetObservation(*THREE_NAMES, response_format=response_format)

    root = body(send(service, binding, parameters, document))

    assert (f"{SOS}GetObservationResponse", {f"{SOS}observationData"}) == (root.tag, {child.tag for child in root})


THREE_NAMES = (THREE.offerings, THREE.procedures, THREE.observed_properties)


def test_05_19_a_time_without_observations_gives_an_empty_answer(service: Client, binding: str) -> None:
    """
    Over KVP the suite writes the time without a prefix.
    """
    instant = "2020-01-01T01:00:00Z"
    at = parse_instant(instant)
    document = GetObservation(*THREE_NAMES, temporal_filters=(TemporalFilter(TemporalOperator.EQUALS, at, at),))

    root = body(send(service, binding, OBSERVE | {"temporalFilter": f"phenomenonTime,{instant}"}, document))

    assert (f"{SOS}GetObservationResponse", 0) == (root.tag, len(root))


def test_05_20_a_request_for_everything_is_answered(service: Client, binding: str) -> None:
    """
    With what is there: no answer is too large, because it is sent as it is read.
    """
    parameters = {"service": "SOS", "version": "2.0.0", "request": "GetObservation"}

    root = body(send(service, binding, parameters, GetObservation()))

    assert (f"{SOS}GetObservationResponse", 3) == (root.tag, len(root))


SENSOR = encode_request(sensor("another"))
POINT = b"http://www.opengis.net/def/samplingFeatureType/OGC-OM/2.0/SF_SamplingPoint"
INSERT = encode_request(insertion(observation(7)))
RESULT = b'xsi:type="gml:MeasureType"'
REFUSED = [
    pytest.param(SENSOR, f">{FORMAT}<".encode(), b"><", MISSING, "procedureDescriptionFormat", id="d08.07"),
    pytest.param(SENSOR, f">{FORMAT}<".encode(), b">x<", INVALID, "procedureDescriptionFormat", id="d08.08"),
    pytest.param(SENSOR, POINT, b"", MISSING, "featureOfInterestType", id="d08.09"),
    pytest.param(SENSOR, POINT, b"x", INVALID, "featureOfInterestType", id="d08.10"),
    pytest.param(SENSOR, OM_MEASUREMENT.encode(), b"", MISSING, "observationType", id="d08.11"),
    pytest.param(SENSOR, OM_MEASUREMENT.encode(), b"x", INVALID, "observationType", id="d08.12"),
    pytest.param(INSERT, OM_MEASUREMENT.encode(), b"", MISSING, "observationType", id="d10.09"),
    pytest.param(INSERT, RESULT, b'xsi:type=""', MISSING, "resultType", id="d10.17"),
    pytest.param(INSERT, RESULT, b'xsi:type="x"', INVALID, "resultType", id="d10.18"),
]
_FEATURE = re.compile(rb"<om:featureOfInterest>.*?</om:featureOfInterest>", re.DOTALL)


@pytest.mark.parametrize("binding", ["POX", "SOAP"])
@pytest.mark.parametrize(("document", "good", "wrong", "code", "locator"), REFUSED)
def test_a_wrong_insertion_is_refused(
    service: Client, binding: str, document: bytes, good: bytes, wrong: bytes, code: str, locator: str
) -> None:
    """
    With the parameter that it is in; nothing is kept.
    """
    assert good in document
    changed = document.replace(good, wrong, 1)

    answer = service.post(changed if binding == "POX" else enveloped(changed))

    assert (400, (code, locator)) == (answer.status, refusal(answer))
    assert b"another" not in service.get(CAPABILITIES).body


@pytest.mark.parametrize("binding", ["POX", "SOAP"])
@pytest.mark.parametrize(
    ("reference", "code"), [pytest.param("", MISSING, id="d10.15"), pytest.param("x", INVALID, id="d10.16")]
)
def test_a_feature_that_is_not_there_is_refused(client: Client, binding: str, reference: str, code: str) -> None:
    """
    It has to be inside the first observation that refers to it, where the offering says that it has a shape.
    """
    assert 200 == client.post(encode_request(sensor())).status
    changed = _FEATURE.sub(f'<om:featureOfInterest xlink:href="{reference}"/>'.encode(), INSERT)

    answer = client.post(changed if binding == "POX" else enveloped(changed))

    assert (400, (code, "featureOfInterest")) == (answer.status, refusal(answer))


@pytest.mark.parametrize("binding", ["POX", "SOAP"])
def test_d08_13_a_sensor_is_registered(client: Client, validate: Any, binding: str) -> None:
    """
    The answer is valid, with one procedure and one offering.
    """
    answer = client.post(SENSOR if binding == "POX" else enveloped(SENSOR))

    root = body(answer)
    names = ("assignedProcedure", "assignedOffering")
    assert [] == validate(xml.serialize(root))
    assert [["another"], ["another-offering"]] == [[each.text for each in root.iter(f"{SWES}{name}")] for name in names]


@pytest.mark.shared
def test_every_line_of_the_suite_is_named_by_a_test_or_told_of(shared: Path) -> None:
    """
    A line that is left out without a word is a gap; ranges in the table of conformance name the lines between.
    """
    lines = re.findall(r"^- \[.\] \*\*(d?\d\d\.\d\d)\*\*", (shared / "conformance/sos20.md").read_text(), re.MULTILINE)
    written = "".join(path.read_text() for path in (ROOT / "tests/sos_server").rglob("test_*.py"))
    told = TABLE.read_text().partition("\n## SOS 2.0\n")[2].partition("\n## ")[0]
    named = set(re.findall(r'"(d?\d\d\.\d\d)"', written) + re.findall(r"\b(d?\d\d\.\d\d)\b", told))
    for begin, end in re.findall(r"\b(d?\d\d\.\d\d) to (d?\d\d\.\d\d)\b", told):
        group, first = begin.split(".")
        named |= {f"{group}.{number:02}" for number in range(int(first), int(end.split(".")[1]) + 1)}

    assert 160 == len(lines)
    assert [] == [line for line in lines if line not in named]
