"""Insert requests that other people wrote: what they publish comes out again equal, in a valid answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sos_server.codecs import om20, xml
from sos_server.codecs.sos20.decode import decode
from sos_server.codecs.sos20.encode import encode
from sos_server.errors import InvalidParameterValue
from sos_server.model import Observation, Offering
from sos_server.operations.base import FEATURE_TYPES, OBSERVATION_TYPES
from sos_server.requests import GetObservation, InsertObservation
from tests.conftest import SHARED
from tests.sos_server.make import Asked, sensor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DOCUMENTS = SHARED / "sos-documents"
# a truth inside what is called a measurement is no result that is kept
REFUSED = {
    "xml__mobileTimeSeriesObservation__insertObservation-1.xml": "resultType",
}


def _requests() -> list[Path]:
    return [
        file
        for file in sorted(DOCUMENTS.rglob("*nsertObservation*.xml"))
        if xml.parse(file.read_bytes()).tag == "{http://www.opengis.net/sos/2.0}InsertObservation"
    ]


def _register(sos: Asked, request: InsertObservation) -> None:
    """Register the sensors that a request publishes for; its offerings belong to the first."""
    offerings = request.offerings
    for procedure in dict.fromkeys(each.procedure for each in request.observations):
        properties = {each.observed_property for each in request.observations if each.procedure == procedure}
        made = sensor(procedure, sorted(properties), OBSERVATION_TYPES)
        offered = tuple(Offering(identifier, procedure) for identifier in offerings)
        description = replace(made.description, offerings=offered)
        sos.ask(replace(made, description=description, feature_types=FEATURE_TYPES))
        offerings = ()


def _essence(observations: Iterable[Observation]) -> list[tuple[str, ...]]:
    names = ("phenomenon_time", "procedure", "observed_property", "feature_of_interest", "value", "uom", "annotations")
    return sorted(tuple(repr(getattr(each, name)) for name in names) for each in observations)


@pytest.mark.shared
@pytest.mark.parametrize("file", _requests(), ids=lambda file: file.name)
def test_what_a_foreign_request_publishes_comes_out_equal(sos: Asked, validate, file: Path) -> None:
    """
    And once, however often it is sent; what cannot be kept is refused.
    """
    request = decode(xml.parse(file.read_bytes()))
    assert isinstance(request, InsertObservation)
    _register(sos, request)
    if file.name in REFUSED:
        with pytest.raises(InvalidParameterValue) as caught:
            sos.ask(request)
        assert REFUSED[file.name] == caught.value.locator
        return

    counts = [sos.ask(request).count for _ in range(2)]
    answer = b"".join(encode(sos.ask(GetObservation()), counts_as_measures=False))

    assert [len(request.observations), 0] == counts
    assert _essence(request.observations) == _essence(om20.decode_observations(xml.parse(answer), whole=True))
    assert [] == validate(answer)
