"""
GetObservation templates: from what a client wrote to a `Source`, and from a `Source` to the request of a time span.

Equal requests become equal sources whatever the order, case, white space and prefixes they were written with, because
what is equal is polled once. Template forms are a table, `_FORMS`: one line a binding.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sos_server.time import format_instant
from weps.errors import TemplateError
from weps.feeders import pox
from weps.feeders.http import HttpRequest
from weps.feeders.kvp import (
    KNOWN_NAMES,
    OM_20,
    SERIES_NAMES,
    SOS_20,
    Parameter,
    canonical_address,
    read_parameters,
    split_url,
    with_query,
    write_query,
)
from weps.model import Source

if TYPE_CHECKING:
    from datetime import datetime

KVP = "kvp"
POX = "pox"

_ACCEPT = {"Accept": "application/xml, text/xml;q=0.9, */*;q=0.5"}
_ACCEPT_AND_XML = {**_ACCEPT, "Content-Type": "application/xml; charset=UTF-8"}
_SECRET = re.compile(r"(api|access)?[-_]?(key|token)|pass(word)?|secret", re.IGNORECASE)
_OM_PREFIX = ("xmlns(om", f"{OM_20})")


def read_kvp(text: str, endpoint: str | None = None) -> Source:
    """
    Read a GetObservation URL; an `endpoint` wins over the URL's own address, the parameters are always the URL's.

    Raises `TemplateError` for anything that is not a GetObservation of SOS 2.0.
    """
    address, query = split_url(text)
    if not query and "://" not in address:
        address, query = "", address
    parameters = read_parameters(query)
    if endpoint is not None and endpoint.strip():
        address, own_query = split_url(endpoint)
        parameters = {**read_parameters(own_query), **parameters}
    if not address:
        raise TemplateError("the template names no SOS; write http://…/sos?service=SOS&… or give the SOS endpoint too")
    _check_operation(parameters)
    parameters.pop("temporalFilter", None)
    for name in SERIES_NAMES:
        if name in parameters:
            parameters[name] = Parameter(name, tuple(sorted(set(parameters[name].values))))
    parameters["responseFormat"] = Parameter("responseFormat", (OM_20,))
    return Source(KVP, canonical_address(address), write_query(parameters))


def read_pox(text: str, endpoint: str) -> Source:
    """Read a GetObservation document that is to be posted to the endpoint; raises `TemplateError` as `read_kvp`."""
    if not endpoint or not endpoint.strip():
        raise TemplateError("an XML template names no SOS; give the SOS endpoint too")
    address, query = split_url(endpoint)
    # An address that was copied with a KVP request would make some servers answer that instead of the document.
    own = {name: parameter for name, parameter in read_parameters(query).items() if name not in KNOWN_NAMES}
    address = with_query(address, write_query(own)) if own else address
    return Source(POX, canonical_address(address), pox.canonical_document(text))


def build_request(source: Source, begin: datetime, end: datetime) -> HttpRequest:
    """Give the request for the observations whose phenomenon time is during [begin, end]."""
    return _form(source).during(source, begin, end)


def build_latest_request(source: Source) -> HttpRequest:
    """Give the request for the newest observation of each series, see `SosFeeder.latest`."""
    return _form(source).latest(source)


def build_availability_request(source: Source) -> HttpRequest:
    """Give the GetDataAvailability for the series of the template."""
    return _form(source).availability(source)


def build_capabilities_request(source: Source) -> HttpRequest:
    """Give the GetCapabilities of the source's service."""
    address, own = _kvp_service(source)
    return _get(address, {**own, **_parameters(service="SOS", request="GetCapabilities", AcceptVersions=SOS_20)})


def read_selection(source: Source) -> dict[str, tuple[str, ...]]:
    """Give what the template asks for: the identifiers by the names of their parameters (`SERIES_NAMES`)."""
    return _form(source).selection(source)


def evidence_url(source: Source, begin: datetime, end: datetime) -> str | None:
    """
    Give a GetObservation URL for a span; None where the template cannot be written as one.

    It is published with alerts, so parameters that look like keys are left out.
    """
    public = _public_template(source)
    return None if public is None else _kvp_during(public, begin, end).url


@lru_cache(maxsize=1024)
def _public_template(source: Source) -> Source | None:
    """Give a template as a KVP one that may be published; kept, because every alert of a subscription needs it."""
    address, own = _kvp_service(source)
    if source.binding == KVP:
        parameters = read_parameters(source.template)
    elif pox.asks_for_more(source.template):
        return None
    else:
        selection = {name: Parameter(name, values) for name, values in read_selection(source).items()}
        fixed = _parameters(service="SOS", version=SOS_20, request="GetObservation", responseFormat=OM_20)
        parameters = {**own, **fixed, **selection}
    public = {name: parameter for name, parameter in parameters.items() if not _SECRET.fullmatch(name)}
    return Source(KVP, address, write_query(public))


def _check_operation(parameters: dict[str, Parameter]) -> None:
    """Check service, version and request, and give the values their usual spelling."""
    for name, needed in (("service", "SOS"), ("version", SOS_20), ("request", "GetObservation")):
        if name not in parameters:
            raise TemplateError(f"the template has no {name}; add {name}={needed}", where=name)
        given = ",".join(parameters[name].values)
        if name == "version" and given.startswith("1."):
            raise TemplateError(f"templates of SOS {given} are not supported yet; use version={SOS_20}", where=name)
        if given.lower() != needed.lower():
            raise TemplateError(f"the template has {name}={given}; only {name}={needed} can be polled", where=name)
        parameters[name] = Parameter(name, (needed,))


def _parameters(**values: str) -> dict[str, Parameter]:
    return {name: Parameter(name, (value,)) for name, value in values.items()}


def _kvp_service(source: Source) -> tuple[str, dict[str, Parameter]]:
    """
    Give the address for KVP, and the parameters that are no part of SOS: some servers find a configuration by them.

    Servers that have an address for each binding (ours, and those of 52°North in former times) name them alike.
    """
    address, _, query = source.endpoint.partition("?")
    if address.endswith("/pox"):
        address = address.removesuffix("/pox") + "/kvp"
    given = read_parameters(source.template if source.binding == KVP else query)
    return address, {name: parameter for name, parameter in given.items() if name not in KNOWN_NAMES}


def _get(address: str, parameters: dict[str, Parameter]) -> HttpRequest:
    return HttpRequest("GET", with_query(address, write_query(parameters)), _ACCEPT)


def _post(source: Source, document: bytes) -> HttpRequest:
    return HttpRequest("POST", source.endpoint, _ACCEPT_AND_XML, document)


def _kvp_filtered(source: Source, time: str) -> HttpRequest:
    parameters = read_parameters(source.template)
    prefixes = parameters["namespaces"].values if "namespaces" in parameters else ()
    if not any(prefix.startswith(f"{_OM_PREFIX[0]},") or prefix == _OM_PREFIX[0] for prefix in prefixes):
        parameters["namespaces"] = Parameter("namespaces", (*prefixes, *_OM_PREFIX))
    parameters["temporalFilter"] = Parameter("temporalFilter", ("om:phenomenonTime", time))
    return _get(source.endpoint, parameters)


def _kvp_during(source: Source, begin: datetime, end: datetime) -> HttpRequest:
    return _kvp_filtered(source, f"{format_instant(begin)}/{format_instant(end)}")


def _kvp_latest(source: Source) -> HttpRequest:
    return _kvp_filtered(source, "latest")


def _kvp_availability(source: Source) -> HttpRequest:
    fixed = _parameters(service="SOS", version=SOS_20, request="GetDataAvailability")
    selection = {name: Parameter(name, values) for name, values in _kvp_selection(source).items()}
    return _get(source.endpoint, {**_kvp_service(source)[1], **fixed, **selection})


def _kvp_selection(source: Source) -> dict[str, tuple[str, ...]]:
    parameters = read_parameters(source.template)
    return {name: parameters[name].values for name in SERIES_NAMES if name in parameters}


@dataclass(frozen=True, slots=True)
class _Form:
    """What a binding makes of its templates."""

    during: Callable[[Source, datetime, datetime], HttpRequest]
    latest: Callable[[Source], HttpRequest]
    availability: Callable[[Source], HttpRequest]
    selection: Callable[[Source], dict[str, tuple[str, ...]]]


_FORMS = {
    KVP: _Form(_kvp_during, _kvp_latest, _kvp_availability, _kvp_selection),
    POX: _Form(
        lambda source, begin, end: _post(source, pox.during_document(source.template, begin, end)),
        lambda source: _post(source, pox.latest_document(source.template)),
        lambda source: _post(source, pox.availability_document(pox.read_selection(source.template))),
        lambda source: pox.read_selection(source.template),
    ),
}


def _form(source: Source) -> _Form:
    if source.binding not in _FORMS:
        raise TemplateError(f"the binding {source.binding!r} is not one of {', '.join(_FORMS)}")
    return _FORMS[source.binding]
