"""
The form of O&M 2.0 observations: the text of one with slots where others of the same form differ, and reading these.

See `om20_runs` for what it is good for.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from xml.sax.saxutils import unescape

from sos_server.codecs import xml, xsd
from sos_server.model import Observation
from sos_server.time import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lxml import etree

Read = TypeVar("Read")

_OWN_RESULT_TIME = "own_result_time"
_TELLING = "telling"
_OBSERVATION = xml.tag("om:OM_Observation")
_INSTANT = xml.tag("gml:TimeInstant")
_REFERRING = [xml.tag(f"om:{name}") for name in ("procedure", "observedProperty", "featureOfInterest", "result")]
_START_TAG = re.compile(r"<(?![/?!])[^\s>]+(?P<attributes>[^>]*)>(?P<text>[^<]*)")
_MARKED = re.compile(r"[&\s]")
_ID = re.compile(r'\s[^\s="]+:id="([^"]*)"')
_TOLD = re.compile(r'\s(?:[^\s="]+:(?:href|title)|uom)="([^"]*)"')
_REFERENCE = re.compile(r'\s[^\s="]+:href="#([^"]*)"')
_NUMBERS = re.compile(r"(?:\s*+[+-]?+(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+\s*+,)++", re.ASCII)
# made from an iterable of tuples, without the constructor: four times as fast
_make: Callable[[Any], Observation] = partial(tuple.__new__, Observation)


class _Held(NamedTuple):
    """What holes take: as an identifier, and as a text."""

    identifier: str
    text: str


_ILLEGAL = r"\x00-\x08\x0b-\x1f\ufffe\uffff"  # what XML does not take, or reads as something else
_PARSED = _Held('[^"]*+', "[^<]*+")  # which is XML already, and simple expressions are faster
_UNPARSED = _Held(rf'[^"<&\s{_ILLEGAL}]++', f"[^<>&{_ILLEGAL}]*+")


class _Hole(NamedTuple):
    """A place in the text of the model where others may differ, and what to remember of it."""

    begin: int
    end: int
    expression: str
    kind: str | None


class Form(NamedTuple):
    """
    The text of observations with slots, what each group of a match holds, and what of them tells the series.

    `is_known_then` tells that the result time refers to the observation's own phenomenon time.
    """

    expression: re.Pattern[str]
    slots: tuple[str, ...]
    is_known_then: bool
    series: Callable[[tuple[str, ...]], Any]


def make_form(model: etree._Element, text: str, *, is_parsed: bool = True) -> Form | None:
    """
    Make the form of observations like a model; None where it has none.

    Without `is_parsed` it is for texts that nobody has parsed: what is no XML, or has references, does not fit then.
    """
    held = _PARSED if is_parsed else _UNPARSED
    elements = list(model.iter())
    tags = list(_START_TAG.finditer(text))[-len(elements) :]
    if len(tags) != len(elements) or text.count("OM_Observation") != 2:  # its own start and end tag
        return None
    slots = _slots(model)
    own = model.find("om:phenomenonTime/gml:TimeInstant", xml.NAMESPACES)
    pieces: list[str] = []
    kinds: list[str | None] = []
    position = 0
    for element, found in zip(elements, tags, strict=True):
        for hole in _holes(element, found, own, slots.get(element), held):
            between = re.escape(text[position : hole.begin])
            if hole.kind == _TELLING and kinds[-1:] == [_TELLING]:
                # one slot with what stands between them: each of its own would cost as much
                pieces[-1:] = [pieces[-1].removesuffix(")"), between, hole.expression.removeprefix("(")]
            else:
                pieces.extend((between, hole.expression))
                kinds.append(hole.kind)
            position = hole.end
    captured = tuple(kind for kind in kinds if kind is not None and kind != _OWN_RESULT_TIME)
    telling = [number for number, kind in enumerate(captured) if kind == _TELLING]
    if not telling or "value" not in captured:
        return None
    expression = re.compile("".join(pieces) + re.escape(text[position:]))
    return Form(expression, captured, _OWN_RESULT_TIME in kinds, itemgetter(*telling))


def _slots(model: etree._Element) -> dict[etree._Element, str]:
    """Give the elements whose texts differ in a run, and what they hold."""
    paths = {
        "identifier": "gml:identifier",
        "phenomenon_time": "om:phenomenonTime/gml:TimeInstant/gml:timePosition",
        "result_time": "om:resultTime/gml:TimeInstant/gml:timePosition",
        "value": "om:result",
    }
    found = {model.find(path, xml.NAMESPACES): kind for kind, path in paths.items()}
    return {element: kind for element, kind in found.items() if element is not None}


def _holes(
    element: etree._Element, found: re.Match[str], own: etree._Element | None, kind: str | None, held: _Held
) -> Iterator[_Hole]:
    """Give the places of a start tag and its text that may differ in a form."""
    identifier = _ID.search(found.string, *found.span("attributes"))
    if identifier is not None and element is own:
        yield _Hole(*identifier.span(1), f"(?P<own>{held.identifier})", "own")
    elif identifier is not None and element.tag in (_OBSERVATION, _INSTANT):
        yield _Hole(*identifier.span(1), held.identifier, None)
    reference = _REFERENCE.search(found.string, *found.span("attributes"))
    refers_to_own = reference is not None and own is not None and reference.group(1) == own.get(xml.GML_ID)
    if refers_to_own and reference is not None and element.tag == xml.tag("om:resultTime"):
        yield _Hole(*reference.span(1), "(?P=own)", _OWN_RESULT_TIME)
    if element.tag in _REFERRING:
        for told in _TOLD.finditer(found.string, *found.span("attributes")):
            yield _Hole(*told.span(1), '([^"]*+)', _TELLING)
    if kind is not None:
        yield _Hole(*found.span("text"), f"({held.text})", kind)


def fill(form: Form, model: Observation, rows: list[tuple[str, ...]]) -> Iterator[Observation]:
    """Fill the rows into the model, up to the first that the general way must read."""
    texts = dict(zip(form.slots, zip(*rows, strict=True), strict=True))
    columns: dict[str, Iterable[Any]] = {name: repeat(constant) for name, constant in model._asdict().items()}
    columns["value"] = _values(texts["value"])
    if "phenomenon_time" in texts:
        columns["phenomenon_time"] = _times(texts["phenomenon_time"])
    if "result_time" in texts:
        same = texts["result_time"] == texts.get("phenomenon_time")
        columns["result_time"] = columns["phenomenon_time"] if same else _times(texts["result_time"])
    elif form.is_known_then:
        columns["result_time"] = columns["phenomenon_time"]
    if "identifier" in texts:
        columns["identifier"] = _identifiers(texts["identifier"])
    return map(_make, zip(*columns.values(), strict=False))


def _identifiers(texts: Sequence[str]) -> Iterable[str | None]:
    if all(texts) and not _MARKED.search("".join(texts)):
        return texts
    return [unescape(text).strip() or None for text in texts]


def _values(texts: Sequence[str]) -> list[float]:
    """Read numbers, up to the first text that is none."""
    if _NUMBERS.fullmatch(",".join(texts) + ","):
        values = list(map(float, texts))
        if max(map(abs, values)) < inf:
            return values
    return list(_while_readable(xsd.read_double, texts))


def _times(texts: Sequence[str]) -> list[datetime]:
    """Read instants, up to the first text that is none."""
    try:
        times = list(map(datetime.fromisoformat, texts))
    except ValueError:
        return list(_while_readable(parse_instant, texts))
    if {time.tzinfo for time in times} == {UTC}:
        return times
    return list(_while_readable(parse_instant, texts))


def _while_readable(read: Callable[[str], Read], texts: Iterable[str]) -> Iterator[Read]:
    for text in texts:
        try:
            yield read(text)
        except (ValueError, OverflowError):
            return
