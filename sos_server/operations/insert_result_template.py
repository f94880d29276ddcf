"""InsertResultTemplate (OGC 12-006 clause 10.5)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from sos_server.codecs.swe20_results import form_of, same_form
from sos_server.errors import InvalidParameterValue
from sos_server.model import SWE_ARRAY
from sos_server.operations.base import OBSERVATION_TYPES, require_known
from sos_server.responses import ResultTemplateInserted

if TYPE_CHECKING:
    from sos_server.model import OfferingContent, ResultTemplate
    from sos_server.operations.base import Context
    from sos_server.requests import InsertResultTemplate


def insert_result_template(context: Context, request: InsertResultTemplate) -> ResultTemplateInserted:
    """
    Keep a template for results.

    All templates for a property in an offering have one form, because clients ask for results by these two only.
    """
    template = request.template
    content = next(iter(context.storage.contents((template.offering,))), None)
    if content is None:
        raise InvalidParameterValue(
            f"There is no offering {template.offering!r} here; the capabilities list them.", "offering"
        )
    _check_place(context, template, content)
    _check_type(template, content)
    if not template.identifier:
        template = replace(template, identifier=f"urn:uuid:{uuid.uuid4()}")
    context.storage.insert_result_template(template, same_form)
    return ResultTemplateInserted(template.identifier)


def _check_place(context: Context, template: ResultTemplate, content: OfferingContent) -> None:
    if template.procedure != content.offering.procedure:
        require_known(context.storage, "procedure", (template.procedure,))
        raise InvalidParameterValue(
            f"{template.procedure!r} is not the procedure of the offering {template.offering!r}; "
            f"that is {content.offering.procedure!r}.",
            "procedure",
        )
    if template.observed_property not in content.observed_properties:
        raise InvalidParameterValue(
            f"The offering {template.offering!r} has no property {template.observed_property!r}; "
            f"it has {', '.join(content.observed_properties)}.",
            "observedProperty",
        )


def _check_type(template: ResultTemplate, content: OfferingContent) -> None:
    offered = {template.observation_type, SWE_ARRAY} & set(content.observation_types)
    is_known = template.observation_type in OBSERVATION_TYPES
    form = form_of(template) if offered and is_known else None
    if form is None or template.observation_type not in (form.observation_type, SWE_ARRAY):
        means = "" if form is None else f" The structure means {form.observation_type}."
        raise InvalidParameterValue(
            f"The observation type {template.observation_type!r} cannot be used here.{means} "
            f"The offering takes {', '.join(content.observation_types)}.",
            "observationType",
        )
    if template.feature_of_interest is None and form.feature is None:
        raise InvalidParameterValue(
            "The template names no feature of interest, and its structure has no field for it; add one of them.",
            "proposedTemplate",
        )
