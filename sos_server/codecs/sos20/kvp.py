"""
SOS 2.0 requests as keyword-value pairs (OGC 12-006 clause 13.2), as clients really send them.

Names are taken in any case and unknown ones are ignored. Prefixes are not looked up in `namespaces`: the times and the
shape that filters may name are the same whatever their prefix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode

from sos_server.codecs import fes20, sosgda, xsd
from sos_server.codecs.sos20 import parameters
from sos_server.codecs.sos20.kvp_filters import decode_spatial, decode_temporal, read_time, write_spatial
from sos_server.errors import (
    InvalidParameterValue,
    MissingParameterValue,
    OperationNotSupported,
    OptionNotSupported,
)
from sos_server.requests import (
    DeleteObservation,
    DeleteResultTemplate,
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
    GetResult,
    GetResultTemplate,
    Request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def decode(pairs: Iterable[tuple[str, str]]) -> Request:
    """Read a request; raises the errors of `sos_server.errors` with the parameter as locator."""
    values = _unique(pairs)
    if "service" not in values:
        raise MissingParameterValue("The parameter service is missing; give service=SOS.", "service")
    parameters.check_service(values["service"])
    name = parameters.require(values.get("request"), "request")
    if name != "GetCapabilities":
        if "version" not in values:
            raise MissingParameterValue(f"The parameter version is missing; give {parameters.VERSION}.", "version")
        parameters.check_version(values["version"])
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise OperationNotSupported(
            f"The operation {name!r} is not offered over KVP; use {', '.join(_DECODERS)}, or send XML.", name
        )
    return decoder(values)


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key in values:
            raise InvalidParameterValue(f"The parameter {name} is given twice; join its values with commas.", name)
        if "\x00" in value:
            raise InvalidParameterValue(f"The parameter {name} has a character that no text has (U+0000).", name)
        values[key] = value.strip()
    return values


def _get_capabilities(values: Mapping[str, str]) -> GetCapabilities:
    sections = values.get("sections")
    return GetCapabilities(
        accept_versions=_list(values, "AcceptVersions"),
        sections=None if sections is None else parameters.read_sections(_split(sections)),
        accept_formats=_list(values, "AcceptFormats"),
        update_sequence=values.get("updatesequence") or None,
    )


def _describe_sensor(values: Mapping[str, str]) -> DescribeSensor:
    description_format = parameters.require(values.get("proceduredescriptionformat"), "procedureDescriptionFormat")
    valid_time = values.get("validtime")
    return DescribeSensor(
        procedure=parameters.require(values.get("procedure"), "procedure"),
        description_format=_decoded(description_format),
        valid_time=None if valid_time is None else read_time(parameters.require(valid_time, "validTime"), "validTime"),
    )


def _get_observation(values: Mapping[str, str]) -> GetObservation:
    spatial, temporal = values.get("spatialfilter"), values.get("temporalfilter")
    response_format = values.get("responseformat")
    return GetObservation(
        offerings=_list(values, "offering"),
        procedures=_list(values, "procedure"),
        observed_properties=_list(values, "observedProperty"),
        features_of_interest=_list(values, "featureOfInterest"),
        temporal_filters=() if temporal is None else (decode_temporal(temporal),),
        spatial_filter=None if spatial is None else decode_spatial(spatial),
        response_format=None
        if response_format is None
        else _decoded(parameters.require(response_format, "responseFormat")),
        merged=_flag(values, parameters.MERGE) if parameters.MERGE.lower() in values else None,
    )


def _get_observation_by_id(values: Mapping[str, str]) -> GetObservationById:
    response_format = values.get("responseformat")
    return GetObservationById(
        observations=_required_list(values, "observation"),
        response_format=None
        if response_format is None
        else _decoded(parameters.require(response_format, "responseFormat")),
    )


def _get_feature_of_interest(values: Mapping[str, str]) -> GetFeatureOfInterest:
    spatial = values.get("spatialfilter")
    return GetFeatureOfInterest(
        procedures=_list(values, "procedure"),
        observed_properties=_list(values, "observedProperty"),
        features_of_interest=_list(values, "featureOfInterest"),
        spatial_filters=() if spatial is None else (decode_spatial(spatial),),
    )


def _get_data_availability(values: Mapping[str, str]) -> GetDataAvailability:
    """Read a GetDataAvailability; its version is chosen by a responseFormat of its namespace, as 52°North does it."""
    formats = tuple(map(_decoded, _list(values, "responseFormat")))
    is_new = sosgda.NAMESPACES["2.0"] in formats or bool(set(formats) - {sosgda.NAMESPACES["1.0"]})
    return GetDataAvailability(
        offerings=_list(values, "offering"),
        procedures=_list(values, "procedure"),
        observed_properties=_list(values, "observedProperty"),
        features_of_interest=_list(values, "featureOfInterest"),
        response_formats=tuple(each for each in formats if each not in sosgda.NAMESPACES.values()),
        show_count=_flag(values, sosgda.SHOW_COUNT),
        include_result_times=_flag(values, sosgda.INCLUDE_RESULT_TIMES),
        version="2.0" if is_new else "1.0",
    )


def _delete_sensor(values: Mapping[str, str]) -> DeleteSensor:
    return DeleteSensor(parameters.require(values.get("procedure"), "procedure"))


def _delete_observation(values: Mapping[str, str]) -> DeleteObservation:
    """Read a DeleteObservation: one identifier alone is of version 1.0, everything else of 2.0."""
    temporal = values.get("temporalfilter")
    request = DeleteObservation(
        observations=_list(values, "observation"),
        offerings=_list(values, "offering"),
        procedures=_list(values, "procedure"),
        observed_properties=_list(values, "observedProperty"),
        features_of_interest=_list(values, "featureOfInterest"),
        temporal_filters=() if temporal is None else (decode_temporal(temporal),),
        version="2.0",
    )
    is_old = len(request.observations) == 1 and request == DeleteObservation(request.observations, version="2.0")
    return DeleteObservation(request.observations) if is_old else request


def _delete_result_template(values: Mapping[str, str]) -> DeleteResultTemplate:
    """Read a DeleteResultTemplate: identifiers, or each property in each offering."""
    offerings, properties = _list(values, "offering"), _list(values, "observedProperty")
    if bool(offerings) != bool(properties):
        missing = "observedProperty" if offerings else "offering"
        raise MissingParameterValue(f"The parameter {missing} is missing; give offering and property.", missing)
    places = tuple((offering, name) for offering in offerings for name in properties)
    return DeleteResultTemplate(_list(values, "resultTemplate"), places)


def _get_result_template(values: Mapping[str, str]) -> GetResultTemplate:
    return GetResultTemplate(
        offering=parameters.require(values.get("offering"), "offering"),
        observed_property=parameters.require(values.get("observedproperty"), "observedProperty"),
    )


def _get_result(values: Mapping[str, str]) -> GetResult:
    spatial, temporal = values.get("spatialfilter"), values.get("temporalfilter")
    return GetResult(
        offering=parameters.require(values.get("offering"), "offering"),
        observed_property=parameters.require(values.get("observedproperty"), "observedProperty"),
        features_of_interest=_list(values, "featureOfInterest"),
        temporal_filters=() if temporal is None else (decode_temporal(temporal),),
        spatial_filter=None if spatial is None else decode_spatial(spatial),
    )


_DECODERS: dict[str, Callable[[Mapping[str, str]], Request]] = {
    "GetCapabilities": _get_capabilities,
    "DescribeSensor": _describe_sensor,
    "GetObservation": _get_observation,
    "GetObservationById": _get_observation_by_id,
    "GetFeatureOfInterest": _get_feature_of_interest,
    "GetDataAvailability": _get_data_availability,
    "DeleteSensor": _delete_sensor,
    "DeleteObservation": _delete_observation,
    "DeleteResultTemplate": _delete_result_template,
    "GetResultTemplate": _get_result_template,
    "GetResult": _get_result,
}


def _list(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    value = values.get(name.lower())
    if value is None:
        return ()
    found = _split(value)
    if not found:
        raise MissingParameterValue(f"The parameter {name} is empty; leave it out or give a value.", name)
    return found


def _required_list(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = _list(values, name)
    if not found:
        raise MissingParameterValue(f"The parameter {name} is missing; give at least one value.", name)
    return found


def _flag(values: Mapping[str, str], name: str) -> bool:
    value = values.get(name.lower())
    if value is None:
        return False
    try:
        return xsd.read_boolean(value)
    except ValueError as error:
        raise InvalidParameterValue(f"The parameter {name} cannot be read: {error}.", name) from error


def _split(value: str) -> tuple[str, ...]:
    return tuple(stripped for part in value.split(",") if (stripped := part.strip()))


def _decoded(value: str) -> str:
    """Undo a second encoding of a URI: some clients encode what is encoded already."""
    return unquote(value) if "%3A" in value.upper() else value


def encode(request: Request) -> str:
    """Write a request as a query string; raises `OptionNotSupported` for what has no form in KVP."""
    pairs = {"service": parameters.SERVICE}
    match request:
        case GetCapabilities():
            pairs |= {"request": "GetCapabilities", "AcceptVersions": parameters.VERSION}
        case DescribeSensor():
            pairs |= {
                "version": parameters.VERSION,
                "request": "DescribeSensor",
                "procedure": request.procedure,
                "procedureDescriptionFormat": request.description_format,
            }
        case GetObservation():
            pairs |= {"version": parameters.VERSION, "request": "GetObservation"} | _observation_pairs(request)
        case _:
            raise OptionNotSupported(f"{type(request).__name__} has no form in KVP; send XML.")
    return urlencode(pairs)


def _observation_pairs(request: GetObservation) -> dict[str, str]:
    pairs = {
        "offering": ",".join(request.offerings),
        "procedure": ",".join(request.procedures),
        "observedProperty": ",".join(request.observed_properties),
        "featureOfInterest": ",".join(request.features_of_interest),
        "responseFormat": request.response_format or "",
    }
    if len(request.temporal_filters) > 1:
        raise OptionNotSupported("KVP takes one temporal filter; send XML.", "temporalFilter")
    for condition in request.temporal_filters:
        pairs["temporalFilter"] = fes20.write_kvp_temporal(condition)
        pairs["namespaces"] = "xmlns(om,http://www.opengis.net/om/2.0)"
    if request.spatial_filter is not None:
        pairs["spatialFilter"] = write_spatial(request.spatial_filter)
    return {name: value for name, value in pairs.items() if value}
