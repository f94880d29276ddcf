"""DeleteResultTemplate over every binding: templates go, what was published by them stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sos_server.codecs import xml
from sos_server.codecs.sos20.decode import decode
from sos_server.codecs.sos20.encode import encode, encode_request
from sos_server.errors import InvalidParameterValue
from sos_server.requests import DeleteResultTemplate, GetResult, InsertResult, InsertResultTemplate
from tests.sos_server.enhanced import enveloped
from tests.sos_server.make import Asked
from tests.sos_server.results import OFFERING, SENSOR, template

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sos_server.asgi import Client

EXAMPLE = "http://www.52north.org/test/procedure/9/template/1"
PLACE = (OFFERING, "AirTemperature")
KVP = {"service": "SOS", "version": "2.0.0", "request": "DeleteResultTemplate"}


def _fill(client: Client) -> None:
    for request in (
        SENSOR,
        InsertResultTemplate(template()),
        InsertResultTemplate(template(identifier=EXAMPLE)),
        InsertResult("hourly", "2016-01-01T00:00:00Z,1.5"),
    ):
        assert 200 == client.post(encode_request(request)).status


def _deleted(body: bytes) -> list[str | None]:
    return [each.text for each in xml.parse(body).iter("{http://www.opengis.net/drt/1.0}deletedTemplate")]


@pytest.mark.parametrize(
    ("request_", "parameters", "gone"),
    [
        pytest.param(DeleteResultTemplate(("hourly",)), {"resultTemplate": "hourly"}, ["hourly"], id="by identifier"),
        pytest.param(
            DeleteResultTemplate(places=(PLACE,)),
            {"offering": OFFERING, "observedProperty": "AirTemperature"},
            ["hourly", EXAMPLE],
            id="by place",
        ),
    ],
)
@pytest.mark.parametrize("binding", ["KVP", "POX", "SOAP"])
def test_templates_are_deleted(
    client: Client, validate: Any, request_: Any, parameters: dict[str, str], gone: list[str], binding: str
) -> None:
    """
    The answer names them; they cannot be used any more.
    """
    _fill(client)
    document = encode_request(request_)

    if binding == "KVP":
        answer = client.get(KVP | parameters)
    else:
        answer = client.post(document if binding == "POX" else enveloped(document))

    assert (200, gone) == (answer.status, _deleted(answer.body))
    again = client.post(encode_request(InsertResult("hourly", "2016-01-01T01:00:00Z,2.5")))
    assert (400, ("InvalidParameterValue", "template")) == (again.status, again.exception)
    if binding != "SOAP":
        assert [] == validate(answer.body)


def test_what_was_published_by_a_template_stays(sos: Asked) -> None:
    """
    It is told in the usual form from then on.
    """
    for request in (
        SENSOR,
        InsertResultTemplate(template()),
        InsertResult("hourly", "2016-01-01T00:00:00Z,1.5"),
        DeleteResultTemplate(("hourly",)),
    ):
        sos.ask(request)

    assert b"2016-01-01T00:00:00Z,1.5" in b"".join(encode(sos.ask(GetResult(*PLACE))))


@pytest.mark.parametrize(
    ("parameters", "code", "locator"),
    [
        pytest.param({}, "MissingParameterValue", "resultTemplate", id="nothing"),
        pytest.param({"resultTemplate": ""}, "MissingParameterValue", "resultTemplate", id="empty"),
        pytest.param({"resultTemplate": "gone"}, "InvalidParameterValue", "resultTemplate", id="unknown"),
        pytest.param({"offering": OFFERING}, "MissingParameterValue", "observedProperty", id="half a place"),
        pytest.param(
            {"offering": "x", "observedProperty": "AirTemperature"}, "InvalidParameterValue", "offering", id="offering"
        ),
        pytest.param(
            {"offering": OFFERING, "observedProperty": "x"}, "InvalidParameterValue", "observedProperty", id="property"
        ),
        pytest.param(
            {"resultTemplate": "hourly", "offering": OFFERING, "observedProperty": "AirTemperature"},
            "InvalidParameterValue",
            "resultTemplate",
            id="both",
        ),
    ],
)
def test_a_wrong_deletion_is_refused(client: Client, parameters: dict[str, str], code: str, locator: str) -> None:
    """
    And deletes nothing.
    """
    _fill(client)

    answer = client.get(KVP | parameters)

    assert (400, (code, locator)) == (answer.status, answer.exception)
    assert [["hourly"]] == [_deleted(client.get(KVP | {"resultTemplate": "hourly"}).body)]


def test_one_unknown_template_spares_all(sos: Asked) -> None:
    """
    All that are named, or none.
    """
    sos.ask(SENSOR)
    sos.ask(InsertResultTemplate(template()))

    with pytest.raises(InvalidParameterValue, match="gone"):
        sos.ask(DeleteResultTemplate(("hourly", "gone")))

    assert ("hourly",) == sos.ask(DeleteResultTemplate(("hourly",))).identifiers


@pytest.mark.shared
@pytest.mark.parametrize("binding", ["soap", "xml"])
def test_the_request_of_another_maker_is_answered(client: Client, shared: Path, binding: str) -> None:
    """
    As it is published.
    """
    _fill(client)
    name = f"sos_v20__requests_{binding}__Transactional__DeleteResultTemplate.xml"

    answer = client.post((shared / "sos-documents/52north-sos-examples" / name).read_bytes(), None)

    assert (200, [EXAMPLE]) == (answer.status, _deleted(answer.body))


@pytest.mark.parametrize(
    "request_", [DeleteResultTemplate(("a", "b")), DeleteResultTemplate(places=(PLACE, ("o", "p")))]
)
def test_a_written_request_comes_back_equal(request_: DeleteResultTemplate) -> None:
    """
    As a client writes it.
    """
    assert request_ == decode(xml.parse(encode_request(request_)))
