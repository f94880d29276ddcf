"""
The fast way to read O&M 2.0: observations that differ in nothing but times, value and identifiers.

Such observations are written alike but for these places. So from one of them comes a form: its text with slots. One
slot holds what tells a series, the references of its properties: the first observation of a series is read the general
way, and each other one that fits the form with the same references has the same members, with its own times and value.
So many series may come in turn. What fits no form, or holds anything unusual in a slot, is read the general way, which
also tells what is wrong in it: both ways give the same values. The fast way costs about as much as parsing, the general
way eight times as much.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar
from xml.sax.saxutils import unescape

from lxml import etree

from sos_server.codecs import xml, xsd
from sos_server.model import Observation
from sos_server.time import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sos_server.codecs import gml32

    OneReader = Callable[[etree._Element], Iterable[Observation]]

Read = TypeVar("Read")

FEWEST = 16  # of fewer observations a pattern is not worth making
MOST = 5000  # observations that are read at once
_MOST_FORMS = 4  # with and without an identifier, instants and periods
_MOST_SERIES = 5000
_SAMPLE, _STEP = 64, 7919

_OBSERVATION = xml.tag("om:OM_Observation")
_INSTANT = xml.tag("gml:TimeInstant")
_Look: TypeAlias = "tuple[str, ...]"
_REFERRING = [xml.tag(f"om:{name}") for name in ("procedure", "observedProperty", "featureOfInterest", "result")]
_OWN_RESULT_TIME, _TELLING = "own_result_time", "telling"
_START_TAG = re.compile(r"<(?![/?!])[^\s>]+(?P<attributes>[^>]*)>(?P<text>[^<]*)")
_MARKED = re.compile(r"[&\s]")
_NO_ELEMENT = re.compile("<[!?]")
_ID = re.compile(r'\s[^\s="]+:id="([^"]*)"')
_TOLD = re.compile(r'\s(?:[^\s="]+:(?:href|title)|uom)="([^"]*)"')
_REFERENCE = re.compile(r'\s[^\s="]+:href="#([^"]*)"')
_NUMBERS = re.compile(r"(?:\s*+[+-]?+(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+\s*+,)++", re.ASCII)
# made from an iterable of tuples, without the constructor: four times as fast
_make: Callable[[Any], Observation] = partial(tuple.__new__, Observation)


class _Hole(NamedTuple):
    """A place in the text of the model where others may differ, and what to remember of it."""

    begin: int
    end: int
    expression: str
    kind: str | None


class _Form(NamedTuple):
    """The text of observations with slots, what each slot holds, and what of a match tells the series."""

    expression: re.Pattern[str]
    slots: tuple[str, ...]
    series: Callable[[tuple[str, ...]], Any]


def decode(root: etree._Element, decode_one: OneReader, times: gml32.Times) -> Iterator[Observation]:
    """Read all observations of a document in order; `decode_one` is the general way."""
    observations = list(root.iter(_OBSERVATION))
    text = _text(root) if len(observations) > FEWEST else ""
    known = _Forms(observations, decode_one, times)
    position, begin = 0, 0
    while position < len(observations):
        found, begin = known.read(text, begin, position)
        yield from found
        position += len(found)
        if len(found) == MOST or position == len(observations) or (begin and known.learn(text, begin, position)):
            continue
        element = observations[position]
        yield from decode_one(element)
        position += 1
        begin = _end(text, begin, element)
        if not begin or next(element.iterdescendants(_OBSERVATION), None) is not None:
            text, begin = "", 0  # one that holds others: its text does not end where the next one begins


class _Forms:
    """The forms of a document, and an observation of each series in them."""

    def __init__(self, observations: list[etree._Element], decode_one: OneReader, times: gml32.Times) -> None:
        self._observations = observations
        self._decode_one = decode_one
        self._times = times
        self._forms: list[_Form] = []
        self._last = 0
        self._models: list[tuple[_Form, Observation]] = []
        self._numbers: dict[tuple[int, Any], int | None] = {}  # of models; None: not to be read fast
        self._tried: Counter[_Look] = Counter()
        self._frequent: Counter[_Look] | None = None

    def learn(self, text: str, begin: int, position: int) -> bool:
        """Take the observation at a place as the model of others; tell whether it can be."""
        form, match = self._match(text, begin)
        if match is None and self._add_form(text, begin, position):
            form, match = self._match(text, begin)
        if match is None or len(self._models) >= _MOST_SERIES:
            return False
        key = form, self._forms[form].series(match.groups())
        if key in self._numbers:
            return False
        self._numbers[key] = None
        read = tuple(self._decode_one(self._observations[position]))
        if len(read) != 1 or not isinstance(read[0].value, float):
            return False
        self._numbers[key] = len(self._models)
        self._models.append((self._forms[form], read[0]))
        return True

    def _add_form(self, text: str, begin: int, position: int) -> bool:
        model = self._observations[position]
        look = _look(model)
        if self._tried[look] >= _MOST_FORMS or len(self._forms) >= _MOST_FORMS or not self._is_worth(look, position):
            return False
        self._tried[look] += 1
        form = _form(model, text[begin : _end(text, begin, model)])
        if form is None or (_OWN_RESULT_TIME in form.slots and not self._times.are_unique()):
            return False
        self._forms.append(form)
        return True

    def _is_worth(self, look: _Look, position: int) -> bool:
        """Guess whether enough observations have a look; a wrong guess costs time, nothing else."""
        observations = self._observations
        ahead = position + FEWEST - 1
        if ahead < len(observations) and look == _look(observations[ahead]):
            return True
        if self._frequent is None:
            # steps of a prime number, so that forms in turn are all met
            places = {number * _STEP % len(observations) for number in range(_SAMPLE)}
            self._frequent = Counter(_look(observations[place]) for place in places)
        share = self._frequent[look] / min(_SAMPLE, len(observations))
        return share * (len(observations) - position) >= FEWEST

    def _match(self, text: str, begin: int) -> tuple[int, re.Match[str] | None]:
        for number, form in enumerate(self._forms):
            if (match := form.expression.match(text, begin)) is not None:
                return number, match
        return 0, None

    def read(self, text: str, begin: int, position: int) -> tuple[list[Observation], int]:
        """Read the observations from a place on, up to the first of an unknown form or series; tell where they end."""
        if not self._models or not text:
            return [], begin
        order: list[int] = []
        rows: dict[int, list[tuple[str, ...]]] = defaultdict(list)
        ends = [begin]
        last, end, numbers = self._last, begin, self._numbers
        match_last, series_of = self._forms[last].expression.match, self._forms[last].series
        for _ in range(position, min(position + MOST, len(self._observations))):
            match = match_last(text, end)
            if match is None:
                last, match = self._match(text, end)
                if match is None:
                    break
                match_last, series_of = self._forms[last].expression.match, self._forms[last].series
            groups = match.groups()
            number = numbers.get((last, series_of(groups)))
            if number is None:
                break
            end = match.end()
            order.append(number)
            ends.append(end)
            rows[number].append(groups)
        self._last = last
        found = self._fill(order, rows)
        return found, ends[len(found)]

    def _fill(self, order: list[int], rows: dict[int, list[tuple[str, ...]]]) -> list[Observation]:
        """Give the observations in their order, up to the first that the general way must read."""
        read = {number: list(_observations(*self._models[number], found)) for number, found in rows.items()}
        if len(read) <= 1:
            return next(iter(read.values()), [])
        sources = {number: iter(found) for number, found in read.items()}
        merged: list[Observation] = []
        for number in order:
            observation = next(sources[number], None)
            if observation is None:
                break
            merged.append(observation)
        return merged


def _text(root: etree._Element) -> str:
    """Give the text of a document; nothing where it holds comments or the like, which patterns cannot pass over."""
    text: str = etree.tostring(root, encoding="unicode", with_tail=False)
    # looking for one letter is ten times as fast as for two
    return "" if ("!" in text or "?" in text) and _NO_ELEMENT.search(text) else text


def _end(text: str, begin: int, element: etree._Element) -> int:
    """Give where the next observation of the text ends, 0 where there is none written with the prefix of this one."""
    end_tag = f"</{element.prefix}:OM_Observation>" if element.prefix else "</OM_Observation>"
    found = text.find(end_tag, begin)
    return 0 if found < 0 else found + len(end_tag)


def _look(observation: etree._Element) -> _Look:
    return tuple(child.tag for child in observation)


def _form(model: etree._Element, text: str) -> _Form | None:
    """Make the form of observations like a model; None where it has none."""
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
        for hole in _holes(element, found, own, slots.get(element)):
            between = re.escape(text[position : hole.begin])
            if hole.kind == _TELLING and kinds[-1:] == [_TELLING]:
                # one slot with what stands between them: each of its own would cost as much
                pieces[-1:] = [pieces[-1].removesuffix(")"), between, hole.expression.removeprefix("(")]
            else:
                pieces.extend((between, hole.expression))
                kinds.append(hole.kind)
            position = hole.end
    captured = [kind for kind in kinds if kind not in (None, _OWN_RESULT_TIME)]
    telling = [number for number, kind in enumerate(captured) if kind == _TELLING]
    if not telling or "value" not in captured:
        return None
    expression = re.compile("".join(pieces) + re.escape(text[position:]))
    return _Form(expression, tuple(filter(None, kinds)), itemgetter(*telling))


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
    element: etree._Element, found: re.Match[str], own: etree._Element | None, kind: str | None
) -> Iterator[_Hole]:
    """Give the places of a start tag and its text that may differ in a form."""
    identifier = _ID.search(found.string, *found.span("attributes"))
    if identifier is not None and element is own:
        yield _Hole(*identifier.span(1), '(?P<own>[^"]*+)', "own")
    elif identifier is not None and element.tag in (_OBSERVATION, _INSTANT):
        yield _Hole(*identifier.span(1), '[^"]*+', None)
    reference = _REFERENCE.search(found.string, *found.span("attributes"))
    refers_to_own = reference is not None and own is not None and reference.group(1) == own.get(xml.GML_ID)
    if refers_to_own and reference is not None and element.tag == xml.tag("om:resultTime"):
        yield _Hole(*reference.span(1), "(?P=own)", _OWN_RESULT_TIME)
    if element.tag in _REFERRING:
        for told in _TOLD.finditer(found.string, *found.span("attributes")):
            yield _Hole(*told.span(1), '([^"]*+)', _TELLING)
    if kind is not None:
        yield _Hole(*found.span("text"), "([^<]*+)", kind)


def _observations(form: _Form, model: Observation, rows: list[tuple[str, ...]]) -> Iterator[Observation]:
    """Fill the rows into the model, up to the first that the general way must read."""
    names = [slot for slot in form.slots if slot != _OWN_RESULT_TIME]
    texts = dict(zip(names, zip(*rows, strict=True), strict=True))
    columns: dict[str, Iterable[Any]] = {name: repeat(constant) for name, constant in model._asdict().items()}
    columns["value"] = _values(texts["value"])
    if "phenomenon_time" in texts:
        columns["phenomenon_time"] = _times(texts["phenomenon_time"])
    if "result_time" in texts:
        same = texts["result_time"] == texts.get("phenomenon_time")
        columns["result_time"] = columns["phenomenon_time"] if same else _times(texts["result_time"])
    elif _OWN_RESULT_TIME in form.slots:
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
