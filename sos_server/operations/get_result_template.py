"""GetResultTemplate (OGC 12-006 clause 9.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs.swe20_results import usual_form, write_form
from sos_server.errors import InvalidParameterValue
from sos_server.model import STRUCTURED_TYPES, ResultTemplate
from sos_server.operations.base import require_known
from sos_server.requests import GetObservation
from sos_server.responses import ResultTemplateFound

if TYPE_CHECKING:
    from sos_server.operations.base import Context
    from sos_server.requests import GetResultTemplate


def get_result_template(context: Context, request: GetResultTemplate) -> ResultTemplateFound:
    """Give the form that results of a property in an offering have."""
    return ResultTemplateFound(find_template(context, request.offering, request.observed_property))


def find_template(context: Context, offering: str, observed_property: str) -> ResultTemplate:
    """
    Give the template that was inserted, else one of time and value for the observations that are there.

    So results can be asked for of every series, however it was published.
    """
    require_known(context.storage, "offering", (offering,))
    require_known(context.storage, "observedProperty", (observed_property,))
    templates = context.storage.result_templates(offering, observed_property)
    if templates:
        return templates[0]
    asked = GetObservation(offerings=(offering,), observed_properties=(observed_property,))
    found = context.storage.select_series(asked)
    series = tuple(info for info in found if info.observation_type not in STRUCTURED_TYPES)
    if not series:
        kind = "observations with scalar results" if found else "observations"
        raise InvalidParameterValue(
            f"There are neither templates nor {kind} of {observed_property!r} in {offering!r}.",
            "observedProperty",
        )
    first = series[0]
    structure, encoding = write_form(usual_form(first))
    return ResultTemplate(
        "", offering, first.procedure, observed_property, None, first.observation_type, structure, encoding
    )
