"""
The state of a rule between two triggers: its clock, its timers, and what each operator keeps.

The engine takes the state that `step` and `tick` give and never uses an old one again: operators change it in place,
which costs a tenth of copying it. As plain JSON it is versioned and complete:

    {"version": 1, "clock": µs, "event": n, "trigger": n, "order": n,
     "timers": [[operator, due µs, order]], "operators": {operator: …}, "events": [[id, trigger, …]]}

`version` is that of this frame; `versions` beside it has those of the kinds of operators that are not in their first.

An operator is known by its name in the rule (`pattern.view`), events by their id; an event that several operators
keep is stored once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from weps.errors import StateError
from weps.model import Observation
from weps.rules.migration import upgraded, version_of
from weps.rules.operators.event import Event, Facts, Match, known, lineage_of, number_of

if TYPE_CHECKING:
    from weps.model import Detection, Json
    from weps.rules.operators.event import Subject

EVENT_KIND = "eml-event"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Operator(Protocol):
    """
    A part of a rule that keeps something: what it keeps is its box, at its `slot` of `RuleState.boxes`.

    `kind` is what its box is stored as.
    """

    kind: ClassVar[str]

    @property
    def slot(self) -> int:
        """The place of its box."""
        ...

    @property
    def name(self) -> str:
        """Its name in stored states."""
        ...

    def start(self) -> Any:
        """Give the box of an operator that has seen nothing."""
        ...

    def activate(self, state: RuleState) -> None:
        """Set the timers that run from the activation of the rule."""
        ...

    def on_timer(self, state: RuleState) -> None:
        """Do what is due; the clock of the state stands at the due time."""
        ...

    def dump(self, box: Any, book: EventBook) -> Json:
        """Give the box as plain JSON; events are entered in the book."""
        ...

    def load(self, stored: Any, book: EventBook) -> Any:
        """Give the box back."""
        ...


class RuleState:
    """
    What a rule knows between two triggers; the last five members are in use within one only.

    `changed` says whether a box or a timer changed since somebody asked. The clock and the counters alone are no
    change: they only tell apart what is kept, and whatever is kept is stored with them.

    Two states of one rule are equal when they would be stored alike.
    """

    __slots__ = (
        "boxes", "changed", "clock", "ending", "event", "found", "fresh", "next_due", "observation", "operators",
        "order", "queue", "timers", "trigger",
    )  # fmt: skip

    def __init__(self, clock: datetime, operators: tuple[Operator, ...]) -> None:
        self.clock = clock
        self.operators = operators
        self.boxes: list[Any] = [None] * (max((operator.slot for operator in operators), default=-1) + 1)
        self.event = 0
        self.trigger = 0
        self.order = 0
        self.timers: dict[int, tuple[datetime, int]] = {}
        self.next_due = NEVER
        self.changed = False
        self.observation: Observation | None = None
        self.queue: list[tuple[tuple[Any, ...], Event]] = []
        self.found: list[Detection] = []
        self.fresh: list[Any] = []
        self.ending: list[Any] = []

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RuleState):
            return NotImplemented
        return self.operators == other.operators and dump_state(self) == dump_state(other)

    __hash__ = None  # type: ignore[assignment]

    def set_timer(self, slot: int, due: datetime) -> None:
        """Let the operator of a slot be called at a time; it has at most one timer, and none that is due never."""
        if due == NEVER:
            return
        self.changed = True
        self.order += 1
        self.timers[slot] = (due, self.order)
        self.next_due = min(self.next_due, due)

    def is_due(self, slot: int) -> bool:
        """Tell whether the timer of a slot is due, and waits only for others that were registered before it."""
        timer = self.timers.get(slot)
        return timer is not None and timer[0] <= self.clock

    def drop_timer(self, slot: int) -> None:
        """Forget the timer of a slot, if it has one."""
        if self.timers.pop(slot, None) is not None:
            self.changed = True
            self.next_due = min((due for due, _ in self.timers.values()), default=NEVER)

    def take_due(self) -> int:
        """Take the timer that is due first (of equal ones, that registered first) and set the clock to it."""
        slot = min(self.timers, key=self.timers.__getitem__)
        self.clock = self.timers[slot][0]
        self.drop_timer(slot)
        return slot


def after(instant: datetime, duration: timedelta) -> datetime:
    """Give the instant that comes so long after another one; never, where the calendar ends before."""
    try:
        return instant + duration
    except OverflowError:
        return NEVER


def to_json_time(instant: datetime) -> int:
    """Give an instant as microseconds since 1970 UTC."""
    return (instant - EPOCH) // _MICROSECOND


def from_json_time(stored: int) -> datetime:
    """Give the instant of so many microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=stored)


_OPTIONAL = ("uom", "offering", "nil_reason", "geometry", "identifier", "quality")
_TIMES = ("phenomenon_time_end", "result_time")


def _dump_observation(observation: Observation) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "time": to_json_time(observation.phenomenon_time),
        "series": list(observation.series),
        "value": known(observation.value),
        "id": observation.id,
    }
    for name in _TIMES:
        if (instant := getattr(observation, name)) is not None:
            stored[name] = to_json_time(instant)
    for name in _OPTIONAL:
        if (member := getattr(observation, name)) is not None:
            stored[name] = dict(member) if name == "geometry" else member
    return stored


def _load_observation(stored: dict[str, Any]) -> Observation:
    members: dict[str, Any] = {name: from_json_time(stored[name]) for name in _TIMES if name in stored}
    members.update((name, stored[name]) for name in _OPTIONAL if name in stored)
    procedure, observed_property, feature = stored["series"]
    time = from_json_time(stored["time"])
    return Observation(time, procedure, observed_property, feature, stored["value"], id=stored["id"], **members)


class EventBook:
    """The events of a stored state, each written once."""

    def __init__(self, stored: list[Any] | None = None) -> None:
        self.rows: list[list[Any]] = []
        self._entered: set[int] = set()
        self._events = {row[0]: _load_event(row) for row in stored or ()}

    def enter(self, event: Event | None) -> int | None:
        """Enter an event and give its id; None for none."""
        if event is None:
            return None
        if event.id not in self._entered:
            self._entered.add(event.id)
            self.rows.append(_dump_event(event))
        return event.id

    def enter_subject(self, subject: Subject) -> int | list[int | None]:
        """Enter an event, or both sides of a match."""
        if isinstance(subject, Match):
            return [self.enter(subject.first), self.enter(subject.second)]
        event = subject if isinstance(subject, Event) else subject.event
        self.enter(event)
        return event.id

    def find(self, identifier: int | None) -> Event | None:
        """Give the event of an id."""
        return None if identifier is None else self._events[identifier]

    def find_subject(self, stored: int | list[int | None]) -> Subject:
        """Give an event or a match."""
        if isinstance(stored, list):
            return Match(self.find(stored[0]), self.find(stored[1]))
        return self._events[stored]


def _dump_event(event: Event) -> list[Any]:
    history = None if event.history is None else [list(event.history[0]), sorted(event.history[1])]
    if history is None and event.parts:
        history = [list(lineage_of(event)), []]
    if isinstance(event.body, Facts):
        begin, end = event.body.time()
        facts = {"value": event.value, "name": event.body.name, "span": [to_json_time(begin), to_json_time(end)]}
        return [event.id, event.trigger, "facts", facts, history]
    return [event.id, event.trigger, "observation", _dump_observation(event.body), history]


def _load_event(row: list[Any]) -> Event:
    identifier, trigger, kind, stored, past = row
    history = None if past is None else (tuple(past[0]), frozenset(past[1]))
    body: Facts | Observation
    if kind == "facts":
        begin, end = stored["span"]
        span = from_json_time(begin), from_json_time(end)
        body = Facts(stored["name"], span[1], (), span)
    else:
        body = _load_observation(stored)
    value = stored["value"]
    return Event(identifier, trigger, body, value, number_of(value), (), history)


def start_state(activation: datetime, operators: tuple[Operator, ...]) -> RuleState:
    """Give the state of operators that have seen nothing, with the timers that run from the activation."""
    state = RuleState(activation, operators)
    for operator in operators:
        state.boxes[operator.slot] = operator.start()
    for operator in operators:
        operator.activate(state)
    return state


def dump_state(state: RuleState) -> Json:
    """Give a state as plain JSON."""
    book = EventBook()
    names = {operator.slot: operator.name for operator in state.operators}
    boxes = {operator.name: operator.dump(state.boxes[operator.slot], book) for operator in state.operators}
    kinds = {EVENT_KIND, *(operator.kind for operator in state.operators)}
    versions = {kind: version_of(kind) for kind in sorted(kinds) if version_of(kind) > 1}
    return {
        "version": version_of("eml"),
        "clock": to_json_time(state.clock),
        "event": state.event,
        "trigger": state.trigger,
        "order": state.order,
        "timers": [[names[slot], to_json_time(due), order] for slot, (due, order) in state.timers.items()],
        "operators": boxes,
        "events": book.rows,
    } | ({"versions": versions} if versions else {})


def load_state(stored: Any, operators: tuple[Operator, ...]) -> RuleState:
    """Give back a state; raises `StateError` when it is not one of these operators."""
    if not isinstance(stored, dict):
        raise StateError("the stored state has no version; start the rule anew", where="state")
    stored = upgraded("eml", stored.get("version"), stored)
    if set(stored["operators"]) != {operator.name for operator in operators}:
        raise StateError("the stored state is of another rule; start the rule anew", where="state")
    versions = stored.get("versions", {})
    book = EventBook([upgraded(EVENT_KIND, versions.get(EVENT_KIND, 1), row) for row in stored["events"]])
    state = RuleState(from_json_time(stored["clock"]), operators)
    for operator in operators:
        box = upgraded(operator.kind, versions.get(operator.kind, 1), stored["operators"][operator.name])
        state.boxes[operator.slot] = operator.load(box, book)
    state.event, state.trigger, state.order = stored["event"], stored["trigger"], stored["order"]
    slots = {operator.name: operator.slot for operator in operators}
    state.timers = {slots[name]: (from_json_time(due), order) for name, due, order in stored["timers"]}
    state.next_due = min((due for due, _ in state.timers.values()), default=NEVER)
    return state
