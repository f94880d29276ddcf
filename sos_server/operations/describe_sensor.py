"""DescribeSensor (OGC 12-006 clause 8.2, OGC 09-001 clause 11)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue
from sos_server.operations.base import DESCRIPTION_FORMATS, require_one_of
from sos_server.requests import GetFeatureOfInterest
from sos_server.responses import SensorDescribed

if TYPE_CHECKING:
    from sos_server.model import ValidDescription
    from sos_server.operations.base import Context
    from sos_server.requests import DescribeSensor

_EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


def describe_sensor(context: Context, request: DescribeSensor) -> SensorDescribed:
    """
    Give a procedure's descriptions as they were sent: the present one, or all that hold in a time; and what is known
    of it besides.

    There may be none in a time before the procedure was registered, but there is always a present one.
    """
    known = context.storage.descriptions(request.procedure)
    if not known:
        raise InvalidParameterValue(
            f"There is no procedure {request.procedure!r} here; the capabilities list them.", "procedure"
        )
    locator = "procedureDescriptionFormat"
    require_one_of(locator, (request.description_format,), DESCRIPTION_FORMATS)
    if request.valid_time is None:
        # the first one may begin in a moment only, where the clocks of two processes differ
        known = tuple(each for each in known if _holds(each, context.now, context.now)) or known[:1]
    formats = dict.fromkeys(each.description_format for each in known)
    if request.description_format not in formats:
        raise InvalidParameterValue(
            f"{request.procedure!r} is described in {' and '.join(formats)} only; ask for that.", locator
        )
    found = (each for each in known if each.description_format == request.description_format)
    if request.valid_time is not None:
        begin, end = request.valid_time
        found = (each for each in found if _holds(each, begin, end))
    contents, _ = context.storage.contents_and_time()
    own = [content for content in contents if content.offering.procedure == request.procedure]
    return SensorDescribed(
        request.description_format,
        tuple(found),
        tuple(content.offering for content in own),
        tuple(dict.fromkeys(name for content in own for name in content.observed_properties)),
        tuple(each.identifier for each in context.storage.features(GetFeatureOfInterest((request.procedure,)))),
    )


def _holds(description: ValidDescription, begin: datetime, end: datetime) -> bool:
    return (description.begin or _EVER) <= end and begin < (description.end or _NEVER)
