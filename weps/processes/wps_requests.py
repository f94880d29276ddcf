"""What requests of WPS 1.0.0 and 2.0 have in common: the operations of both, as values."""

from __future__ import annotations

from dataclasses import dataclass

from weps.errors import InputError, MissingInputError

LANGUAGE = "en-US"


@dataclass(frozen=True, slots=True)
class GetCapabilities:
    """Ask what the service is and offers."""


@dataclass(frozen=True, slots=True)
class DescribeProcess:
    """
    Ask for the descriptions of processes.

    All of them are meant by `all` among the identifiers, and in 1.0.0 also by none.
    """

    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """An output that a client asks for, and in which form."""

    identifier: str
    mime_type: str | None = None
    as_reference: bool = False


def check_service(service: str | None) -> None:
    """Refuse another service than WPS."""
    if not service:
        raise MissingInputError("The parameter service is missing; it must be WPS.", "service")
    if service.lower() != "wps":
        raise InputError(f'There is no service "{service}" here, only WPS.', "service")
