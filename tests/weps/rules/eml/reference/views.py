"""
The views (4.2), each a plain function of everything that ever reached it.

A history is a list of steps: an event came, or the view's own timer ran. `play` goes through it from the beginning and
gives the change that the last step made, and the timer that is set now. The order numbers of steps stand for the
order of registration of the timers set in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.weps.rules.eml.reference.document import View
    from tests.weps.rules.eml.reference.events import Item


@dataclass(frozen=True)
class Step:
    """An event came into a view, or without one its timer ran."""

    clock: int
    order: int
    item: Item | None = None


@dataclass(frozen=True)
class Change:
    """What entered and left a view, and what it holds now."""

    entered: tuple[Item, ...] = ()
    left: tuple[Item, ...] = ()
    content: tuple[Item, ...] = ()


@dataclass(frozen=True, order=True)
class Timer:
    """When a timer is due, and when it was registered."""

    due: int
    order: int


Played = tuple[Change | None, Timer | None]


def play(view: View, activation: int, registered: int, history: Sequence[Step]) -> Played:
    """Give the change that the last step of the history made, if it made one, and the timer that is set after it."""
    if view.kind == "time-length":
        return _time_length_batch(view, history) if view.batch else _sliding(view, history)
    if view.kind == "time":
        return _time_batch(view, activation, registered, history) if view.batch else _sliding(view, history)
    if view.kind == "length" and view.batch:
        return _length_batch(view, history), None
    return _sliding(view, history)


def _sliding(view: View, history: Sequence[Step]) -> Played:
    """Hold at most `count` events (if it is given), each for at most `duration` (if it is given)."""
    held: list[Step] = []
    change, timer = None, None
    for step in history:
        before, oldest = held, held[:1]
        held = held if step.item is None else [*held, step]
        if view.duration:
            held = [one for one in held if one.clock + view.duration > step.clock]
        if view.count:
            held = held[-view.count :]
        entered = () if step.item is None else (step.item,)
        change = Change(entered, _items(before[: len(before) + len(entered) - len(held)]), _items(held))
        if view.duration and held[:1] != oldest:
            timer = Timer(held[0].clock + view.duration, step.order) if held else None
    return change if change and (change.entered or change.left) else None, timer


def _items(steps: Sequence[Step]) -> tuple[Item, ...]:
    return tuple(step.item for step in steps if step.item is not None)


def _length_batch(view: View, history: Sequence[Step]) -> Change | None:
    """Every n-th event gives out the last n, and the n before them leave."""
    items, n = _items(history), view.count
    if len(items) % n:
        return None
    batch = items[-n:]
    return Change(batch, items[-2 * n : -n], batch)


def _time_batch(view: View, activation: int, registered: int, history: Sequence[Step]) -> Played:
    """Give out what came at every flush of a grid that begins with the first event, or eagerly with the rule."""
    every = view.eager or view.force
    anchor = activation if view.eager else None
    timer = Timer(activation + view.duration, registered) if view.eager else None
    batch: tuple[Item, ...] = ()
    previous: tuple[Item, ...] = ()
    change = None
    for step in history:
        if step.item is not None:
            batch, change = (*batch, step.item), None
            anchor = step.clock if anchor is None else anchor
            if timer is None:
                periods = (step.clock - anchor) // view.duration + 1
                timer = Timer(anchor + periods * view.duration, step.order)
        else:
            change = Change(batch, previous, batch)
            timer = Timer(step.clock + view.duration, step.order) if every or batch else None
            batch, previous = (), batch
    return change, timer


def _time_length_batch(view: View, history: Sequence[Step]) -> Played:
    """Give out what came when it is n events or the duration is over; every flush begins the duration anew."""
    timer = None
    batch: tuple[Item, ...] = ()
    previous: tuple[Item, ...] = ()
    change = None
    for step in history:
        change = None
        if step.item is not None:
            batch = (*batch, step.item)
            timer = timer or Timer(step.clock + view.duration, step.order)
        if step.item is None or len(batch) == view.count:
            change = Change(batch, previous, batch)
            timer = Timer(step.clock + view.duration, step.order) if batch else None
            batch, previous = (), batch
    return change, timer
