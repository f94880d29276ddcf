"""Sources as clients name them: a GetObservation template as a URL or as a document, or an endpoint and selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from weps.errors import InputError, MissingInputError, TemplateError
from weps.feeders.template import read_kvp, read_template
from weps.processes.base import JSON, XML, Complex, Format, InputSpec, Kind, Literal
from weps.processes.inputs import read_url
from weps.processes.other_sources import OTHER_SOURCE_INPUTS, read_other_source
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weps.model import Source
    from weps.processes.base import Context
    from weps.processes.inputs import Inputs

SELECTORS = ("offering", "procedure", "observedProperty", "featureOfInterest")
_TITLES = dict(
    zip(SELECTORS, ("offering", "procedure", "observed property", "feature of interest"), strict=True),
)


def selector_inputs(names: Sequence[str]) -> tuple[InputSpec, ...]:
    """Give the inputs that name what is observed, for some of the selectors."""
    return tuple(InputSpec(name, f"The {_TITLES[name]} to ask for", Literal()) for name in names)


_SCHEMA = "http://schemas.opengis.net/sos/{}/sosGetObservation.xsd"
TEMPLATE_FORMATS = (
    *(Format(XML, _SCHEMA.format("2.0")), Format(XML), Format(XML, _SCHEMA.format("1.0.0"))),
    *(Format("application/soap+xml"), Format(JSON)),
)
"""The formats of a template as a document; the first is the default."""

SOURCE_INPUTS = (
    InputSpec(
        "sosEndpoint",
        "The address of the SOS",
        Literal(published_type=Kind.URL.value),
        "When it is left out, the address in the template is asked, or else the SOS of this service. Or the address of "
        "another source, see sourceType: …/v1.1/Datastreams(1), mqtt://broker/topic, a document.",
    ),
    InputSpec(
        "getObservationTemplate",
        "The GetObservation request as a URL",
        Literal(published_type="anyURI"),
        "Without a time filter, which is added at each poll. With sosEndpoint, that address is asked instead.",
    ),
    InputSpec(
        "getObservationDocument",
        "The GetObservation request as a document",
        Complex(TEMPLATE_FORMATS),
        "GetObservation of SOS 2.0 or 1.0.0 or GetResult as XML, by itself or in SOAP 1.1 or 1.2, or GetObservation in "
        "52°North's JSON. Posted to sosEndpoint at each poll with a time filter, in the same form.",
    ),
    *selector_inputs(SELECTORS),
    *OTHER_SOURCE_INPUTS,
)
_ONLY_SOS = ("getObservationTemplate", "getObservationDocument", *SELECTORS)


def read_source(inputs: Inputs, context: Context) -> Source:
    """Give the source that an Execute names by `SOURCE_INPUTS`."""
    other = read_other_source(inputs, context, _ONLY_SOS)
    if other is not None:
        return other
    endpoint = _sos_endpoint(inputs)
    document, url = inputs.document("getObservationDocument"), inputs.text("getObservationTemplate")
    if document is not None and url is not None:
        raise InputError(
            "The template is given as a URL and as a document; leave one of them out.", "getObservationDocument"
        )
    if document is not None:
        return source_of_template(document.text, endpoint or context.sos_endpoint, "getObservationDocument")
    if url is not None:
        return source_of_template(url, endpoint, "getObservationTemplate")
    return source_of_selectors(endpoint or context.sos_endpoint, {name: inputs.text(name) for name in SELECTORS})


def _sos_endpoint(inputs: Inputs) -> str | None:
    endpoint = inputs.text("sosEndpoint")
    try:
        return None if endpoint is None else read_url(endpoint, None)
    except ValueError as error:
        raise InputError(str(error), "sosEndpoint") from error


def source_input(inputs: Inputs) -> str:
    """Give the identifier of the input that a fault of the source's address is told of."""
    return "getObservationTemplate" if "sosEndpoint" not in inputs else "sosEndpoint"


def source_of_template(text: str, endpoint: str | None, where: str) -> Source:
    """
    Read a template: a document in XML or JSON, by itself or in SOAP, else a URL with KVP parameters.

    An endpoint that comes with a URL says where to ask; the parameters of the template stay.
    """
    is_document = text.lstrip("\ufeff \t\r\n").startswith(("<", "{"))
    if is_document and endpoint is None:
        raise MissingInputError("A template as a document needs the endpoint of the SOS as well.", "sosEndpoint")
    with told_of({"": where}):
        try:
            return read_template(text, endpoint)
        except TemplateError as error:
            # The place is told in the text: for a client the place of a fault is the input.
            place = f" ({error.where})" if (error.where or "").startswith("line ") else ""
            raise TemplateError(f"{error.message}{place}", error.where) from error


def source_of_selectors(endpoint: str, selectors: Mapping[str, str | None]) -> Source:
    """Give the source that asks an SOS 2.0 for what the selectors name; those that are None are left out."""
    asked = {name: value for name, value in selectors.items() if value}
    query = urlencode({"service": "SOS", "version": "2.0.0", "request": "GetObservation"} | asked)
    with told_of({"": "sosEndpoint"}):
        return read_kvp(query, endpoint)
