"""Result handling with the requests of other people: what they publish comes out again, or is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sos_server.codecs import om20, swe20, xml
from sos_server.codecs.sos20.decode import decode
from sos_server.codecs.sos20.encode import encode
from sos_server.codecs.swe20_encoding import TextEncoding
from sos_server.operations.base import FEATURE_TYPES, OBSERVATION_TYPES
from sos_server.requests import GetObservation, GetResult, GetResultTemplate, InsertResult, InsertResultTemplate
from tests.conftest import SHARED
from tests.sos_server.make import STATION, Asked, insertion, observation, sensor
from tests.sos_server.results import OFFERING, SENSOR, TIME, template, values

if TYPE_CHECKING:
    from pathlib import Path

    from sos_server.model import ResultTemplate

pytestmark = pytest.mark.shared
DOCUMENTS = SHARED / "sos-documents"
EXAMPLES = DOCUMENTS / "52north-sos-examples"
PREFIX = "sos_v20__requests_xml__ResultHandling__"


def _register(sos: Asked, proposed: ResultTemplate) -> None:
    """Register the sensor that a template is for."""
    made = sensor(proposed.procedure, (proposed.observed_property,), OBSERVATION_TYPES, proposed.offering)
    sos.ask(replace(made, feature_types=FEATURE_TYPES))


def _templates(word: str) -> list[Path]:
    return [file for file in sorted(EXAMPLES.glob(f"{PREFIX}InsertResultTemplate_*.xml")) if word in file.name]


@pytest.mark.parametrize("file", _templates("_SamplingGeometry.xml")[-1:], ids=lambda file: file.name)
def test_a_foreign_template_with_a_place_is_used(sos: Asked, file: Path) -> None:
    """
    Its results have their value and where they were made.
    """
    request = decode(xml.parse(file.read_bytes()))
    assert isinstance(request, InsertResultTemplate)
    made = request.template
    _register(sos, made)
    feature = replace(STATION, identifier=made.feature_of_interest or "")
    known = observation(
        0,
        1.0,
        procedure=made.procedure,
        observed_property=made.observed_property,
        feature=feature,
        feature_of_interest=feature.identifier,
        uom="test_unit_10",
    )
    sos.ask(insertion(known, offerings=(made.offering,)))

    identifier = sos.ask(request).identifier
    sos.ask(InsertResult(identifier, "1@2019-11-19T13:30:00+02:00#159.15#27.992421#-15.362673@"))

    answer = b"".join(encode(sos.ask(GetObservation((made.offering,)))))
    found = list(om20.decode_observations(xml.parse(answer)))[-1]
    assert (159.15, "test_unit_10") == (found.value, found.uom)
    assert found.geometry is not None
    assert [-15.362673, 27.992421] == found.geometry["coordinates"]


@pytest.mark.parametrize("file", _templates("ComplexObservation"), ids=lambda file: file.name)
def test_a_foreign_template_of_records_is_kept_with_its_results(sos: Asked, file: Path) -> None:
    """
    Structure, encoding and rows come out as they went in; where nobody wrote rows for a template, without any.
    """
    request = decode(xml.parse(file.read_bytes()))
    assert isinstance(request, InsertResultTemplate)
    made = request.template
    _register(sos, made)

    sos.ask(request)

    place = made.offering, made.observed_property
    kept = sos.ask(GetResultTemplate(*place)).template
    assert (made.structure, made.encoding) == (kept.structure, kept.encoding)
    rows = file.with_name(file.name.replace("InsertResultTemplate_", "InsertResult_"))
    if rows.exists():
        insertion = decode(xml.parse(rows.read_bytes()))
        assert isinstance(insertion, InsertResult)
        assert 15 == sos.ask(insertion).count
        _, _, expected = str(insertion.values).strip("@").partition("@")
        assert _in_utc(expected) == values(sos, GetResult(*place))


def _in_utc(rows: str) -> str:
    """The rows as they come out: times in UTC."""
    return re.sub(r"T(\d\d)(:\d\d:\d\d)\+02:00", lambda found: f"T{int(found[1]) - 2}{found[2]}Z", rows)


@pytest.mark.parametrize(
    ("file", "encoding", "count", "value"),
    [
        pytest.param(EXAMPLES / f"{PREFIX}InsertResult.xml", TextEncoding("#", "@"), 15, 159.15, id="52°North"),
        pytest.param(
            DOCUMENTS / "ogc-sos20-examples" / "resultHandling__InsertResult1.xml", TextEncoding(), 3, 32.0, id="OGC"
        ),
    ],
)
def test_foreign_results_are_inserted(sos: Asked, file: Path, encoding: TextEncoding, count: int, value: float) -> None:
    """
    With their number in front or without it.
    """
    request = decode(xml.parse(file.read_bytes()))
    assert isinstance(request, InsertResult)
    sos.ask(SENSOR)
    level = swe20.Component("Quantity", "level", "AirTemperature", "cm")
    sos.ask(InsertResultTemplate(template(TIME, level, encoding=encoding, identifier=request.template)))

    inserted = sos.ask(request).count

    rows = [row for _, chunks in sos.ask(GetResult(OFFERING, "AirTemperature")).series for row in chunks]
    assert count == inserted
    assert (count, value) == (len(rows[0].begins), rows[0].values[0])


def test_the_structure_of_ogc_is_used(sos: Asked) -> None:
    """
    With a unit for the time that nobody uses, and the separators of the standard's example.
    """
    file = DOCUMENTS / "ogc-sos20-examples" / "resultHandling__GetResultTemplate1_response.xml"
    document = xml.parse(file.read_bytes())
    structure, encoding = (xml.serialize(part[0]) for part in document)
    sos.ask(SENSOR)
    sos.ask(InsertResultTemplate(replace(template(), structure=structure, encoding=encoding)))

    assert 1 == sos.ask(InsertResult("hourly", "2008-03-01T17:44:15.000+00:00,32.0")).count
