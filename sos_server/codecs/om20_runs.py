"""
The fast way to read O&M 2.0: observations that differ in nothing but times, value and identifiers.

Such observations are written alike but for these places. So from one of them comes a form: its text with slots. One
slot holds what tells a series, the references of its properties: the first observation of a series is read the general
way, and each other one that fits the form with the same references has the same members, with its own times and value.
So many series may come in turn. What fits no form, or holds anything unusual in a slot, is read the general way, which
also tells what is wrong in it: both ways give the same values. The fast way costs about as much as parsing, the general
way five times as much.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from lxml import etree

from sos_server.codecs import xml
from sos_server.codecs.om20_form import fill, make_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sos_server.codecs import gml32
    from sos_server.codecs.om20_form import Form
    from sos_server.model import Observation

    OneReader = Callable[[etree._Element], Iterable[Observation]]

FEWEST = 16  # of fewer observations a form is not worth making
MOST = 5000  # observations that are read at once
_MOST_FORMS = 4  # with and without an identifier, instants and periods
_MOST_SERIES = 5000
_SAMPLE, _STEP = 64, 7919

_OBSERVATION = xml.tag("om:OM_Observation")
_Look: TypeAlias = "tuple[str, ...]"
_NO_ELEMENT = re.compile("<[!?]")


def decode(root: etree._Element, decode_one: OneReader, times: gml32.Times) -> Iterator[Observation]:
    """Read all observations of a document in order; `decode_one` is the general way."""
    observations = list(root.iter(_OBSERVATION))
    if len(observations) <= FEWEST:
        # no generator: for each value of an array it would cost a tenth of what reading it costs
        return chain.from_iterable(map(decode_one, observations))
    return _decode_many(root, observations, _Forms(observations, decode_one, times), decode_one)


def _decode_many(
    root: etree._Element, observations: list[etree._Element], known: _Forms, decode_one: OneReader
) -> Iterator[Observation]:
    text = _text(root)
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
        self._forms: list[Form] = []
        self._last = 0
        self._models: list[tuple[Form, Observation]] = []
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
        form = make_form(model, text[begin : _end(text, begin, model)])
        if form is None or (form.is_known_then and not self._times.are_unique()):
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
        read = {number: list(fill(*self._models[number], found)) for number, found in rows.items()}
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
