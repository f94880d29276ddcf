"""WPS 1.0.0 requests in the query of a URL (OGC 05-007r7 clauses 8.2.2, 9.2.2 and 10.2.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from weps.errors import InputError, MissingInputError
from weps.processes.base import Document, Given, Reference, Text
from weps.processes.faults import NOT_IN_XML, WpsError
from weps.processes.wps10_requests import Execute, Request, check_language, check_version, flag, negotiate
from weps.processes.wps_requests import DescribeProcess, GetCapabilities, WantedOutput, check_service

if TYPE_CHECKING:
    from collections.abc import Mapping

_ATTRIBUTES = r"mimeType|encoding|schema|format|href|xlink:href|method|uom|datatype|dataType|asReference"
_ATTRIBUTE = re.compile(rf"@(?={_ATTRIBUTES})")


def decode_kvp(query: str) -> Request:
    """Read the query of a GET request, as it stood in the URL."""
    if NOT_IN_XML.search(unquote_plus(query)):
        raise InputError("The query has control characters, which cannot be written in XML; leave them out.")
    raw: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        raw.setdefault(unquote_plus(name).lower(), value)
    values = {name: unquote_plus(value).strip() for name, value in raw.items()}
    check_service(values.get("service"))
    check_language(values.get("language"))
    operation = values.get("request", "").lower()
    if not operation:
        raise MissingInputError("The parameter request is missing; ask for GetCapabilities first.", "request")
    if operation == "getcapabilities":
        accepted = values.get("acceptversions") or values.get("version", "")
        negotiate([version.strip() for version in accepted.split(",") if version.strip()])
        return GetCapabilities()
    check_version(values.get("version"))
    if operation == "describeprocess":
        return DescribeProcess(_listed(values.get("identifier", ""), ","))
    if operation == "execute":
        return _execute_kvp(values, raw)
    raise WpsError("OperationNotSupported", f"There is no operation {values['request']}.", values["request"], 501)


def _listed(text: str, separator: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(separator) if item.strip())


def _execute_kvp(values: Mapping[str, str], raw: Mapping[str, str]) -> Execute:
    if not values.get("identifier"):
        raise MissingInputError("The parameter identifier is missing: which process is to run?", "identifier")
    inputs: dict[str, list[Given]] = {}
    for identifier, value, attributes in _fields(raw.get("datainputs", "")):
        inputs.setdefault(identifier, []).append(_given_kvp(value, attributes))
    wanted = tuple(_wanted_kvp(*one) for one in _fields(raw.get("responsedocument", "")))
    raw_output = tuple(_wanted_kvp(*one) for one in _fields(raw.get("rawdataoutput", "")))
    return Execute(
        values["identifier"],
        inputs,
        wanted,
        raw_output[0] if raw_output else None,
        flag(values.get("storeexecuteresponse"), "storeExecuteResponse"),
        flag(values.get("status"), "status"),
        flag(values.get("lineage"), "lineage"),
    )


def _fields(raw: str) -> list[tuple[str, str, dict[str, str]]]:
    """
    Take `a=1@uom=s;b=2` apart: identifier, value and attributes of each.

    A client encodes either the values or the whole. Separators that stand unencoded tell which, so that each value
    is decoded once: the URL of an SOS inside a value stays as it was.
    """
    encoded = "=" in raw
    text = raw if encoded else unquote_plus(raw)
    text = text.removeprefix("[").removesuffix("]")
    fields = []
    for part in filter(str.strip, text.split(";")):
        head, *rest = _ATTRIBUTE.split(part)
        identifier, _, value = head.partition("=")
        pairs = [(name, value) for name, _, value in (attribute.partition("=") for attribute in rest)]
        decode = unquote_plus if encoded else str
        attributes = {decode(name).rpartition(":")[2].lower(): decode(given) for name, given in pairs}
        fields.append((decode(identifier).strip(), decode(value), attributes))
    return fields


def _given_kvp(value: str, attributes: Mapping[str, str]) -> Given:
    mime_type = attributes.get("mimetype") or attributes.get("format")
    if "href" in attributes:
        return Reference(attributes["href"].strip(), mime_type, attributes.get("schema"))
    if mime_type:
        return Document(value, mime_type, attributes.get("schema"))
    return Text(value, attributes.get("uom") or None)


def _wanted_kvp(identifier: str, value: str, attributes: Mapping[str, str]) -> WantedOutput:
    reference = flag(attributes.get("asreference"), "asReference")
    return WantedOutput(identifier, attributes.get("mimetype") or attributes.get("format"), reference)
