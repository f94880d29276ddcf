"""
Result handling over KVP, POX and SOAP as the conformance suite of SOS 2.0 tries it.

The ids are the numbers of its tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette

from sos_server.app import create_app, mount
from sos_server.codecs import xml
from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import GetResult, GetResultTemplate, InsertResult, InsertResultTemplate
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.enhanced import INVALID, LINES, MISSING, NOW, SOS, UNDECODABLE
from tests.sos_server.results import OFFERING, SENSOR, template

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULT = "2008-03-01T17:44:15.000+00:00,32.0"
ENVELOPE = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>%s</s:Body></s:Envelope>'
OPERATIONS: dict[str, Any] = {
    "08": GetResultTemplate(OFFERING, "AirTemperature"),
    "09": GetResult(OFFERING, "AirTemperature"),
    "d11": InsertResultTemplate(template(identifier="another")),
    "d12": InsertResult("hourly", "2009-01-01T00:00:00Z,1.5"),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """
    A service with a sensor, a template and a result; what the tests ask for is refused or changes nothing.
    """
    app = create_app(Settings(data=tmp_path_factory.mktemp("sos")))
    client = Client(Starlette(routes=[mount("/sos", app)]))
    for request in (SENSOR, InsertResultTemplate(template()), InsertResult("hourly", RESULT)):
        assert 200 == client.post(encode_request(request)).status
    yield client
    app.state.storage.close()


def kvp(request: Any) -> dict[str, str]:
    """The parameters of a request for results."""
    return {
        "service": "SOS",
        "version": "2.0.0",
        "request": type(request).__name__,
        "offering": request.offering,
        "observedProperty": request.observed_property,
    }


def refusal(answer: Any) -> tuple[int, tuple[str | None, str | None]]:
    """Status, code and locator of an answer over any binding."""
    element = next(answer.root.iter("{http://www.opengis.net/ows/1.1}Exception"))
    return answer.status, (element.get("exceptionCode"), element.get("locator"))


@pytest.mark.parametrize(
    ("operation", "change", "code", "locator"),
    [
        pytest.param(operation, change, code, locator, id=f"{operation}.{line}")
        for operation in ("08", "09")
        for line, change, code, locator in LINES
    ],
)
def test_a_wrong_service_or_version_over_kvp_is_refused(
    filled: Client, operation: str, change: dict[str, str | None], code: str, locator: str
) -> None:
    """
    Missing and empty are told apart from wrong.
    """
    parameters = kvp(OPERATIONS[operation]) | change

    answer = filled.get({name: value for name, value in parameters.items() if value is not None})

    assert (400, (code, locator)) == refusal(answer)


@pytest.mark.parametrize("envelope", [pytest.param(b"%s", id="POX"), pytest.param(ENVELOPE, id="SOAP")])
@pytest.mark.parametrize(
    ("operation", "change", "code", "locator"),
    [
        pytest.param(operation, change, code, locator, id=f"{operation}.{line}")
        for operation in OPERATIONS
        for line, change, code, locator in LINES
    ],
)
def test_a_wrong_service_or_version_in_a_document_is_refused(
    filled: Client, envelope: bytes, operation: str, change: dict[str, str | None], code: str, locator: str
) -> None:
    """
    A missing attribute has the locator that the suite looks for.
    """
    request = OPERATIONS[operation]
    document = xml.parse(encode_request(request))
    ((name, value),) = change.items()
    del document.attrib[name]
    if value is not None:
        document.set(name, value)
    else:
        code = UNDECODABLE
        locator = f"Expected attribute: {name} in element {type(request).__name__}@{SOS}"

    answer = filled.post(envelope % xml.serialize(document).partition(b"?>")[2])

    assert (400, (code, locator)) == refusal(answer)


@pytest.mark.parametrize(
    ("operation", "change", "code", "locator"),
    [
        pytest.param("08", {"offering": "", "observedProperty": ""}, MISSING, "offering", id="08.07"),
        pytest.param("08", {"offering": NOW}, INVALID, "offering", id="08.08"),
        pytest.param("08", {"observedProperty": ""}, MISSING, "observedProperty", id="08.09"),
        pytest.param("08", {"observedProperty": NOW}, INVALID, "observedProperty", id="08.10"),
        pytest.param("09", {"offering": ""}, MISSING, "offering", id="09.07"),
        pytest.param("09", {"offering": NOW}, INVALID, "offering", id="09.08"),
        pytest.param("09", {"observedProperty": ""}, MISSING, "observedProperty", id="09.09"),
        pytest.param("09", {"observedProperty": NOW}, INVALID, "observedProperty", id="09.10"),
        pytest.param("09", {"featureOfInterest": NOW}, INVALID, "featureOfInterest", id="feature"),
        pytest.param("09", {"temporalFilter": "om:phenomenonTime,x"}, INVALID, "temporalFilter", id="time"),
        pytest.param("09", {"request": "InsertResult"}, "OperationNotSupported", "InsertResult", id="not over KVP"),
    ],
)
def test_a_wrong_parameter_over_kvp_is_refused(
    filled: Client, operation: str, change: dict[str, str], code: str, locator: str
) -> None:
    """
    With the parameter that it is in.
    """
    answer = filled.get(kvp(OPERATIONS[operation]) | change)

    assert (400, (code, locator)) == refusal(answer)


TYPE = b"OGC-OM/2.0/OM_Measurement"


@pytest.mark.parametrize("envelope", [pytest.param(b"%s", id="POX"), pytest.param(ENVELOPE, id="SOAP")])
@pytest.mark.parametrize(
    ("operation", "good", "wrong", "code", "locator"),
    [
        pytest.param("08", OFFERING.encode(), b"", MISSING, "offering", id="08.07"),
        pytest.param("08", OFFERING.encode(), b"x", INVALID, "offering", id="08.08"),
        pytest.param("08", b">AirTemperature<", b"><", MISSING, "observedProperty", id="08.09"),
        pytest.param("08", b">AirTemperature<", b">x<", INVALID, "observedProperty", id="08.10"),
        pytest.param("09", OFFERING.encode(), b"", MISSING, "offering", id="09.07"),
        pytest.param("09", OFFERING.encode(), b"x", INVALID, "offering", id="09.08"),
        pytest.param("09", b">AirTemperature<", b"><", MISSING, "observedProperty", id="09.09"),
        pytest.param("09", b">AirTemperature<", b">x<", INVALID, "observedProperty", id="09.10"),
        pytest.param("d11", TYPE, b"x", INVALID, "observationType", id="d11.07"),
        pytest.param("d11", b"PhenomenonTime", b"ResultTime", INVALID, "proposedTemplate", id="d11.08"),
        pytest.param("d11", b"swe:TextEncoding", b"swe:BinaryEncoding", INVALID, "proposedTemplate", id="binary"),
        pytest.param("d11", b"proposedTemplate", b"extension", MISSING, "proposedTemplate", id="no template"),
        pytest.param("d12", b">hourly<", b"><", MISSING, "template", id="d12.07"),
        pytest.param("d12", b">hourly<", b">x<", INVALID, "template", id="d12.08"),
        pytest.param("d12", b"2009-01-01T00:00:00Z,1.5", b"", MISSING, "resultValues", id="d12.09"),
        pytest.param("d12", b"2009-01-01T00:00:00Z,1.5", b"x", INVALID, "resultValues", id="d12.10"),
    ],
)
def test_a_wrong_parameter_in_a_document_is_refused(
    filled: Client, envelope: bytes, operation: str, good: bytes, wrong: bytes, code: str, locator: str
) -> None:
    """
    And nothing is stored.
    """
    document = encode_request(OPERATIONS[operation]).partition(b"?>")[2]
    assert good in document

    answer = filled.post(envelope % document.replace(good, wrong))

    assert (400, (code, locator)) == refusal(answer)
    assert b"2009" not in filled.get(kvp(OPERATIONS["09"])).body


@pytest.mark.shared
@pytest.mark.parametrize(
    ("operation", "root"),
    [
        pytest.param("08", "GetResultTemplateResponse", id="08.11"),
        pytest.param("09", "GetResultResponse", id="09.11"),
        pytest.param("d11", "InsertResultTemplateResponse", id="d11.09"),
        pytest.param("d12", "InsertResultResponse", id="d12.11"),
    ],
)
def test_a_good_request_is_answered_over_every_binding(
    client: Client, validate: Any, operation: str, root: str
) -> None:
    """
    With a valid document of the right name; request and answer are the same in SOAP.
    """
    for request in (SENSOR, InsertResultTemplate(template()), InsertResult("hourly", RESULT)):
        assert 200 == client.post(encode_request(request)).status
    document = encode_request(OPERATIONS[operation])
    wrapped = ENVELOPE % document.partition(b"?>")[2].replace(b"another", b"third")

    answers = [
        client.post(document),
        client.post(wrapped),
        client.post(wrapped.replace(b"third", b"x"), path="/sos/soap"),
    ]
    if operation.startswith("0"):
        answers.append(client.get(kvp(OPERATIONS[operation])))

    assert {200} == {answer.status for answer in answers}
    assert [] == [
        validate(each) for each in (document, wrapped, *(answer.body for answer in answers)) if validate(each)
    ]
    found = [next(answer.root.iter(f"{{{SOS}}}{root}")) for answer in answers]
    assert [answers[0].root.tag] * len(found) == [each.tag for each in found]


@pytest.mark.parametrize(
    "time",
    [
        pytest.param("40000-01-10T10:00:00Z/40000-01-10T11:00:00Z", id="09.12"),
        pytest.param("2020-01-01T00:00:00Z/2020-01-02T00:00:00Z", id="nothing there"),
    ],
)
def test_a_time_without_results_gives_none(filled: Client, time: str) -> None:
    """
    09.12: the first child of the answer has no text; even in a year of five digits, over KVP and in a document.
    """
    begin, _, end = time.partition("/")
    document = f"""<sos:GetResult xmlns:sos="{SOS}" service="SOS" version="2.0.0">
        <sos:offering>{OFFERING}</sos:offering><sos:observedProperty>AirTemperature</sos:observedProperty>
        <sos:temporalFilter><fes:During xmlns:fes="http://www.opengis.net/fes/2.0">
        <fes:ValueReference>phenomenonTime</fes:ValueReference>
        <gml:TimePeriod xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="t">
        <gml:beginPosition>{begin}</gml:beginPosition>
        <gml:endPosition>{end}</gml:endPosition></gml:TimePeriod></fes:During></sos:temporalFilter></sos:GetResult>"""

    answers = [
        filled.get(kvp(OPERATIONS["09"]) | {"temporalFilter": f"om:phenomenonTime,{time}"}),
        filled.post(document.encode()),
    ]

    for answer in answers:
        assert (200, f"{{{SOS}}}GetResultResponse") == (answer.status, answer.root.tag)
        assert not answer.root[0].text


def test_the_result_of_the_suite_comes_out(filled: Client) -> None:
    """
    d12.11: as the template says.
    """
    answer = filled.get(kvp(OPERATIONS["09"]))

    assert "2008-03-01T17:44:15Z,32.0" == answer.root[0].text


def test_the_capabilities_tell_of_results(filled: Client) -> None:
    """
    The five operations, those that insert without KVP, and both encodings.
    """
    answer = filled.get({"service": "SOS", "request": "GetCapabilities"})

    ows = "{http://www.opengis.net/ows/1.1}"
    operations = {each.get("name"): each for each in answer.root.iter(f"{ows}Operation")}
    over_kvp = {name: operations[name].find(f".//{ows}Get") is not None for name in operations if "Result" in name}
    assert {
        "InsertResultTemplate": False,
        "InsertResult": False,
        "DeleteResultTemplate": True,
        "GetResultTemplate": True,
        "GetResult": True,
    } == over_kvp
    assert ["TextEncoding", "XMLEncoding"] == [
        each.text.rpartition("/")[2] for each in answer.root.iter(f"{{{SOS}}}supportedEncoding")
    ]
    profiles = {each.text.rpartition("/")[2] for each in answer.root.iter(f"{ows}Profile")}
    assert {"resultInsertion", "resultRetrieval", "soap"} <= profiles


@pytest.mark.parametrize(
    ("merge", "status", "count"),
    [
        pytest.param({}, 200, 2, id="not asked for"),
        pytest.param({"MergeObservationsIntoDataArray": "true"}, 200, 1, id="asked for"),
        pytest.param({"mergeobservationsintodataarray": "false"}, 200, 2, id="asked not to"),
        pytest.param({"MergeObservationsIntoDataArray": "maybe"}, 400, 0, id="no truth"),
    ],
)
def test_observations_are_merged_over_kvp(client: Client, merge: dict[str, str], status: int, count: int) -> None:
    """
    52°North's MergeObservationsIntoDataArray as a parameter, in any case.
    """
    for request in (SENSOR, InsertResultTemplate(template()), InsertResult("hourly", f"{RESULT}@@2009-01-01,1")):
        assert 200 == client.post(encode_request(request)).status

    answer = client.get({"service": "SOS", "version": "2.0.0", "request": "GetObservation"} | merge)

    observations = [] if status != 200 else list(answer.root.iter("{http://www.opengis.net/om/2.0}OM_Observation"))
    assert (status, count) == (answer.status, len(observations))


@pytest.mark.parametrize(
    ("split", "status"),
    [
        pytest.param("true", 200, id="split"),
        pytest.param("false", 400, id="kept whole"),
        pytest.param("x", 400, id="x"),
    ],
)
def test_arrays_are_split_as_they_are_inserted(client: Client, split: str, status: int) -> None:
    """
    52°North's SplitDataArrayIntoObservations; to keep an array whole is refused, not passed over.
    """
    for request in (SENSOR, InsertResultTemplate(template()), InsertResult("hourly", f"{RESULT}@@2009-01-01,1")):
        assert 200 == client.post(encode_request(request)).status
    merged = client.get(
        {"service": "SOS", "version": "2.0.0", "request": "GetObservation", "MergeObservationsIntoDataArray": "true"}
    )
    inserted = xml.new("sos:InsertObservation", service="SOS", version="2.0.0")
    switch = xml.add(xml.add(inserted, "swes:extension"), "swe:Boolean", definition="SplitDataArrayIntoObservations")
    xml.add(switch, "swe:value", split)
    xml.add(inserted, "sos:offering", OFFERING)
    xml.add(inserted, "sos:observation").append(next(merged.root.iter("{http://www.opengis.net/om/2.0}OM_Observation")))
    document = xml.serialize(inserted).replace(b"2008", b"2018").replace(b"2009", b"2019")

    answer = client.post(document)

    found = client.get({"service": "SOS", "version": "2.0.0", "request": "GetObservation"}).body
    assert status == answer.status
    assert (4 if status == 200 else 2) == found.count(b"<om:OM_Observation ")
