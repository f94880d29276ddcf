"""What goes wrong in a WPS, as OWS knows it: a code, a locator, a text and an HTTP status."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from sos_server.errors import RequestTooLarge, SosError
from weps.errors import (
    FeedError,
    InputError,
    MissingInputError,
    NotFoundError,
    StoreError,
    WepsError,
)

NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 cannot hold (clause 2.2): no answer could repeat them."""


class WpsError(WepsError):
    """A request that is no WPS request; `code` is its OWS code, `status` the HTTP status, `where` the locator."""

    def __init__(self, code: str, message: str, where: str | None = None, status: int = 400) -> None:
        super().__init__(message, where)
        self.code = code
        self.status = status


class UnknownInput(InputError):
    """A process has no input of that name."""


class UnknownOutput(InputError):
    """A process has no output of that name."""


class UnknownFormat(InputError):
    """An input or an output cannot have that format."""


class TooManyInputs(InputError):
    """An input is given more often than it is taken."""


class TooManyOutputs(InputError):
    """More outputs are asked for than can be given."""


class NotAccessible(InputError):
    """What an input refers to could not be fetched."""


class TooLarge(InputError):
    """An input is larger than it may be."""


class NoSuchJob(NotFoundError):
    """There is no such job, or it was dismissed."""


class ResultNotReady(WepsError):
    """A job is not finished yet."""


class Dismissed(WepsError):
    """The job was dismissed while it ran; whoever works for it may stop."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One exception of an OWS exception report, and the HTTP status that goes with it."""

    code: str
    locator: str | None
    text: str
    status: int


Codes: TypeAlias = tuple[tuple[type[WepsError], str, int], ...]
"""OWS codes and HTTP statuses by kind of error; the first line that fits counts."""

CODES: Codes = (
    (MissingInputError, "MissingParameterValue", 400),
    (TooLarge, "FileSizeExceeded", 400),
    (InputError, "InvalidParameterValue", 400),
    (NotFoundError, "InvalidParameterValue", 400),
    (FeedError, "NoApplicableCode", 502),
    (StoreError, "NoApplicableCode", 503),
)
"""The codes of WPS 1.0.0 (OGC 05-007r7 tables 38 and 62), with the statuses of OGC 06-121r9 table 28."""

_WITHOUT_LOCATOR = frozenset({"VersionNegotiationFailed"})

INTERNAL = Fault(
    "NoApplicableCode", None, "The server failed on this request; its log says why. It may be tried again.", 500
)


def fault_of(error: Exception, codes: Codes = CODES) -> Fault:
    """Give what clients are told about an error; what we did not raise on purpose is never told in detail."""
    fault = _fault_of(error, codes)
    text, locator = (None if one is None else NOT_IN_XML.sub("\ufffd", one) for one in (fault.text, fault.locator))
    return Fault(fault.code, locator or None, text or "", fault.status)


def _fault_of(error: Exception, codes: Codes) -> Fault:
    if isinstance(error, WpsError):
        # OGC 06-121r3 table 25 says which codes have none.
        locator = None if error.code in _WITHOUT_LOCATOR else error.where
        return Fault(error.code, locator, error.message, error.status)
    if isinstance(error, RequestTooLarge):
        return Fault("FileSizeExceeded", error.locator, error.message, 413)
    if isinstance(error, SosError):
        return Fault("InvalidParameterValue", error.locator, error.message, 400)
    for kind, code, status in codes:
        if isinstance(error, kind):
            text = str(error) if isinstance(error, FeedError) else error.message
            return Fault(code, None if isinstance(error, FeedError) else error.where, text, status)
    return INTERNAL
