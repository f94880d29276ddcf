"""What the KVP and XML encodings of SOS 2.0 (OGC 12-006) check alike: service, version, sections, required values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue, MissingParameterValue, OptionNotSupported

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICE = "SOS"
VERSION = "2.0.0"
SECTIONS = (
    "ServiceIdentification",
    "ServiceProvider",
    "OperationsMetadata",
    "FilterCapabilities",
    "Contents",
    "InsertionCapabilities",
)
MERGE, SPLIT = "MergeObservationsIntoDataArray", "SplitDataArrayIntoObservations"
_VERSIONS = frozenset({VERSION, "2.0"})  # some clients shorten it


def check_service(value: str) -> None:
    """Refuse any service but SOS."""
    if not value:
        raise MissingParameterValue("The parameter service is empty; give service=SOS.", "service")
    if value != SERVICE:
        raise InvalidParameterValue(f"The service {value!r} is not offered here; give service=SOS.", "service")


def check_version(value: str) -> None:
    """Refuse any version but 2.0.0."""
    if not value:
        raise MissingParameterValue(f"The parameter version is empty; give version={VERSION}.", "version")
    if value not in _VERSIONS:
        raise InvalidParameterValue(f"The version {value!r} is not spoken here; give version={VERSION}.", "version")


def read_sections(values: Iterable[str]) -> tuple[str, ...] | None:
    """Give the sections that are asked for, None for all; no value asks for none of them (OGC 06-121r9 7.3.3)."""
    by_name = {name.lower(): name for name in SECTIONS} | {"filter_capabilities": "FilterCapabilities"}
    sections = []
    for value in values:
        if value.lower() == "all":
            return None
        section = by_name.get(value.lower())
        if section is None:
            # the conformance tests want the singular
            raise InvalidParameterValue(f"There is no section {value!r}; use {', '.join(SECTIONS)} or All.", "section")
        sections.append(section)
    return tuple(sections)


def require(value: str | None, name: str) -> str:
    """Give a value that must be there."""
    if not value:
        raise MissingParameterValue(f"The parameter {name} is missing or empty.", name)
    return value


def check_split(split: bool | None) -> None:
    """Refuse to keep an array whole: the observations in it are kept one by one, and are merged when asked for."""
    if split is False:
        raise OptionNotSupported(f"Arrays are kept as observations here; leave {SPLIT} out or set it.", SPLIT)
