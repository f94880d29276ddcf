"""Templates as the parameters of a URL: their one form, and the requests of a time span made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import TemplateError
from weps.feeders.kvp import (
    KNOWN_NAMES,
    OLD_NAMES,
    OM_20,
    PHENOMENON_TIME,
    RESULT_TIME,
    SERIES_NAMES,
    SOS_10,
    SOS_20,
    Parameter,
    require_one_of_each,
    response_format,
    time_reference,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

GET_OBSERVATION = "GetObservation"
GET_RESULT = "GetResult"

_OPERATIONS = {SOS_20: (GET_OBSERVATION, GET_RESULT), SOS_10: (GET_OBSERVATION,)}
_OM_PREFIX = ("xmlns(om", f"{OM_20})")
_OF_SOS = frozenset({*KNOWN_NAMES, *OLD_NAMES})


def canonical_parameters(given: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Give the one form of a template: checked, without a time, the lists in order, the format one that is read."""
    parameters = dict(given)
    version, operation = _check_operation(parameters)
    reference = time_reference(parameters.pop("temporalFilter", Parameter("", ())).values[:1])
    for name in SERIES_NAMES:
        if name in parameters:
            parameters[name] = Parameter(name, tuple(sorted(set(parameters[name].values))))
    if version == SOS_10:
        _check_old(parameters)
    if version == SOS_10 or operation == GET_RESULT:
        require_one_of_each({name: one.values for name, one in parameters.items()}, operation, version)
    asked = parameters.pop("responseFormat", None)
    if operation == GET_OBSERVATION:
        chosen = response_format(version, ",".join(asked.values) if asked else None)
        parameters["responseFormat"] = Parameter("responseFormat", (chosen,))
    if reference == RESULT_TIME:
        parameters["temporalFilter"] = Parameter("temporalFilter", (f"om:{RESULT_TIME}",))
    return parameters


def _check_operation(parameters: dict[str, Parameter]) -> tuple[str, str]:
    """Check service, version and request, and give the values their usual spelling."""
    version = _spelled(parameters, "version", (SOS_20, SOS_10)) if "version" in parameters else SOS_20
    for name, allowed in (("service", ("SOS",)), ("version", (SOS_20, SOS_10)), ("request", _OPERATIONS[version])):
        if name not in parameters:
            raise TemplateError(f"the template has no {name}; add {name}={allowed[0]}", where=name)
        parameters[name] = Parameter(name, (_spelled(parameters, name, allowed),))
    return version, parameters["request"].values[0]


def _spelled(parameters: Mapping[str, Parameter], name: str, allowed: tuple[str, ...]) -> str:
    given = ",".join(parameters[name].values)
    found = next((each for each in allowed if each.lower() == given.lower()), None)
    if found is None:
        known = " or ".join(f"{name}={each}" for each in allowed)
        raise TemplateError(f"the template has {name}={given}; only {known} can be polled", where=name)
    return found


def _check_old(parameters: dict[str, Parameter]) -> None:
    """Take out what SOS 1.0.0 says of the time and the way of answering."""
    parameters.pop("eventTime", None)
    mode = parameters.pop("responseMode", None)
    if mode is not None and mode.values[0].lower() != "inline":
        raise TemplateError(f"responseMode={mode.values[0]} cannot be polled; use inline", where="responseMode")


def service_parameters(given: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Give the parameters that are no part of SOS: some servers find a configuration by them."""
    return {name: parameter for name, parameter in given.items() if name not in _OF_SOS}


def parameters_of(**values: str) -> dict[str, Parameter]:
    """Give parameters with one value each."""
    return {name: Parameter(name, (value,)) for name, value in values.items()}


def filtered(
    template: Mapping[str, Parameter], time: str, reference: str = PHENOMENON_TIME, *, declared: bool = True
) -> dict[str, Parameter]:
    """
    Give a template with a time filter: `begin/end`, or `latest`.

    The filter of SOS 2.0 names its time with a prefix, which has to be declared (OGC 12-006 clause 13.2.1); `declared`
    False leaves that out, for servers that refuse it.
    """
    parameters = dict(template)
    if parameters["version"].values[0] == SOS_10:
        return {**parameters, **parameters_of(eventTime=time)}
    prefixes = parameters["namespaces"].values if "namespaces" in parameters else ()
    known = any(prefix.startswith(f"{_OM_PREFIX[0]},") or prefix == _OM_PREFIX[0] for prefix in prefixes)
    if declared and not known:
        parameters["namespaces"] = Parameter("namespaces", (*prefixes, *_OM_PREFIX))
    parameters["temporalFilter"] = Parameter("temporalFilter", (f"om:{reference}", time))
    return parameters


def selection_of(template: Mapping[str, Parameter]) -> dict[str, tuple[str, ...]]:
    """Give the identifiers that a template asks for, by the names of their parameters."""
    return {name: template[name].values for name in SERIES_NAMES if name in template}
