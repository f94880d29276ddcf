"""GetResult (OGC 12-006 clause 9.5)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from sos_server.codecs.swe20_encoding import TextEncoding
from sos_server.codecs.swe20_results import form_of
from sos_server.errors import OptionNotSupported
from sos_server.operations.get_observation import find_series
from sos_server.operations.get_result_template import find_template
from sos_server.requests import GetObservation
from sos_server.responses import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sos_server.codecs.swe20_results import ResultForm
    from sos_server.model import SeriesInfo, Value
    from sos_server.operations.base import Context
    from sos_server.requests import GetResult

_TEXTUAL = ("Text", "Category")


def get_result(context: Context, request: GetResult) -> Results:
    """Find results; their rows are read only as the answer is iterated."""
    template = find_template(context, request.offering, request.observed_property)
    form = form_of(template)
    asked = GetObservation(
        offerings=(request.offering,),
        observed_properties=(request.observed_property,),
        features_of_interest=request.features_of_interest,
        temporal_filters=request.temporal_filters,
        spatial_filter=request.spatial_filter,
    )
    series, place = find_series(context, asked)
    series = tuple(info for info in series if _fits(info, form))
    known = form.result_time is not None
    rows = context.storage.stream_results(series, request.temporal_filters, place, result_times=known)
    if isinstance(form.encoding, TextEncoding):
        if form.feature is not None and any(form.encoding.splits(info.feature.identifier) for info in series):
            raise _no_form()
        record = form.components[form.value].record
        if record is not None:
            _check_texts(context, form.encoding, series, request, record.split)
        elif form.components[form.value].kind in _TEXTUAL:
            _check_texts(context, form.encoding, series, request, lambda value: [str(value or "")])
    return Results(template, rows)


def _fits(info: SeriesInfo, form: ResultForm) -> bool:
    """Tell whether the observations of a series can be told in a form: they have its type and its unit."""
    uom = form.components[form.value].uom
    return info.observation_type == form.observation_type and (info.uom is None or uom is None or info.uom == uom)


def _check_texts(
    context: Context,
    encoding: TextEncoding,
    series: Sequence[SeriesInfo],
    request: GetResult,
    split: Callable[[Value], list[str] | None],
) -> None:
    """Raise before anything is sent where a value has no tokens, or one that would be read as two."""
    for _, chunks in context.storage.stream_results(series, request.temporal_filters):
        for value in chain.from_iterable(rows.values for rows in chunks):
            tokens = split(value)
            if tokens is None:
                raise _no_form("A record has not the structure of the template")
            if any(map(encoding.splits, tokens)):
                raise _no_form()


def _no_form(reason: str = "A text holds a separator of the template") -> OptionNotSupported:
    return OptionNotSupported(f"{reason}, so it has no form in it; ask with GetObservation.", "observedProperty")
