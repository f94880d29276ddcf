"""InsertResult (OGC 12-006 clause 10.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs.swe20_results import form_of
from sos_server.codecs.swe20_rows import decode_columns
from sos_server.errors import InvalidParameterValue
from sos_server.model import Feature, ResultRows
from sos_server.operations.inserting import are_shapeless, find_offerings, insert_batches
from sos_server.responses import ResultsInserted
from sos_server.storage.batches import SeriesBatch
from sos_server.storage.series import SeriesKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from sos_server.codecs.swe20_results import ResultForm
    from sos_server.codecs.swe20_rows import DecodedRows
    from sos_server.model import ResultTemplate
    from sos_server.operations.base import Context
    from sos_server.requests import InsertResult


def insert_result(context: Context, request: InsertResult) -> ResultsInserted:
    """Store all results of a request as observations, or none where one is refused."""
    template = context.storage.result_template(request.template)
    if template is None:
        raise InvalidParameterValue(
            f"There is no template {request.template!r} here; insert it with InsertResultTemplate.", "template"
        )
    form = form_of(template)
    found = decode_columns(form, request.values)
    offerings = (template.offering,)
    contents = find_offerings(context, offerings)
    batches = tuple(_batches(template, form, found, shapeless=are_shapeless(contents)))
    return ResultsInserted(insert_batches(context, offerings, contents, batches))


def _batches(
    template: ResultTemplate, form: ResultForm, found: DecodedRows, *, shapeless: bool
) -> Iterator[SeriesBatch]:
    """Put the results of each feature of interest together."""
    uom = form.components[form.value].uom
    for identifier, rows, geometries in _by_feature(template, found):
        key = SeriesKey(template.procedure, template.observed_property, identifier, form.observation_type)
        feature = template.feature
        if feature is None or feature.identifier != identifier:  # what the template tells is not of others
            feature = Feature(identifier) if shapeless else None
        yield SeriesBatch(key, uom, rows, feature, geometries)


def _by_feature(
    template: ResultTemplate, found: DecodedRows
) -> Iterator[tuple[str, ResultRows, Sequence[Mapping[str, Any]]]]:
    names = set(found.features) or {template.feature_of_interest or ""}
    if len(names) == 1:
        yield names.pop(), found.rows, found.geometries
        return
    numbers: dict[str, list[int]] = {}
    for number, name in enumerate(found.features):
        numbers.setdefault(name, []).append(number)
    for name, chosen in numbers.items():
        rows = ResultRows(*(_chosen(column, chosen) for column in found.rows))
        yield name, rows, _chosen(found.geometries, chosen)


def _chosen(column: Sequence[Any], numbers: Sequence[int]) -> Sequence[Any]:
    return [column[number] for number in numbers] if column else ()
