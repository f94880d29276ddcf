"""
Templates: from what a client wrote to a `Source`, and from a `Source` to the request of a time span.

A template is a GetObservation of SOS 2.0 or 1.0.0, or a GetResult, without its time filter. `Source.binding` says how
it is sent (`forms`); version, operation and the time that is filtered are told by the template itself. Equal requests
become equal sources whatever the order, case, white space and prefixes they were written with, because what is equal is
polled once.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from weps.errors import TemplateError
from weps.feeders import json_template, kvp_form, pox, xml_template
from weps.feeders.forms import (
    FORMS,
    JSON,
    KVP,
    POX,
    SOAP,
    SOAP_11,
    form_of,
    get,
    is_asked_by_result_time,
    kvp_service,
    post,
    read_asked,
    span,
)
from weps.feeders.kvp import SOS_20, Parameter, canonical_address, read_parameters, split_url, with_query, write_query
from weps.feeders.kvp_form import GET_OBSERVATION, parameters_of, service_parameters
from weps.feeders.secrets import is_secret
from weps.model import Source

if TYPE_CHECKING:
    from datetime import datetime

    from weps.feeders.http import HttpRequest

_ENVELOPES = {None: POX, "1.1": SOAP_11, "1.2": SOAP}


def read_template(text: str, endpoint: str | None = None) -> Source:
    """
    Read a template in any form: a document where it begins with `<`, JSON where with `{`, else a URL.

    Raises `TemplateError` for what cannot be polled, with the place and what to do.
    """
    beginning = text.lstrip("\ufeff \t\r\n")[:1]
    if beginning == "<":
        return read_pox(text.lstrip("\ufeff"), endpoint or "")
    return read_json(text, endpoint or "") if beginning == "{" else read_kvp(text, endpoint)


def read_kvp(text: str, endpoint: str | None = None) -> Source:
    """
    Read a template as a URL; an `endpoint` wins over the URL's own address, the parameters are always the URL's.

    Raises `TemplateError` for anything that is not a GetObservation or GetResult.
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
    return Source(KVP, canonical_address(address), write_query(kvp_form.canonical_parameters(parameters)))


def read_pox(text: str, endpoint: str) -> Source:
    """Read a template as XML, by itself or in SOAP, that is to be posted; raises `TemplateError` as `read_kvp`."""
    address = _posting_address(endpoint, "an XML template")
    document, envelope = xml_template.read_template(text)
    return Source(_ENVELOPES[envelope], address, document)


def read_json(text: str, endpoint: str) -> Source:
    """Read a template in 52°North's JSON that is to be posted; raises `TemplateError` as `read_kvp`."""
    return Source(JSON, _posting_address(endpoint, "a JSON template"), json_template.canonical_document(text))


def build_request(source: Source, begin: datetime, end: datetime, *, declared: bool = True) -> HttpRequest:
    """
    Give the request for the observations whose time, as the template filters it, is during [begin, end].

    `declared` False leaves out the declaration of prefixes, for servers that refuse it.
    """
    return form_of(source).during(source, begin, end, declared)


def known_during(source: Source) -> Source | None:
    """Give the source that asks for the same by its result time; None where that cannot be asked for, or is already."""
    if source.binding not in FORMS or is_asked_by_result_time(source):
        return None
    known = form_of(source).known(source)
    return None if known is None else replace(source, template=known)


def build_latest_request(source: Source, *, declared: bool = True) -> HttpRequest | None:
    """Give the request for the newest observation of each series; None where there is no way to ask for it."""
    return form_of(source).latest(source, declared)


def build_availability_request(source: Source, *, counted: bool = False) -> HttpRequest | None:
    """
    Give the GetDataAvailability for the series of the template; None where there is none.

    `counted` asks how many observations there are, too: an extension that a server may refuse.
    """
    return form_of(source).availability(source, counted)


def build_capabilities_request(source: Source) -> HttpRequest:
    """Give the GetCapabilities of the source's service."""
    address, own = kvp_service(source)
    fixed = parameters_of(service="SOS", request="GetCapabilities", AcceptVersions=read_asked(source).version)
    return get(address, {**own, **fixed})


def build_result_template_request(source: Source) -> HttpRequest:
    """Give the GetResultTemplate for the results that a GetResult template asks for."""
    selection = read_selection(source)
    if source.binding != KVP:
        return post(source, pox.result_template_document(selection))
    address, own = kvp_service(source)
    one = {name: selection[name][0] for name in ("offering", "observedProperty")}
    return get(address, {**own, **parameters_of(service="SOS", version=SOS_20, request="GetResultTemplate", **one)})


def read_selection(source: Source) -> dict[str, tuple[str, ...]]:
    """Give what the template asks for: the identifiers by the names of their parameters (`SERIES_NAMES`)."""
    return form_of(source).selection(source)


def evidence_url(source: Source, begin: datetime, end: datetime, *, declared: bool = True) -> str | None:
    """
    Give a GetObservation URL for a span of phenomenon time; None where the template cannot be written as one.

    It is published with alerts, so parameters that look like keys are left out.
    """
    public = _public_template(source)
    if public is None:
        return None
    address, parameters = public
    return get(address, kvp_form.filtered(parameters, span(begin, end), declared=declared)).url


@lru_cache(maxsize=1024)
def _public_template(source: Source) -> tuple[str, dict[str, Parameter]] | None:
    """Give a template as a KVP one that may be published; kept, because every alert of a subscription needs it."""
    address, own = kvp_service(source)
    others = form_of(source).parameters(source)
    if others is None:
        return None
    selection = {name: Parameter(name, values) for name, values in read_selection(source).items()}
    fixed = parameters_of(service="SOS", version=read_asked(source).version, request=GET_OBSERVATION)
    parameters = {**own, **fixed, **others, **selection}
    return address, {name: parameter for name, parameter in parameters.items() if not is_secret(name)}


def _posting_address(endpoint: str, what: str) -> str:
    if not endpoint or not endpoint.strip():
        raise TemplateError(f"{what} names no SOS; give the SOS endpoint too")
    address, query = split_url(endpoint)
    # An address that was copied with a KVP request would make some servers answer that instead of the document.
    own = service_parameters(read_parameters(query))
    return canonical_address(with_query(address, write_query(own)) if own else address)
