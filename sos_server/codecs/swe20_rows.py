"""Reading rows of results (OGC 12-006 clause 10.6) to observations, with the place of what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import repeat
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from sos_server.codecs import swe20, xsd
from sos_server.codecs.swe20_encoding import TextEncoding, named_rows
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue
from sos_server.model import Observation, ResultRows
from sos_server.time import from_microseconds, parse_instant, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sos_server.codecs.swe20 import Component
    from sos_server.codecs.swe20_complex import RecordForm
    from sos_server.codecs.swe20_results import ResultForm
    from sos_server.model import ResultTemplate, Value
    from sos_server.requests import ResultValues

_LOCATOR = "resultValues"


class DecodedRows(NamedTuple):
    """Results; `features` and `geometries` are empty where the rows do not tell them."""

    rows: ResultRows
    features: Sequence[str] = ()
    geometries: Sequence[Mapping[str, Any]] = ()


def decode_rows(form: ResultForm, template: ResultTemplate, values: ResultValues) -> list[Observation]:
    """Read results to observations; raises as `decode_columns` does."""
    found = decode_columns(form, values)
    begins, ends, result_times, results, reasons = found.rows
    nothing: Iterable[None] = repeat(None)
    uom = form.components[form.value].uom
    return [
        Observation(
            from_microseconds(begin),
            template.procedure,
            template.observed_property,
            feature or "",
            value,
            uom,
            None if end is None else from_microseconds(end),
            None if known is None else from_microseconds(known),
            form.observation_type,
            template.offering,
            reason,
            template.feature,
            geometry=geometry,
        )
        for begin, end, known, value, reason, feature, geometry in zip(
            begins,
            nothing if ends is begins else ends,
            nothing if form.result_time is None else result_times,
            results,
            reasons or nothing,
            found.features or repeat(template.feature_of_interest),
            found.geometries or nothing,
            strict=False,
        )
    ]


def decode_columns(form: ResultForm, values: ResultValues) -> DecodedRows:
    """Read results; raises `InvalidParameterValue` with row and column of what cannot be read."""
    columns = _columns(form, values)
    reader = _Reader(form, columns, len(columns[0]))
    begins, ends = reader.phenomenon_times()
    found, reasons = reader.values()
    known = ends if form.result_time is None else reader.instants(form.result_time)
    return DecodedRows(
        ResultRows(begins, ends, known, found, reasons),
        () if form.feature is None else reader.features(form.feature),
        tuple(reader.places()) if form.place else (),
    )


def _columns(form: ResultForm, values: ResultValues) -> Sequence[Sequence[str]]:
    """Split values into columns of tokens, as many as the form says."""
    encoding = form.encoding
    try:
        if isinstance(values, str) and isinstance(encoding, TextEncoding):
            columns = encoding.columns(values, form.tokens)
            if columns is not None:
                return columns
            rows = _text_rows(form, encoding, values)
        elif isinstance(values, str) or isinstance(encoding, TextEncoding):
            wanted = "text encoding" if isinstance(encoding, TextEncoding) else "XML encoding"
            raise InvalidParameterValue(f"The values are not in {wanted}, which the template asks for.", _LOCATOR)
        else:
            names = [component.name for component in form.components if component.value is None]
            rows = [_split_ranges(form, row) for row in named_rows(values, names)]
    except InvalidRequest as error:
        raise InvalidParameterValue(error.message, _LOCATOR) from error
    if not rows:
        raise MissingParameterValue("resultValues is empty; give at least one row.", _LOCATOR)
    return tuple(zip(*rows, strict=True))


def _text_rows(form: ResultForm, encoding: TextEncoding, values: str) -> list[list[str]]:
    """Split a text row by row, also where it has blanks and line breaks; raises where a row has not its tokens."""
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

    def __init__(self, form: ResultForm, columns: Sequence[Sequence[str]], count: int) -> None:
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

    def instants(self, index: int, part: int = 0) -> list[int]:
        return self._read_instants(self.texts(index, part), index)

    def phenomenon_times(self) -> tuple[list[int], list[int]]:
        """Give begins and ends; they are the same list where all are instants."""
        index = self._form.phenomenon_time
        if self._form.components[index].tokens == 2:
            return self.instants(index), self.instants(index, 1)
        texts = self.texts(index)
        if not any("/" in text for text in texts):
            begins = self._read_instants(texts, index)
            return begins, begins
        begins = self._read_instants([text.partition("/")[0] for text in texts], index)
        return begins, self._read_instants([text.rpartition("/")[2] for text in texts], index)

    def _read_instants(self, texts: Sequence[str], index: int) -> list[int]:
        try:
            instants = list(map(datetime.fromisoformat, texts))
        except ValueError:
            instants = []
        if {each.tzinfo for each in instants} != {UTC}:
            instants = self._read(texts, parse_instant, index)
        return list(map(to_microseconds, instants))

    def values(self) -> tuple[list[Value], Sequence[str | None]]:
        index = self._form.value
        component, texts = self._form.components[index], self.texts(index)
        numbers = _read_plain_numbers(component, texts) if component.kind == "Quantity" else None
        if numbers is not None:
            return numbers, ()
        column = self._positions[index] + 1
        if component.record is not None:
            return self._records(component.record, column), ()
        found = []
        for number, text in enumerate(texts, start=1):
            try:
                found.append(swe20.decode_value(component, text, f"row {number}, column {column}"))
            except InvalidRequest as error:
                raise InvalidParameterValue(error.message, _LOCATOR) from error
        reasons = [reason for _, reason in found]
        return [value for value, _ in found], reasons if any(reasons) else ()

    def _records(self, form: RecordForm, column: int) -> list[Value]:
        tokens = self._columns[column - 1 : column - 1 + form.tokens]
        try:
            return list(form.fill(zip(*tokens, strict=True), column))
        except InvalidRequest as error:
            raise InvalidParameterValue(error.message, _LOCATOR) from error

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
