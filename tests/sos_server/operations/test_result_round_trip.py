"""Results and merged observations are equal to the observations that were inserted, whatever these are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from sos_server.codecs import om20, swe20, xml
from sos_server.codecs.sos20.decode import decode
from sos_server.codecs.sos20.encode import encode, encode_request
from sos_server.codecs.swe20_encoding import TextEncoding, XmlEncoding
from sos_server.model import (
    OM_CATEGORY,
    OM_COUNT,
    OM_MEASUREMENT,
    OM_TEXT,
    OM_TRUTH,
    SWE_ARRAY,
    Observation,
    ResultTemplate,
)
from sos_server.requests import (
    GetObservation,
    GetResult,
    InsertResultTemplate,
)
from tests.sos_server.make import Asked, insertion, minute, observation, sensor
from tests.sos_server.results import (
    ALL_TYPES,
    PERIOD,
    RESULT_TIME,
    SENSOR,
    template,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sos_server.codecs.swe20_encoding import Encoding

_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
_VALUES: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    OM_MEASUREMENT: ("Quantity", st.floats(allow_nan=False, allow_infinity=False)),
    OM_COUNT: ("Count", st.integers(-(2**53), 2**53)),
    OM_TRUTH: ("Boolean", st.booleans()),
    OM_CATEGORY: ("Category", _TEXTS),
    OM_TEXT: ("Text", _TEXTS),
}
_INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@st.composite
def _series(draw: st.DrawFn) -> tuple[str, list[Observation]]:
    """Observations of one type, some nil, some of a period, some known later."""
    observation_type = draw(st.sampled_from(list(_VALUES)))
    found = []
    for at in draw(st.lists(_INSTANTS, min_size=1, max_size=6, unique=True)):
        value = draw(st.none() | _VALUES[observation_type][1])
        end = at + draw(st.just(timedelta(0)) | st.timedeltas(timedelta(0), timedelta(days=2)))
        known = end + draw(st.just(timedelta(0)) | st.timedeltas(timedelta(0), timedelta(days=2)))
        found.append(
            observation(
                0,
                value,
                phenomenon_time=at,
                phenomenon_time_end=None if end == at else end,
                result_time=known,
                observation_type=observation_type,
                uom="Cel" if observation_type == OM_MEASUREMENT else None,
                nil_reason=draw(st.sampled_from(["missing", "unknown", "withheld"])) if value is None else None,
            )
        )
    return observation_type, found


def _essence(observations: Sequence[Observation]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            each.phenomenon_time,
            each.phenomenon_time_end or each.phenomenon_time,
            each.result_time,
            repr(each.value + 0.0 if isinstance(each.value, float) else each.value),  # SQLite keeps no sign of zero
            each.uom,
            each.nil_reason,
            each.feature_of_interest,
        )
        for each in observations
    )


# one service for all examples, with a sensor for each: the tables of a new database take longer than the test
_PROPERTY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_NUMBERS = count(1)


def _publish(sos: Asked, observations: Sequence[Observation]) -> str:
    """Register a new sensor and publish observations of it; gives its offering."""
    procedure = f"sensor{next(_NUMBERS)}"
    sos.ask(sensor(procedure, types=ALL_TYPES))
    offering = f"{procedure}-offering"
    sos.ask(insertion(*(each._replace(procedure=procedure) for each in observations), offerings=(offering,)))
    return offering


@given(_series())
@_PROPERTY
def test_merged_observations_are_equal_to_those_inserted(sos: Asked, given_: tuple[str, list[Observation]]) -> None:
    """
    Of every type, nil or not, with period and result time.
    """
    offering = _publish(sos, given_[1])

    root = xml.parse(b"".join(encode(sos.ask(GetObservation((offering,), merged=True)))))

    assert 1 == len(root)
    assert _essence(given_[1]) == _essence(list(om20.decode_observations(root)))


def _full_template(observation_type: str, encoding: Encoding) -> ResultTemplate:
    """A template that has room for everything."""
    kind = _VALUES[observation_type][0]
    nil_values = {f"-{number}e300": reason for number, reason in enumerate(("missing", "unknown", "withheld"), 1)}
    if kind == "Boolean":
        nil_values = {"n1": "missing", "n2": "unknown", "n3": "withheld"}
    uom = "Cel" if kind == "Quantity" else None
    value = swe20.Component(kind, "value", "AirTemperature", uom, nil_values)
    return template(RESULT_TIME, value, PERIOD, encoding=encoding, observation_type=observation_type)


@example((OM_MEASUREMENT, [observation(0, -0.0)]), TextEncoding())
@given(_series(), st.sampled_from([TextEncoding(), TextEncoding("#", "@"), TextEncoding(";", "\n"), XmlEncoding()]))
@_PROPERTY
def test_results_are_equal_to_those_inserted(
    sos: Asked, given_: tuple[str, list[Observation]], encoding: Encoding
) -> None:
    """
    What GetResult gives of one sensor is taken by InsertResult for another, and is the same there; in each encoding.
    """
    observation_type, observations = given_
    texts = [each.value for each in observations if isinstance(each.value, str)]
    assume(isinstance(encoding, XmlEncoding) or not any(map(encoding.splits, texts)))
    source, target = _publish(sos, observations), f"sensor{next(_NUMBERS)}"
    sos.ask(sensor(target, types=ALL_TYPES))
    made = _full_template(observation_type, encoding)
    for offering in (source, f"{target}-offering"):
        procedure = offering.removesuffix("-offering")
        sos.ask(InsertResultTemplate(replace(made, identifier=offering, offering=offering, procedure=procedure)))
    given_out = xml.parse(b"".join(encode(sos.ask(GetResult(source, "AirTemperature")))))
    sent = xml.new("sos:InsertResult", service="SOS", version="2.0.0")
    xml.add(sent, "sos:template", f"{target}-offering")
    sent.append(given_out[0])

    sos.ask(decode(sent))

    root = xml.parse(b"".join(encode(sos.ask(GetObservation(procedures=(target,))), counts_as_measures=False)))
    assert _essence(observations) == _essence(list(om20.decode_observations(root)))


@pytest.mark.parametrize("merged", [True, False])
def test_the_service_may_merge_where_a_request_does_not_say(sos: Asked, merged: bool) -> None:
    """
    The request has the last word.
    """
    sos.ask(SENSOR)
    sos.ask(insertion(observation(0), observation(1)))
    merging = Asked(replace(sos.service, merged=merged))

    def types(request: GetObservation) -> list[str | None]:
        root = xml.parse(b"".join(encode(merging.ask(request))))
        return [xml.href(each) for each in root.iter("{http://www.opengis.net/om/2.0}type")]

    assert ([SWE_ARRAY] if merged else [OM_MEASUREMENT] * 2) == types(GetObservation())
    assert [SWE_ARRAY] == types(GetObservation(merged=True))
    assert [OM_MEASUREMENT] * 2 == types(GetObservation(merged=False))


@pytest.mark.shared
@pytest.mark.parametrize("observation_type", list(_VALUES))
def test_merged_observations_of_every_type_are_valid(sos: Asked, validate, observation_type: str) -> None:
    """
    With nil results, periods and result times; a feature stands inline once, each series is one observation.
    """
    examples = {OM_MEASUREMENT: 1.5, OM_COUNT: 3, OM_TRUTH: True, OM_CATEGORY: "a & b", OM_TEXT: "<dry>, warm"}
    common = {"observation_type": observation_type, "uom": "Cel" if observation_type == OM_MEASUREMENT else None}
    sos.ask(replace(SENSOR, observed_properties=("AirTemperature", "http://example.org/p#1 other")))
    for name in ("AirTemperature", "http://example.org/p#1 other"):
        sos.ask(
            insertion(
                observation(0, examples[observation_type], observed_property=name, **common),
                observation(1, None, nil_reason="missing", observed_property=name, **common),
                observation(
                    2, examples[observation_type], observed_property=name, phenomenon_time_end=minute(9), **common
                )._replace(result_time=minute(11)),
            )
        )

    answer = b"".join(encode(sos.ask(decode(xml.parse(encode_request(GetObservation(merged=True)))))))

    assert [] == validate(answer)
    assert 2 == answer.count(b"<om:OM_Observation ")
    assert 1 == answer.count(b"<sams:SF_SpatialSamplingFeature ")
