"""
InsertObservation as sensors send it: again and again the same document, with another time, value and identifier.

Such a document is read by what was read before: its text is that of an earlier one but for the slots of `om20_form`.
What differs in anything else is read the general way, and so is what holds anything unusual in a slot; both ways give
the same request. Not parsing at all, the fast way takes a sixth of the time.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lxml import etree

from sos_server.codecs import xml
from sos_server.codecs.om20_form import fill, make_form

if TYPE_CHECKING:
    from sos_server.codecs.om20_form import Form
    from sos_server.requests import InsertObservation

_LONGEST = 4096  # characters of a document: one observation is seldom longer
_MOST_TRIES = 4  # for documents that begin alike: with and without an identifier, instants by reference
_ROOM = 3000  # beginnings, forms and series that are remembered, at most ten kilobytes each
_SECONDS_KEPT = 600  # at least: making forms that are forgotten at once would cost more than they save

_OBSERVATION = xml.tag("om:OM_Observation")
_NAME = "OM_Observation"
_TIMES = (xml.tag("gml:TimeInstant"), xml.tag("gml:TimePeriod"))
# a declaration after which the text is what its bytes are in UTF-8
_DECLARATION = re.compile(r"""(?:<\?xml\s+version=["']1\.0["'](?:\s+encoding=["'][Uu][Tt][Ff]-8["'])?\s*\?>)?\s*""")


@dataclass(frozen=True, slots=True)
class _Known:
    """A form, what follows it in the document, and a request for each of its series."""

    form: Form
    tail: str
    requests: dict[Any, InsertObservation] = field(default_factory=dict)

    def match(self, text: str, begin: int) -> tuple[str, ...] | None:
        """Give what stands in the slots of a document, None where it has another form."""
        match = self.form.expression.match(text, begin)
        return None if match is None or text[match.end() :] != self.tail else match.groups()


@dataclass(slots=True)
class _Beginning:
    """The forms of documents that begin alike, and how often one was looked for."""

    forms: list[_Known] = field(default_factory=list)
    tries: int = 0


class RepeatedInsertions:
    """Remembers the forms of documents with one observation; to be used by one thread."""

    def __init__(self) -> None:
        self._known: dict[str, _Beginning] = {}  # by the text before the observation
        self._room = _ROOM
        self._since = time.monotonic()

    def read(self, text: str) -> InsertObservation | None:
        """Give the request of a document, None where it has to be read the general way."""
        begin = _begin(text)
        beginning = self._known.get(text[:begin])
        if beginning is None:
            return None
        for known in beginning.forms:
            slots = known.match(text, begin)
            if slots is not None:
                request = known.requests.get(known.form.series(slots))
                return None if request is None else _filled(known.form, request, slots)
        return None

    def learn(self, text: str, root: etree._Element, request: InsertObservation) -> None:
        """Remember a document that was read the general way; its form is made when a second one begins alike."""
        if len(text) > _LONGEST or len(request.observations) != 1 or not self._has_room():
            return
        if not isinstance(request.observations[0].value, float):
            return
        begin = _begin(text)
        beginning = self._known.get(text[:begin])
        if beginning is None:
            self._known[text[:begin]] = _Beginning()
            self._room -= 1
        elif not self._add(beginning, text, begin, request) and beginning.tries < _MOST_TRIES:
            beginning.tries += 1
            made = _make(text, begin, root)
            if made is not None:
                beginning.forms.append(made)
                self._room -= 1
                self._add(beginning, text, begin, request)

    def _add(self, beginning: _Beginning, text: str, begin: int, request: InsertObservation) -> bool:
        """Add the series of a request to the form that it has, and tell whether there is one."""
        for known in beginning.forms:
            slots = known.match(text, begin)
            if slots is not None:
                # what is not read alike the second time has something in it that a form does not know
                if _filled(known.form, request, slots) == request:
                    known.requests[known.form.series(slots)] = request
                    self._room -= 1
                return True
        return False

    def _has_room(self) -> bool:
        """Tell whether anything more can be remembered; after a while all is forgotten for that."""
        if self._room <= 0 and time.monotonic() - self._since > _SECONDS_KEPT:
            self._known.clear()
            self._room, self._since = _ROOM, time.monotonic()
        return self._room > 0


def _begin(text: str) -> int:
    """Give where the first observation begins."""
    return max(text.rfind("<", 0, max(text.find(_NAME), 0)), 0)


def _filled(form: Form, request: InsertObservation, groups: tuple[str, ...]) -> InsertObservation | None:
    """Give the request with what stands in the slots; None where the general way must read it."""
    (model,) = request.observations
    found = tuple(fill(form, model, [groups]))
    return replace(request, observations=found) if found else None


def _make(text: str, begin: int, root: etree._Element) -> _Known | None:
    """Make the form of a document that is written as it would be written here; others could mean the same."""
    elements = list(root.iter(_OBSERVATION))
    declaration = _DECLARATION.match(text)
    if len(elements) != 1 or declaration is None:
        return None
    body = text[declaration.end() :]
    if body.rstrip(" \n") != etree.tostring(root, encoding="unicode", with_tail=False):
        return None
    (element,) = elements
    end = text.find(f"</{element.prefix}:{_NAME}>" if element.prefix else f"</{_NAME}>", begin)
    end = text.find(">", end) + 1
    form = make_form(element, text[begin:end], is_parsed=False)
    if form is None or (form.is_known_then and len(list(root.iter(*_TIMES))) > 1):
        return None
    return _Known(form, text[end:])
