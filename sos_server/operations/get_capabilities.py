"""GetCapabilities (OGC 06-121r3 clause 7, OGC 12-006 clause 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue, InvalidUpdateSequence, VersionNegotiationFailed
from sos_server.operations.base import DESCRIPTION_FORMATS, FEATURE_TYPES, OBSERVATION_TYPES, VERSION
from sos_server.responses import Capabilities
from sos_server.time import format_instant, from_microseconds, parse_instant

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import GetCapabilities

SECTIONS = (
    "ServiceIdentification",
    "ServiceProvider",
    "OperationsMetadata",
    "FilterCapabilities",
    "Contents",
    "InsertionCapabilities",
)
MEDIA_TYPES = ("application/xml", "text/xml")
_ALL = "All"
_EXAMPLES = 10


def get_capabilities(context: Context, request: GetCapabilities) -> Capabilities:
    """Tell what the service offers."""
    if request.accept_versions and VERSION not in request.accept_versions:
        raise VersionNegotiationFailed(
            f"None of the versions {', '.join(request.accept_versions)} is spoken here; ask for {VERSION}.",
            "AcceptVersions",
        )
    if request.accept_formats and not set(request.accept_formats) & set(MEDIA_TYPES):
        raise InvalidParameterValue(
            f"None of the formats {', '.join(request.accept_formats)} is written here; ask for {MEDIA_TYPES[0]}.",
            "AcceptFormats",
        )
    sections = _sections(request.sections)
    contents, updated = context.storage.contents_and_time()
    if request.update_sequence and _is_current(request.update_sequence, updated):
        sections = frozenset()
    return Capabilities(
        version=VERSION,
        sections=sections,
        base_url=context.base_url,
        title=context.identity.title,
        abstract=context.identity.abstract,
        provider_name=context.identity.provider_name,
        provider_site=context.identity.provider_site,
        update_sequence=format_instant(from_microseconds(updated)),
        # the operations tell of these, too: the names that they take
        contents=contents if sections & {"Contents", "OperationsMetadata"} else (),
        description_formats=DESCRIPTION_FORMATS,
        observation_types=OBSERVATION_TYPES,
        feature_types=FEATURE_TYPES,
        observations=context.storage.example_identifiers(_EXAMPLES) if "OperationsMetadata" in sections else (),
    )


def _sections(asked: tuple[str, ...] | None) -> frozenset[str]:
    if asked is None:
        return frozenset(SECTIONS)
    for name in asked:
        if name not in SECTIONS and name != _ALL:
            # the locator is in the singular: that is what the conformance suite asks for
            raise InvalidParameterValue(
                f"There is no section {name!r}; there are {', '.join((*SECTIONS, _ALL))}.", "section"
            )
    return frozenset(SECTIONS) if _ALL in asked else frozenset(asked)


def _is_current(known: str, updated: int) -> bool:
    """Whether the client has the capabilities as they are; raises where it claims to have later ones."""
    try:
        instant = parse_instant(known)
    except ValueError:
        instant = None
    if instant is None or instant > from_microseconds(updated):
        raise InvalidUpdateSequence(
            f"The update sequence {known!r} was never given here; leave it out to get the capabilities.",
            "updateSequence",
        )
    return instant == from_microseconds(updated)
