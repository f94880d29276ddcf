"""
Many thresholds on one series, looked up instead of looped over.

Rules that differ only in their threshold and reset threshold form a group. Per correlation key a group keeps two sorted
lists: the thresholds that are armed, and the ends of the episodes that are on. An observation looks at the low end of
both; only what it fires or ends is touched, and only that state is given out to be stored.

Falling conditions are turned into rising ones by the sign, so that one kind of list serves all.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from weps.rules.index_slots import SortedSlots
from weps.rules.threshold.condition import ORDERED, RISING, Condition
from weps.rules.threshold.edge import AT_ONCE, OFF, EdgeState
from weps.rules.threshold.selection import read_number
from weps.rules.threshold.simple import FIRING, RESOLVED, SimpleRule, SimpleState, Step
from weps.rules.threshold.source import Direct, Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weps.model import Detection, Json, Observation
    from weps.rules.base import Rule

LARGEST_EXACT = 2**53
"""Up to here every whole number is a float, so that sorting floats sorts the thresholds as they were written."""
FEWEST_EMPTY = 64


class Outcome(NamedTuple):
    """
    What an observation did to one rule of a group; `state` is None when there is nothing to store.

    A detection that cannot be told (its text cannot be made) is the error that says why.
    """

    order: int
    subscription_id: str
    key: str
    detection: Detection | Exception
    state: Json


def shape_of(rule: Rule) -> SimpleRule | None:
    """
    Give what a rule has in common with those it can be looked up together with; None for a rule that cannot.

    Only a plain threshold can: no window, duration, run or steps. Its threshold, reset and name are taken out.
    """
    if not isinstance(rule, SimpleRule) or len(rule.steps) != 1:
        return None
    condition = rule.steps[0].condition
    plain = isinstance(rule.source, Direct) and rule.edge == AT_ONCE and rule.read is read_number
    numbers = (*condition.bounds, condition.reset or 0)
    if not plain or condition.name not in ORDERED or _inexact(numbers):
        return None
    blank = Condition(condition.name, (0,), None if condition.reset is None else 0)
    return replace(rule, name="", steps=(Step(blank, rule.steps[0].severity),))


class Level:
    """
    What a group knows for one correlation key: its armed thresholds, and the ends of the episodes that are on.

    `lowest_armed` and `lowest_on` are the low ends of both, where a value must reach to change anything.
    """

    __slots__ = ("armed", "group", "key", "known", "lowest_armed", "lowest_on", "on", "sign", "uom")

    def __init__(self, group: Group, key: str) -> None:
        self.group = group
        self.key = key
        self.uom = group.shape.uom
        self.sign = 1 if group.shape.steps[0].condition.name in RISING else -1
        self.reset()

    def reset(self) -> None:
        """Forget everything; the rules are sorted in again at the next observation."""
        self.armed = SortedSlots()
        self.on = SortedSlots()
        self.known = 0
        self.settle()

    def settle(self) -> None:
        """Note the low ends after a change."""
        self.lowest_armed = self.armed.lowest()
        self.lowest_on = self.on.lowest()

    def stirs(self, observation: Observation) -> bool:
        """Tell quickly whether an observation may change anything; what it tells of is looked at closely by `step`."""
        value = observation.value
        if value.__class__ is not float and value.__class__ is not int:
            return False
        if self.known != len(self.group.subscriptions) or (self.uom is not None and observation.uom != self.uom):
            return True
        point = self.sign * value
        return bool(point >= self.lowest_armed or -point >= self.lowest_on)

    def step(self, observation: Observation) -> list[Outcome]:
        """Take one observation of the group's selectors."""
        group = self.group
        value = read_number(observation, self.uom)
        if value is None or not group.shape.selection.wants(observation):
            return []
        if self.known < len(group.subscriptions):
            self._catch_up()
        point, included = self.sign * value, group.included
        if group.shape.every:
            firing = group.there(self.armed.low(point, included))
            return [group.outcome(FIRING, slot, self.key, value, observation) for slot in firing]
        firing = group.there(self.armed.pop_low(point, included))
        ending = group.there(self.on.pop_low(-point, not included and not group.resets))
        self._arm(ending)
        self._hold(firing)
        self.settle()
        return [group.outcome(FIRING, slot, self.key, value, observation) for slot in firing] + [
            group.outcome(RESOLVED, slot, self.key, value, observation) for slot in ending
        ]

    def _catch_up(self) -> None:
        """Sort in the rules that were added since the last observation."""
        group = self.group
        added = range(self.known, len(group.subscriptions))
        self.known = len(group.subscriptions)
        on = group.restored.pop(self.key, set())
        self._hold([slot for slot in added if slot in on])
        self._arm([slot for slot in added if slot not in on] if on else added)
        self.settle()

    def _arm(self, slots: Iterable[int]) -> None:
        thresholds = self.group.thresholds
        self.armed.insert_all((self.sign * thresholds[slot], slot) for slot in slots)

    def _hold(self, slots: Iterable[int]) -> None:
        ends = self.group.resets or self.group.thresholds
        self.on.insert_all((-self.sign * ends[slot], slot) for slot in slots)


@dataclass(slots=True, eq=False)
class Group:
    """
    Rules that differ in nothing but threshold, reset threshold and name; `shape` has what they share.

    A rule has a slot: its place in the arrays. A removed rule leaves its slot empty until half of all are.
    """

    shape: SimpleRule
    subscriptions: list[str | None] = field(default_factory=list)
    orders: array[int] = field(default_factory=lambda: array("Q"))
    thresholds: array[float] = field(default_factory=lambda: array("d"))
    resets: array[float] = field(default_factory=lambda: array("d"))
    names: list[str] = field(default_factory=list)
    levels: dict[str, Level] = field(default_factory=dict)
    restored: dict[str, set[int]] = field(default_factory=dict)
    empty: int = 0

    def add(self, subscription_id: str, order: int, rule: SimpleRule) -> int:
        """Take a rule in; gives its slot."""
        condition = rule.steps[0].condition
        self.subscriptions.append(subscription_id)
        self.orders.append(order)
        self.thresholds.append(float(condition.bounds[0]))
        if condition.reset is not None:
            self.resets.append(condition.reset)
        if rule.message is not None:
            self.names.append(rule.name)
        return len(self.subscriptions) - 1

    def restore(self, slot: int, states: Mapping[str, Json]) -> None:
        """Take the states that were stored for a rule just added; one that tells everything needs none."""
        if self.shape.every:
            return
        for key, stored in states.items():
            if self.shape.holds(self.shape.load(stored)):
                self.restored.setdefault(key, set()).add(slot)

    def remove(self, slot: int) -> None:
        """Empty a slot."""
        self.subscriptions[slot] = None
        self.empty += 1

    @property
    def included(self) -> bool:
        """Whether the conditions hold at their thresholds already."""
        return self.shape.steps[0].condition.name.endswith("OrEqual")

    @property
    def wasteful(self) -> bool:
        """Whether so many slots are empty that the group should be built anew."""
        return self.empty > max(FEWEST_EMPTY, len(self.subscriptions) // 2)

    def compact(self) -> None:
        """Close the empty slots; the lists are built again as observations come."""
        kept = [slot for slot, subscription in enumerate(self.subscriptions) if subscription is not None]
        moved = {slot: place for place, slot in enumerate(kept)}
        on = {key: set(level.on.slots()) for key, level in self.levels.items()}
        for key, slots in self.restored.items():
            on.setdefault(key, set()).update(slots)
        self.restored = {key: {moved[slot] for slot in slots if slot in moved} for key, slots in on.items()}
        self.subscriptions = [self.subscriptions[slot] for slot in kept]
        self.names = [self.names[slot] for slot in kept] if self.names else []
        self.orders = array("Q", [self.orders[slot] for slot in kept])
        self.thresholds = array("d", [self.thresholds[slot] for slot in kept])
        self.resets = array("d", [self.resets[slot] for slot in kept] if self.resets else [])
        self.empty = 0
        for level in self.levels.values():
            level.reset()

    def rule(self, slot: int) -> SimpleRule:
        """Give the rule of a slot as it was compiled."""
        blank = self.shape.steps[0]
        reset = _as_written(self.resets[slot]) if self.resets else None
        condition = Condition(blank.condition.name, (_as_written(self.thresholds[slot]),), reset)
        name = self.names[slot] if self.names else ""
        return replace(self.shape, name=name, steps=(Step(condition, blank.severity),))

    def level(self, key: str) -> Level:
        """Give what is known for a correlation key."""
        if key not in self.levels:
            self.levels[key] = Level(self, key)
        return self.levels[key]

    def there(self, slots: list[int]) -> list[int]:
        """Give the slots whose rule has not been removed."""
        return [slot for slot in slots if self.subscriptions[slot] is not None] if self.empty else slots

    def outcome(self, event: str, slot: int, key: str, value: float, observation: Observation) -> Outcome:
        """Make the detection of a slot, and the state to store after it."""
        evaluation = Evaluation(observation.end, value, (observation.id,))
        detection: Detection | Exception
        try:
            detection = self.rule(slot).detect(event, 0, evaluation, observation)
        except Exception as error:  # the text of one rule must not take the others with it
            detection = error
        edge = EdgeState(True, observation.end, 1) if event == FIRING else OFF
        state = None if self.shape.every else self.shape.dump(SimpleState(None, (edge,)))
        return Outcome(self.orders[slot], self.subscriptions[slot] or "", key, detection, state)


def _inexact(numbers: Iterable[float | str]) -> bool:
    return any(isinstance(number, str) or abs(number) > LARGEST_EXACT for number in numbers)


def _as_written(number: float) -> float:
    return int(number) if number.is_integer() else number
