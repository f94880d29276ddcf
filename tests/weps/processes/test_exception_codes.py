"""
The codes of exceptions, their locators and HTTP statuses in both versions of WPS.

As they stand in OGC 05-007r7 (tables 38 and 62), OGC 14-065r2 (tables 41, 46, 48 and 50), OGC 06-121r3 (table 25)
and, for the statuses, OGC 06-121r9 (table 28).
"""

from __future__ import annotations

import pytest

from weps.errors import FeedError, InputError, MissingInputError, NotFoundError
from weps.processes.faults import (
    NoSuchJob,
    NotAccessible,
    ResultNotReady,
    TooLarge,
    TooManyInputs,
    TooManyOutputs,
    UnknownFormat,
    UnknownInput,
    UnknownOutput,
    WpsError,
    fault_of,
)
from weps.processes.wps20_faults import EXECUTION_CODES, fault_20_of

OF_WPS_10 = {
    "MissingParameterValue",
    "InvalidParameterValue",
    "NoApplicableCode",
    "NotEnoughStorage",
    "ServerBusy",
    "FileSizeExceeded",
    "StorageNotSupported",
    "VersionNegotiationFailed",
    "OperationNotSupported",
}
OF_WPS_20 = {
    "OperationNotSupported",
    "MissingParameterValue",
    "InvalidParameterValue",
    "VersionNegotiationFailed",
    "NoApplicableCode",
    "NoSuchProcess",
    "NoSuchMode",
    "NoSuchInput",
    "NoSuchOutput",
    "DataNotAccessible",
    "SizeExceeded",
    "TooManyInputs",
    "TooManyOutputs",
    "NoSuchFormat",
    "WrongInputData",
    "InternalServerError",
    "NoSuchJob",
    "ResultNotReady",
}
TOLD = {
    "missing": (
        MissingInputError("m", "a"),
        ("MissingParameterValue", "a", 400),
        ("MissingParameterValue", "a", 400),
    ),
    "wrong": (InputError("m", "a"), ("InvalidParameterValue", "a", 400), ("WrongInputData", "a", 400)),
    "unknown input": (UnknownInput("m", "a"), ("InvalidParameterValue", "a", 400), ("NoSuchInput", "a", 400)),
    "unknown output": (UnknownOutput("m", "a"), ("InvalidParameterValue", "a", 400), ("NoSuchOutput", "a", 400)),
    "unknown format": (UnknownFormat("m", "a"), ("InvalidParameterValue", "a", 400), ("NoSuchFormat", "a", 400)),
    "too many inputs": (TooManyInputs("m", "a"), ("InvalidParameterValue", "a", 400), ("TooManyInputs", "a", 400)),
    "too many outputs": (TooManyOutputs("m", "a"), ("InvalidParameterValue", "a", 400), ("TooManyOutputs", "a", 400)),
    "not accessible": (NotAccessible("m", "a"), ("InvalidParameterValue", "a", 400), ("DataNotAccessible", "a", 400)),
    "too large": (TooLarge("m", "a"), ("FileSizeExceeded", "a", 400), ("SizeExceeded", "a", 400)),
    "no such job": (NoSuchJob("m", "a"), ("InvalidParameterValue", "a", 400), ("NoSuchJob", "a", 400)),
    "no result yet": (ResultNotReady("m", "a"), ("NoApplicableCode", None, 500), ("ResultNotReady", "a", 400)),
    "not found": (NotFoundError("m", "a"), ("InvalidParameterValue", "a", 400), ("InvalidParameterValue", "a", 400)),
    "source": (FeedError("m"), ("NoApplicableCode", None, 502), ("NoApplicableCode", None, 502)),
    "ours": (RuntimeError("secret"), ("NoApplicableCode", None, 500), ("InternalServerError", None, 500)),
    "version": (
        WpsError("VersionNegotiationFailed", "m", "AcceptVersions"),
        ("VersionNegotiationFailed", None, 400),
        ("VersionNegotiationFailed", None, 400),
    ),
    "operation": (
        WpsError("OperationNotSupported", "m", "GetMap", 501),
        ("OperationNotSupported", "GetMap", 501),
        ("OperationNotSupported", "GetMap", 501),
    ),
    "busy": (
        WpsError("ServerBusy", "m", None, 503),
        ("ServerBusy", None, 503),
        ("NoApplicableCode", None, 503),
    ),
    "request too large": (
        WpsError("FileSizeExceeded", "m", None, 413),
        ("FileSizeExceeded", None, 413),
        ("SizeExceeded", None, 413),
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_an_error_is_told_with_a_code_that_its_version_has(name):
    """
    Code, locator and status in 1.0.0, and in 2.0 while a process is executed.
    """
    error, in_10, in_20 = TOLD[name]

    told_in_10, told_in_20 = fault_of(error), fault_20_of(error, EXECUTION_CODES)

    assert (told_in_10.code, told_in_10.locator, told_in_10.status) == in_10
    assert (told_in_20.code, told_in_20.locator, told_in_20.status) == in_20
    assert told_in_10.code in OF_WPS_10
    assert told_in_20.code in OF_WPS_20
