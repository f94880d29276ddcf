"""
What the structure of a document cannot tell: names, references, cycles, limits (section 1.1 of the semantics).

All faults are collected, also when the structure has some; what cannot be checked because of one is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from weps.rules.eml import document as doc
from weps.rules.eml.scope import Names
from weps.rules.operators.view import MAX_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weps.rules.eml.structure import Faults

    Key: TypeAlias = tuple[str, int]

MAX_PATTERNS = 200
MAX_SELECTS = 20
MAX_FAN_OUT = 10_000
"""How many events one observation may become."""


@dataclass(frozen=True, slots=True)
class Streams:
    """The event streams of a document: by pattern and number of the select function, or by name."""

    patterns: dict[str, doc.Pattern]
    by_name: dict[str, Key]

    def key(self, reference: doc.PatternReference | None) -> Key | None:
        """Give the stream of a reference; None where there is none."""
        if reference is None or reference.pattern not in self.patterns:
            return None
        if reference.number >= len(self.patterns[reference.pattern].selects):
            return None
        return reference.pattern, reference.number

    def event_name(self, reference: doc.PatternReference | None) -> str:
        """Give the name of the events of a reference; empty where they have none."""
        key = self.key(reference)
        return "" if key is None else self.patterns[key[0]].selects[key[1]].event

    def input_of(self, pattern: doc.Pattern) -> Key | None:
        """Give the stream that a simple pattern takes; None for observations."""
        if not isinstance(pattern, doc.SimplePattern):
            return None
        if isinstance(pattern.input, doc.PatternReference):
            return self.key(pattern.input)
        return self.by_name.get(pattern.input)

    def input_name(self, pattern: doc.SimplePattern) -> str:
        """Give the name by which a simple pattern refers to its input."""
        return self.event_name(pattern.input) if isinstance(pattern.input, doc.PatternReference) else pattern.input

    def sources(self, pattern: doc.Pattern) -> tuple[Key, ...]:
        """Give the streams that a pattern takes, in the order of its sides."""
        if isinstance(pattern, doc.ComplexPattern):
            keys = (self.key(pattern.first), self.key(pattern.second))
        elif isinstance(pattern, doc.RepetitivePattern):
            keys = (self.key(pattern.repeated), None)
        else:
            keys = (self.input_of(pattern), None)
        return tuple(key for key in keys if key is not None)


def check_document(document: doc.Document, faults: Faults) -> Streams:
    """Check a document and give its streams."""
    by_name = _streams_by_name(document, faults)
    # only EML 0.0.1 chains patterns by names: the ExternalInput of 0.0.2 is never another pattern
    streams = Streams(_patterns_by_id(document, faults), by_name if document.version == "0.0.1" else {})
    if len(document.patterns) > MAX_PATTERNS:
        faults.add(0, f"the rule has {len(document.patterns)} patterns, at most {MAX_PATTERNS} are taken; split it")
    for pattern in document.patterns:
        if len(pattern.selects) > MAX_SELECTS:
            faults.add(
                pattern.line,
                f"{pattern.id} has {len(pattern.selects)} select functions, at most {MAX_SELECTS} are taken",
            )
        _check_references(pattern, streams, faults)
        _check_mentions(pattern, streams, faults)
        _check_sizes(pattern, faults)
    # the time that this takes grows with the square of the patterns
    if len(document.patterns) <= MAX_PATTERNS and not _has_cycle(document, streams, faults):
        _check_fan_out(document, streams, faults)
    return streams


def _patterns_by_id(document: doc.Document, faults: Faults) -> dict[str, doc.Pattern]:
    found: dict[str, doc.Pattern] = {}
    for pattern in document.patterns:
        if pattern.id in found:
            text = f"the patternID {pattern.id!r} stands at line {found[pattern.id].line} already; choose another one"
            faults.add(pattern.line, text)
        elif pattern.id:
            found[pattern.id] = pattern
    return found


def _streams_by_name(document: doc.Document, faults: Faults) -> dict[str, Key]:
    """
    Give the streams by their names; the same name twice is a fault (section 1.1).

    Unless nothing takes events of that name, so that it only names detections: the rule that the IMIS pilot published
    tells its initial match and its overshoots under one name, and has to run as it is.
    """
    found: dict[str, Key] = {}
    taken = _names_taken(document)
    for pattern in document.patterns:
        for number, select in enumerate(pattern.selects):
            if select.event in found:
                if select.event not in taken:
                    continue
                text = f"the newEventName {select.event!r} is used by {found[select.event][0]} already; choose another"
                faults.add(select.line, text)
            elif select.event:
                found[select.event] = (pattern.id, number)
    return found


def _names_taken(document: doc.Document) -> set[str]:
    """Give the event names that patterns take as their input, by name or by a reference to what makes them."""
    selects = {
        (pattern.id, number): select.event
        for pattern in document.patterns
        for number, select in enumerate(pattern.selects)
    }
    taken = {pattern.input for pattern in document.patterns if isinstance(pattern, doc.SimplePattern)}
    for pattern in document.patterns:
        taken |= {selects.get((found.pattern, found.number), "") for found in _references(pattern)}
    return {name for name in taken if isinstance(name, str) and name}


def _references(pattern: doc.Pattern) -> Iterator[doc.PatternReference]:
    if isinstance(pattern, doc.SimplePattern):
        candidates: tuple[object, ...] = (pattern.input,)
    elif isinstance(pattern, doc.ComplexPattern):
        candidates = (pattern.first, pattern.second)
    elif isinstance(pattern, doc.RepetitivePattern):
        candidates = (pattern.repeated,)
    else:
        candidates = ()
    return (found for found in candidates if isinstance(found, doc.PatternReference))


def _check_references(pattern: doc.Pattern, streams: Streams, faults: Faults) -> None:
    for reference in _references(pattern):
        target = streams.patterns.get(reference.pattern)
        if target is None:
            known = ", ".join(streams.patterns)
            faults.add(reference.line, f"there is no pattern {reference.pattern!r}; use one of {known}")
        elif reference.number >= len(target.selects):
            text = (
                f"{reference.pattern} has {len(target.selects)} select function(s); "
                f"there is no number {reference.number}, they are counted 0, 1, 2 …"
            )
            faults.add(reference.line, text)


def input_names(pattern: doc.Pattern, streams: Streams) -> tuple[str, ...]:
    """Give the names by which a pattern can refer to its inputs."""
    if isinstance(pattern, doc.SimplePattern):
        names: tuple[str, ...] = (streams.input_name(pattern),)
    elif isinstance(pattern, doc.ComplexPattern):
        names = (streams.event_name(pattern.first), streams.event_name(pattern.second))
    elif isinstance(pattern, doc.RepetitivePattern):
        names = (streams.event_name(pattern.repeated),)
    else:
        names = ()
    return tuple(name for name in names if name)


_PROPERTY_FUNCTIONS = frozenset(doc.Function) - {doc.Function.EVENT, doc.Function.NOTIFY, doc.Function.COUNT}


def _mentions(pattern: doc.Pattern) -> Iterator[doc.Mention]:
    for select in pattern.selects:
        if select.function in _PROPERTY_FUNCTIONS:
            for argument in select.arguments:
                yield doc.Mention(argument, select.line)
    if isinstance(pattern, (doc.SimplePattern, doc.ComplexPattern)):
        yield from pattern.guard.mentions


def _check_mentions(pattern: doc.Pattern, streams: Streams, faults: Faults) -> None:
    names = input_names(pattern, streams)
    known = Names(dict.fromkeys(names))
    shown = ", ".join(dict.fromkeys(names)) or "nothing"
    if any(streams.key(reference) is None for reference in _references(pattern)):
        return  # the names are not known, and that is told already
    for mention in _mentions(pattern):
        if not mention.spatial and not known.is_known(mention.reference):
            head = mention.reference.partition("/")[0]
            faults.add(mention.line, f"{mention.reference}: {head} is no input of {pattern.id}, which takes {shown}")
    for select in pattern.selects:
        picks_side = select.function is doc.Function.EVENT and isinstance(pattern, doc.ComplexPattern)
        if picks_side and select.arguments[0] not in names:
            faults.add(select.line, f"{pattern.id} takes {shown}; eventName {select.arguments[0]!r} is none of them")


def _check_sizes(pattern: doc.Pattern, faults: Faults) -> None:
    view = getattr(pattern, "view", None)
    sizes = [(view.count, view.line)] if view is not None else []
    if isinstance(pattern, doc.RepetitivePattern):
        sizes.append((pattern.count, pattern.line))
    for count, line in sizes:
        if count is not None and count > MAX_EVENTS:
            faults.add(line, f"EventCount is {count}, at most {MAX_EVENTS} events are kept; choose a smaller one")


def _has_cycle(document: doc.Document, streams: Streams, faults: Faults) -> bool:
    """Tell of every pattern that waits for itself: those that remain when all others are taken away."""
    waiting = {pattern.id: {key[0] for key in streams.sources(pattern)} for pattern in document.patterns}
    free = [identifier for identifier, sources in waiting.items() if not sources]
    while free:
        done = free.pop()
        waiting.pop(done, None)
        for identifier, sources in waiting.items():
            if done in sources:
                sources.discard(done)
                if not sources:
                    free.append(identifier)
    cycle = _on_cycle(waiting)
    for pattern in document.patterns:
        if pattern.id in cycle:
            others = ", ".join(sorted(cycle))
            faults.add(pattern.line, f"{pattern.id} takes its own output ({others}); break the cycle of references")
    return bool(waiting)


def _on_cycle(waiting: dict[str, set[str]]) -> set[str]:
    """Leave out those that only wait for a cycle."""
    cycle = set(waiting)
    while True:
        awaited = {source for pattern in cycle for source in waiting[pattern]}
        if cycle <= awaited:
            return cycle
        cycle &= awaited


def _check_fan_out(document: doc.Document, streams: Streams, faults: Faults) -> None:
    """Refuse rules of which one observation could become so many events that nothing else is done any more."""
    events: dict[str, int] = {}
    pending = list(document.patterns)
    while pending:
        waiting: list[doc.Pattern] = []
        for pattern in pending:
            sources = streams.sources(pattern)
            if any(source[0] not in events for source in sources):
                waiting.append(pattern)
                continue
            counts = [events[source[0]] for source in sources] or [1]
            adds = isinstance(pattern, doc.ComplexPattern) and pattern.operator is doc.Operator.OR
            events[pattern.id] = sum(counts) if adds else max(counts)
            if events[pattern.id] > MAX_FAN_OUT:
                text = f"one observation could become {events[pattern.id]} events in {pattern.id}; use fewer patterns"
                faults.add(pattern.line, text)
                return
        if len(waiting) == len(pending):
            return
        pending = waiting
