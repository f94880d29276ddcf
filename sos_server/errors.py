"""
The errors of the service: OWS codes with locator and HTTP status (OGC 06-121r9 clause 8, SOS 2.0 Table 18).

    SosError(code, locator, message, status)
    ├── MissingParameterValue     400
    ├── InvalidParameterValue     400
    ├── OperationNotSupported     400
    ├── VersionNegotiationFailed  400
    ├── InvalidUpdateSequence     400
    ├── InvalidRequest            400   undecodable document, or a document against its schema
    ├── OptionNotSupported        400
    │   └── HeaderNotUnderstood   400   a header of SOAP that must be understood
    ├── ResponseExceedsSizeLimit  400
    ├── RequestTooLarge           413   code NoApplicableCode
    ├── RequestTooSlow            408   code NoApplicableCode
    ├── ServiceUnavailable        503   code NoApplicableCode; to be tried again after some seconds
    └── NoApplicableCode          500   what should not happen; its message never tells internals
"""

from __future__ import annotations


class SosError(Exception):
    """The root: `message` says what is wrong, where, and what to do; `locator` is the OWS locator."""

    code = "NoApplicableCode"
    status = 500

    def __init__(self, message: str, locator: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.locator = locator


class NoApplicableCode(SosError):
    """Something failed that is not the client's fault."""


class MissingParameterValue(SosError):
    """A parameter that is needed is absent or empty."""

    code, status = "MissingParameterValue", 400


class InvalidParameterValue(SosError):
    """A parameter has a value that does not exist here or cannot be read."""

    code, status = "InvalidParameterValue", 400


class OperationNotSupported(SosError):
    """The operation is not offered, or not over this binding."""

    code, status = "OperationNotSupported", 400


class VersionNegotiationFailed(SosError):
    """None of the versions that the client accepts is spoken here."""

    code, status = "VersionNegotiationFailed", 400


class InvalidUpdateSequence(SosError):
    """The client knows capabilities newer than ours."""

    code, status = "InvalidUpdateSequence", 400


class InvalidRequest(SosError):
    """A document cannot be decoded or does not follow its schema."""

    code, status = "InvalidRequest", 400


class OptionNotSupported(SosError):
    """A valid option that is not offered."""

    code, status = "OptionNotSupported", 400


class HeaderNotUnderstood(OptionNotSupported):
    """A SOAP message has headers that must be understood and are not; `headers` are their full names."""

    def __init__(self, message: str, locator: str, headers: tuple[str, ...]) -> None:
        super().__init__(message, locator)
        self.headers = headers


class ResponseExceedsSizeLimit(SosError):
    """The answer would be larger than the service gives."""

    code, status = "ResponseExceedsSizeLimit", 400


class RequestTooLarge(SosError):
    """The body of a request is larger than the service takes."""

    status = 413


class RequestTooSlow(SosError):
    """The body of a request did not arrive within its time."""

    status = 408


class ServiceUnavailable(SosError):
    """The service cannot do it just now; the same may be asked again after so many seconds."""

    status = 503

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
