"""
What goes wrong in WPS 2.0, in its own words (OGC 14-065r2 tables 41, 46, 48 and 50).

Its locators hold what was wrong: the identifier of a process, an input or an output, the id of a job.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from weps.errors import FeedError, InputError, MissingInputError, NotFoundError, StoreError
from weps.processes.faults import (
    Codes,
    Fault,
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

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARED: Codes = (
    (MissingInputError, "MissingParameterValue", 400),
    (UnknownInput, "NoSuchInput", 400),
    (UnknownOutput, "NoSuchOutput", 400),
    (UnknownFormat, "NoSuchFormat", 400),
    (TooManyInputs, "TooManyInputs", 400),
    (TooManyOutputs, "TooManyOutputs", 400),
    (NotAccessible, "DataNotAccessible", 400),
    (TooLarge, "SizeExceeded", 400),
    (NoSuchJob, "NoSuchJob", 400),
    (ResultNotReady, "ResultNotReady", 400),
    (NotFoundError, "InvalidParameterValue", 400),
    (FeedError, "NoApplicableCode", 502),
    (StoreError, "NoApplicableCode", 503),
)
REQUEST_CODES: Codes = (*_SHARED, (InputError, "InvalidParameterValue", 400))
"""The codes of a request that cannot be read."""

EXECUTION_CODES: Codes = (*_SHARED, (InputError, "WrongInputData", 400))
"""The codes of a process that cannot do with its inputs what it should."""

_RENAMED = {"FileSizeExceeded": "SizeExceeded", "ServerBusy": "NoApplicableCode"}
"""Codes that WPS 1.0.0 has, and 2.0 has not."""


def fault_20_of(error: Exception, codes: Codes = REQUEST_CODES) -> Fault:
    """Give what clients of WPS 2.0 are told about an error."""
    fault = fault_of(error, codes)
    if fault.status == 500:
        return replace(fault, code="InternalServerError")
    return replace(fault, code=_RENAMED.get(fault.code, fault.code))


@contextmanager
def told_as_execution() -> Iterator[None]:
    """Tell what goes wrong inside with the codes of an execution."""
    try:
        yield
    except InputError as error:
        fault = fault_of(error, EXECUTION_CODES)
        raise WpsError(fault.code, fault.text, fault.locator, fault.status) from error
