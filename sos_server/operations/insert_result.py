"""InsertResult (OGC 12-006 clause 10.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs.swe20_results import read_form
from sos_server.codecs.swe20_rows import decode_rows
from sos_server.errors import InvalidParameterValue
from sos_server.operations.insert_observation import insert_observation
from sos_server.requests import InsertObservation
from sos_server.responses import ResultsInserted

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import InsertResult


def insert_result(context: Context, request: InsertResult) -> ResultsInserted:
    """Store all results of a request as observations, or none where one is refused."""
    template = context.storage.result_template(request.template)
    if template is None:
        raise InvalidParameterValue(
            f"There is no template {request.template!r} here; insert it with InsertResultTemplate.", "template"
        )
    observations = decode_rows(read_form(template.structure, template.encoding), template, request.values)
    return ResultsInserted(
        insert_observation(context, InsertObservation((template.offering,), tuple(observations))).count
    )
