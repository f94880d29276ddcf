"""DeleteResultTemplate, an extension of 52°North: by identifier, or all of a property in an offering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.errors import InvalidParameterValue, MissingParameterValue
from sos_server.operations.base import require_known, require_short
from sos_server.responses import ResultTemplatesDeleted

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import DeleteResultTemplate


def delete_result_template(context: Context, request: DeleteResultTemplate) -> ResultTemplatesDeleted:
    """Delete the templates that a request names, all of them or none; the observations made by them stay."""
    if request.identifiers and request.places:
        raise InvalidParameterValue("Name templates or places, not both.", "resultTemplate")
    if not request.identifiers and not request.places:
        raise MissingParameterValue("The request names no template.", "resultTemplate")
    for named in (request.identifiers, [offering for offering, _ in request.places]):
        require_short("resultTemplate", named)
    require_known(context.storage, "offering", [offering for offering, _ in request.places])
    require_known(context.storage, "observedProperty", [name for _, name in request.places])
    return ResultTemplatesDeleted(context.storage.delete_result_templates(request.identifiers, request.places))
