"""
WPS 2.0 requests in the query of a URL (OGC 14-065r2 clause 10.3).

The standard has no Execute in KVP: it is sent as XML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import InputError, MissingInputError
from weps.processes.faults import NOT_IN_XML, WpsError
from weps.processes.wps20_requests import (
    JOB_REQUESTS,
    Request,
    check_language,
    check_version,
    negotiate,
    read_job,
    unknown_operation,
)
from weps.processes.wps_requests import DescribeProcess, GetCapabilities, check_service

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPERATIONS = {name.lower(): name for name in ("GetCapabilities", "DescribeProcess", "Execute", *JOB_REQUESTS)}


def decode_kvp(values: Mapping[str, str]) -> Request:
    """Read the parameters of a GET request; their names are in lower case, and they are decoded."""
    if any(NOT_IN_XML.search(text) for pair in values.items() for text in pair):
        raise InputError("The query has control characters, which cannot be written in XML; leave them out.")
    check_service(values.get("service"))
    if not values.get("request"):
        raise MissingInputError("The parameter request is missing; ask for GetCapabilities first.", "request")
    operation = _OPERATIONS.get(values["request"].lower(), values["request"])
    if operation == "GetCapabilities":
        accepted = values.get("acceptversions") or values.get("version", "")
        negotiate([version.strip() for version in accepted.split(",") if version.strip()])
        return GetCapabilities()
    if operation not in _OPERATIONS.values():
        raise unknown_operation(operation)
    check_version(values.get("version"))
    if operation in JOB_REQUESTS:
        return JOB_REQUESTS[operation](read_job(values.get("jobid")))
    if operation == "Execute":
        raise WpsError("OperationNotSupported", "Execute of WPS 2.0 is sent by POST as XML.", operation, 501)
    check_language(values.get("lang") or values.get("language"))
    identifiers = tuple(part.strip() for part in values.get("identifier", "").split(",") if part.strip())
    if not identifiers:
        raise MissingInputError(
            "The parameter identifier is missing: which process is to be described? ALL means all.", "identifier"
        )
    return DescribeProcess(identifiers)
