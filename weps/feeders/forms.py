"""How each binding sends its templates: one line in `FORMS` each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sos_server.time import format_instant
from weps.errors import TemplateError
from weps.feeders import json_template, kvp_form, pox, xml_template
from weps.feeders.http import HttpRequest
from weps.feeders.kvp import (
    OM_20,
    PHENOMENON_TIME,
    RESULT_TIME,
    SOS_10,
    SOS_20,
    Parameter,
    read_parameters,
    with_query,
    write_query,
)
from weps.feeders.kvp_form import GET_OBSERVATION, GET_RESULT, parameters_of, service_parameters

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Source

KVP = "kvp"
POX = "pox"
SOAP = "soap"
SOAP_11 = "soap11"
JSON = "json"

_ACCEPT = {"Accept": "application/xml, text/xml;q=0.9, */*;q=0.5"}
_SOAP_ACCEPT = {"Accept": "application/soap+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"}
_ADDRESSES = ("/pox", "/soap", "/json")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the template of a source says: `time_reference` is `phenomenonTime` or `resultTime`."""

    version: str
    operation: str
    time_reference: str


def kvp_service(source: Source) -> tuple[str, dict[str, Parameter]]:
    """
    Give the address for KVP, and the parameters that are no part of SOS: some servers find a configuration by them.

    Servers that have an address for each binding (ours, and those of 52°North in former times) name them alike.
    """
    address, _, query = source.endpoint.partition("?")
    for ending in _ADDRESSES:
        if address.endswith(ending):
            address = f"{address.removesuffix(ending)}/kvp"
    return address, service_parameters(read_parameters(source.template if source.binding == KVP else query))


def span(begin: datetime, end: datetime) -> str:
    """Write a time span as URLs have it."""
    return f"{format_instant(begin)}/{format_instant(end)}"


def get(address: str, parameters: Mapping[str, Parameter]) -> HttpRequest:
    """Give the request by a URL."""
    return HttpRequest("GET", with_query(address, write_query(dict(parameters))), _ACCEPT)


def post(source: Source, document: bytes) -> HttpRequest:
    """Give the request that posts a document as the binding of a source wants it."""
    if source.binding == JSON:
        headers = {"Accept": "application/json", "Content-Type": "application/json; charset=UTF-8"}
    elif source.binding == POX:
        headers = {**_ACCEPT, "Content-Type": "application/xml; charset=UTF-8"}
    elif source.binding == SOAP_11:
        document = xml_template.wrap(document, is_old=True)
        headers = {**_SOAP_ACCEPT, "Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
    else:
        document = xml_template.wrap(document, is_old=False)
        headers = {**_SOAP_ACCEPT, "Content-Type": "application/soap+xml; charset=UTF-8"}
    return HttpRequest("POST", source.endpoint, headers, document)


@dataclass(frozen=True, slots=True)
class Form:
    """
    What a binding makes of its templates; `parameters` are those of an evidence URL besides the selection.

    `known` is the template that asks for the same by its result time, None where there is none.
    """

    asked: Callable[[Source], Asked]
    during: Callable[[Source, datetime, datetime, bool], HttpRequest]
    known: Callable[[Source], str | None]
    latest: Callable[[Source, bool], HttpRequest | None]
    availability: Callable[[Source, bool], HttpRequest | None]
    selection: Callable[[Source], dict[str, tuple[str, ...]]]
    parameters: Callable[[Source], dict[str, Parameter] | None]


def _kvp_asked(source: Source) -> Asked:
    parameters = read_parameters(source.template)
    is_result = "temporalFilter" in parameters
    return Asked(
        parameters["version"].values[0],
        parameters["request"].values[0],
        RESULT_TIME if is_result else PHENOMENON_TIME,
    )


def _kvp_during(source: Source, begin: datetime, end: datetime, declared: bool) -> HttpRequest:
    parameters, reference = read_parameters(source.template), read_asked(source).time_reference
    return get(source.endpoint, kvp_form.filtered(parameters, span(begin, end), reference, declared=declared))


def _kvp_known(source: Source) -> str | None:
    if read_asked(source).version == SOS_10:
        return None
    by_result = {"temporalFilter": Parameter("temporalFilter", (f"om:{RESULT_TIME}",))}
    return write_query({**read_parameters(source.template), **by_result})


def _kvp_latest(source: Source, declared: bool) -> HttpRequest | None:
    if read_asked(source).version == SOS_10:
        return None
    return get(source.endpoint, kvp_form.filtered(read_parameters(source.template), "latest", declared=declared))


def _kvp_availability(source: Source, counted: bool) -> HttpRequest | None:
    if read_asked(source).version == SOS_10:
        return None
    fixed = parameters_of(service="SOS", version=SOS_20, request="GetDataAvailability")
    if counted:
        fixed |= parameters_of(**{pox.SHOW_COUNT: "true"})
    selection = {name: Parameter(name, values) for name, values in form_of(source).selection(source).items()}
    return get(source.endpoint, {**kvp_service(source)[1], **fixed, **selection})


def _kvp_parameters(source: Source) -> dict[str, Parameter] | None:
    parameters = read_parameters(source.template)
    if parameters["request"].values[0] == GET_RESULT:
        parameters["responseFormat"] = Parameter("responseFormat", (OM_20,))
    return {name: one for name, one in parameters.items() if name not in ("request", "temporalFilter")}


def _xml_asked(source: Source) -> Asked:
    dialect = xml_template.dialect_of(source.template)
    return Asked(dialect.version, dialect.operation, dialect.time_reference(source.template))


def _xml_during(source: Source, begin: datetime, end: datetime, declared: bool) -> HttpRequest:
    return post(source, xml_template.dialect_of(source.template).during(source.template, begin, end))


def _xml_known(source: Source) -> str | None:
    return None if read_asked(source).version == SOS_10 else pox.known_document(source.template)


def _xml_latest(source: Source, declared: bool) -> HttpRequest | None:
    write = xml_template.dialect_of(source.template).latest
    return None if write is None else post(source, write(source.template))


def _xml_availability(source: Source, counted: bool) -> HttpRequest | None:
    write = xml_template.dialect_of(source.template).availability
    return None if write is None else post(source, write(form_of(source).selection(source), counted))


def _as_parameters(found: Mapping[str, str] | None) -> dict[str, Parameter] | None:
    return None if found is None else parameters_of(**found)


_XML_FORM = Form(
    _xml_asked,
    _xml_during,
    _xml_known,
    _xml_latest,
    _xml_availability,
    lambda source: xml_template.dialect_of(source.template).selection(source.template),
    lambda source: _as_parameters(xml_template.dialect_of(source.template).parameters(source.template)),
)
FORMS: dict[str, Form] = {
    KVP: Form(
        _kvp_asked,
        _kvp_during,
        _kvp_known,
        _kvp_latest,
        _kvp_availability,
        lambda source: kvp_form.selection_of(read_parameters(source.template)),
        _kvp_parameters,
    ),
    POX: _XML_FORM,
    SOAP: _XML_FORM,
    SOAP_11: _XML_FORM,
    JSON: Form(
        lambda source: Asked(SOS_20, GET_OBSERVATION, json_template.read_time_reference(source.template)),
        lambda source, begin, end, _: post(source, json_template.during_document(source.template, begin, end)),
        lambda source: json_template.known_document(source.template),
        lambda source, _: post(source, json_template.latest_document(source.template)),
        lambda source, counted: post(source, json_template.availability_document(source.template, counted)),
        lambda source: json_template.read_selection(source.template),
        lambda source: _as_parameters(json_template.read_parameters(source.template)),
    ),
}


def form_of(source: Source) -> Form:
    """Give the form of a source's binding; raises `TemplateError` for one that is not known."""
    if source.binding not in FORMS:
        raise TemplateError(f"the binding {source.binding!r} is not one of {', '.join(FORMS)}")
    return FORMS[source.binding]


def is_asked_by_result_time(source: Source) -> bool:
    """Tell whether the spans that a source is asked for are of result times."""
    return source.binding in FORMS and read_asked(source).time_reference == RESULT_TIME


@lru_cache(maxsize=1024)
def read_asked(source: Source) -> Asked:
    """Give version, operation and filtered time of a source's template."""
    return form_of(source).asked(source)
