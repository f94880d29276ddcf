"""Reading rows of results (OGC 12-006 clause 10.6) to observations, with the place of what is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from math import isfinite
from typing import TYPE_CHECKING, Any

from sos_server.codecs import swe20, xsd
from sos_server.codecs.swe20_encoding import TextEncoding, named_rows
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue
from sos_server.model import Observation
from sos_server.time import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sos_server.codecs.swe20 import Component
    from sos_server.codecs.swe20_results import ResultForm
    from sos_server.model import ResultTemplate, Value
    from sos_server.requests import ResultValues

_LOCATOR = "resultValues"
_BLANK = re.compile(r"\s")
# made from an iterable of tuples, without the constructor: four times as fast
_make: Callable[[Any], Observation] = partial(tuple.__new__, Observation)


def decode_rows(form: ResultForm, template: ResultTemplate, values: ResultValues) -> list[Observation]:
    """Read results to observations; raises `InvalidParameterValue` with row and column of what cannot be read."""
    rows = _tokens(form, values)
    if not rows:
        raise MissingParameterValue("resultValues is empty; give at least one row.", _LOCATOR)
    reader = _Reader(form, tuple(zip(*rows, strict=True)), len(rows))
    begins, ends = reader.phenomenon_times()
    found, reasons = reader.values()
    component = form.components[form.value]
    features: Iterable[str]
    features = repeat(template.feature_of_interest or "") if form.feature is None else reader.features(form.feature)
    results: Iterable[datetime | None]
    results = repeat(None) if form.result_time is None else reader.instants(form.result_time)
    geometries: Iterable[dict[str, Any] | None] = reader.places() if form.place else repeat(None)
    columns: dict[str, Iterable[Any]] = {
        name: repeat(default) for name, default in Observation._field_defaults.items()
    } | {
        "phenomenon_time": begins,
        "procedure": repeat(template.procedure),
        "observed_property": repeat(template.observed_property),
        "feature_of_interest": features,
        "value": found,
        "uom": repeat(component.uom),
        "phenomenon_time_end": ends,
        "result_time": results,
        "observation_type": repeat(form.observation_type),
        "offering": repeat(template.offering),
        "nil_reason": reasons,
        "feature": repeat(template.feature),
        "geometry": geometries,
    }
    return list(map(_make, zip(*(columns[name] for name in Observation._fields), strict=False)))


def _tokens(form: ResultForm, values: ResultValues) -> list[list[str]]:
    """Split values into rows of tokens, as many in each as the form says."""
    if isinstance(values, str) != isinstance(form.encoding, TextEncoding):
        wanted = "text encoding" if isinstance(form.encoding, TextEncoding) else "XML encoding"
        raise InvalidParameterValue(f"The values are not in {wanted}, which the template asks for.", _LOCATOR)
    try:
        if isinstance(values, str):
            return _text_rows(form, form.encoding, values) if isinstance(form.encoding, TextEncoding) else []
        names = [component.name for component in form.components if component.value is None]
        return [_split_ranges(form, row) for row in named_rows(values, names)]
    except InvalidRequest as error:
        raise InvalidParameterValue(error.message, _LOCATOR) from error


def _text_rows(form: ResultForm, encoding: TextEncoding, values: str) -> list[list[str]]:
    blocks = encoding.blocks(values)
    expected = form.tokens
    # an array of variable size has its number of rows in front (OGC 08-094r1 clause 8.5), and some clients give it
    if expected > 1 and blocks and blocks[0].strip().isdecimal():
        declared = blocks.pop(0).strip()
        if declared.lstrip("0") != str(len(blocks)).lstrip("0"):
            raise InvalidParameterValue(
                f"The values say that they are {declared[:20]} rows, but they are {len(blocks)}; send them whole.",
                _LOCATOR,
            )
    separator = encoding.token_separator
    if encoding.decimal_separator == "." and separator.strip() and not _BLANK.search(values):
        rows = [block.split(separator) for block in blocks]  # as `tokens` does, where there is nothing to strip
    else:
        rows = [encoding.tokens(block) for block in blocks]
    for number, row in enumerate(rows, start=1):
        if len(row) != expected:
            raise InvalidParameterValue(
                f"Row {number} has {len(row)} tokens, {expected} are declared: {blocks[number - 1].strip()[:80]!r}.",
                _LOCATOR,
            )
    return rows


def _split_ranges(form: ResultForm, row: list[str]) -> list[str]:
    """Give two tokens for a range, which is one element with both ends."""
    tokens: list[str] = []
    for component, text in zip((each for each in form.components if each.value is None), row, strict=True):
        parts = text.split() if component.tokens == 2 else [text]
        if len(parts) != component.tokens:
            raise InvalidRequest(f"The range {component.name} {text!r} does not have two ends.")
        tokens += parts
    return tokens


class _Reader:
    """Reads results column by column; only when one cannot be read, the row is looked for."""

    def __init__(self, form: ResultForm, columns: Sequence[tuple[str, ...]], count: int) -> None:
        self._form = form
        self._columns = columns
        self._count = count
        position = 0
        self._positions: list[int] = []
        for component in form.components:
            self._positions.append(position)
            position += component.tokens

    def texts(self, index: int, part: int = 0) -> Sequence[str]:
        component = self._form.components[index]
        if component.value is not None:
            return (component.value,) * self._count
        return self._columns[self._positions[index] + part]

    def features(self, index: int) -> Sequence[str]:
        texts = self.texts(index)
        if not all(texts):
            number = next(number for number, text in enumerate(texts, start=1) if not text)
            raise InvalidParameterValue(f"Row {number} names no feature of interest.", _LOCATOR)
        return texts

    def instants(self, index: int, part: int = 0) -> list[datetime]:
        return self._read(self.texts(index, part), _read_instant, index)

    def phenomenon_times(self) -> tuple[list[datetime], Iterable[datetime | None]]:
        index = self._form.phenomenon_time
        if self._form.components[index].tokens == 2:
            return self.instants(index), self.instants(index, 1)
        texts = self.texts(index)
        if not any("/" in text for text in texts):
            return self._read(texts, _read_instant, index), repeat(None)
        begins, ends = [text.partition("/")[0] for text in texts], [text.rpartition("/")[2] for text in texts]
        return self._read(begins, _read_instant, index), self._read(ends, _read_instant, index)

    def values(self) -> tuple[list[Value], Iterable[str | None]]:
        index = self._form.value
        component, texts = self._form.components[index], self.texts(index)
        numbers = _read_plain_numbers(component, texts) if component.kind == "Quantity" else None
        if numbers is not None:
            return numbers, repeat(None)
        column = self._positions[index] + 1
        found = []
        for number, text in enumerate(texts, start=1):
            try:
                found.append(swe20.decode_value(component, text, f"row {number}, column {column}"))
            except InvalidRequest as error:
                raise InvalidParameterValue(error.message, _LOCATOR) from error
        return [value for value, _ in found], [reason for _, reason in found]

    def places(self) -> Iterator[dict[str, Any]]:
        limits = (180.0, 90.0)
        coordinates = []
        for number, index in enumerate(self._form.place):
            numbers = self._read(self.texts(index), xsd.read_double, index)
            if number < len(limits) and max(map(abs, numbers)) > limits[number]:
                name = self._form.components[index].name
                raise InvalidParameterValue(f"A {name} is beyond {limits[number]:g} degrees.", _LOCATOR)
            coordinates.append(numbers)
        for point in zip(*coordinates, strict=True):
            yield {"type": "Point", "coordinates": list(point)}

    def _read(self, texts: Sequence[str], read: Callable[[str], Any], index: int) -> list[Any]:
        try:
            return list(map(read, texts))
        except (ValueError, OverflowError):
            column = f"column {self._positions[index] + 1} ({self._form.components[index].name})"
            for number, text in enumerate(texts, start=1):
                try:
                    read(text)
                except (ValueError, OverflowError) as error:
                    raise InvalidParameterValue(f"Row {number}, {column}: {error}.", _LOCATOR) from error
            raise


def _read_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return parse_instant(text)
    return instant if instant.tzinfo is UTC else parse_instant(text)


def _read_plain_numbers(component: Component, texts: Sequence[str]) -> list[Value] | None:
    """Read numbers of which none is nil or wrong, all at once; None where one may be."""
    try:
        numbers = list(map(float, texts))
        nil_numbers = set(map(float, component.nil_values))
    except ValueError:
        return None
    joined = "".join(texts)
    plain = joined.isascii() and "_" not in joined and all(map(isfinite, numbers))
    return list(numbers) if plain and nil_numbers.isdisjoint(numbers) else None
