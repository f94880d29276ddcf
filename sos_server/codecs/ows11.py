"""OWS Common 1.1 (OGC 06-121r3): exception reports, and the sections of capabilities that all services share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sos_server.codecs import xml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from sos_server.errors import SosError


@dataclass(frozen=True, slots=True)
class ServiceException:
    """One exception of a report, as another service sent it."""

    code: str
    locator: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation: its allowed values, or None where any value goes."""

    name: str
    values: tuple[str, ...] | None


def encode_exception(error: SosError, version: str = "2.0.0") -> bytes:
    """Write an error as an `ows:ExceptionReport`."""
    report = xml.new("ows:ExceptionReport", version=version)
    exception = xml.add(report, "ows:Exception", exceptionCode=error.code)
    if error.locator:
        exception.set("locator", xml.legible(error.locator))
    # a message may quote what a client sent
    xml.add(exception, "ows:ExceptionText", xml.legible(error.message))
    return xml.serialize(report)


def decode_exceptions(root: etree._Element) -> tuple[ServiceException, ...]:
    """
    Give the exceptions of a report: of any version, also without namespace or inside SOAP. Empty where it is none.
    """
    report = root if xml.local_name(root) == "ExceptionReport" else next(root.iter("{*}ExceptionReport"), None)
    if report is not None:
        return tuple(
            ServiceException(
                code=element.get("exceptionCode") or element.get("code") or "NoApplicableCode",
                locator=element.get("locator") or None,
                text=" ".join(" ".join(element.itertext()).split()),
            )
            for element in report.iter("{*}Exception")
        ) or (ServiceException("NoApplicableCode", None, " ".join(" ".join(report.itertext()).split())),)
    if xml.local_name(root) == "ServiceExceptionReport":
        return tuple(
            ServiceException(element.get("code") or "NoApplicableCode", element.get("locator"), _all_text(element))
            for element in root.iter("{*}ServiceException")
        )
    fault = next(root.iter(xml.tag("soap:Fault"), xml.tag("soap11:Fault")), None)
    return () if fault is None else (ServiceException("NoApplicableCode", None, _all_text(fault)),)


def _all_text(element: etree._Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def encode_identification(
    title: str, abstract: str, versions: Iterable[str], profiles: Iterable[str]
) -> etree._Element:
    """Write `ows:ServiceIdentification`."""
    section = xml.new("ows:ServiceIdentification")
    xml.add(section, "ows:Title", title)
    xml.add(section, "ows:Abstract", abstract)
    xml.add(section, "ows:ServiceType", "OGC:SOS")
    for version in versions:
        xml.add(section, "ows:ServiceTypeVersion", version)
    for profile in profiles:
        xml.add(section, "ows:Profile", profile)
    xml.add(section, "ows:Fees", "NONE")
    xml.add(section, "ows:AccessConstraints", "NONE")
    return section


def encode_provider(name: str, site: str | None) -> etree._Element:
    """Write `ows:ServiceProvider`."""
    section = xml.new("ows:ServiceProvider")
    xml.add(section, "ows:ProviderName", name)
    if site:
        xml.add(section, "ows:ProviderSite", **{xml.XLINK_HREF: site})
    xml.add(section, "ows:ServiceContact")
    return section


def encode_operation(
    name: str, parameters: Iterable[Parameter], *, get: str | None = None, post: str | None = None
) -> etree._Element:
    """Write an `ows:Operation` with the addresses that it is served at."""
    operation = xml.new("ows:Operation", name=name)
    http = xml.add(xml.add(operation, "ows:DCP"), "ows:HTTP")
    if get is not None:
        xml.add(http, "ows:Get", **{xml.XLINK_HREF: get}).append(_constraint("application/x-kvp"))
    if post is not None:
        xml.add(http, "ows:Post", **{xml.XLINK_HREF: post}).append(
            _constraint("application/xml", "text/xml", "application/soap+xml")
        )
    for parameter in parameters:
        operation.append(encode_parameter(parameter))
    return operation


def _constraint(*media_types: str) -> etree._Element:
    constraint = xml.new("ows:Constraint", name="Content-Type")
    values = xml.add(constraint, "ows:AllowedValues")
    for media_type in media_types:
        xml.add(values, "ows:Value", media_type)
    return constraint


def encode_parameter(parameter: Parameter) -> etree._Element:
    """Write an `ows:Parameter`; without any value that is allowed, it takes no value."""
    element = xml.new("ows:Parameter", name=parameter.name)
    if parameter.values is None:
        xml.add(element, "ows:AnyValue")
    elif not parameter.values:
        xml.add(element, "ows:NoValues")
    else:
        allowed = xml.add(element, "ows:AllowedValues")
        for value in parameter.values:
            xml.add(allowed, "ows:Value", value)
    return element
