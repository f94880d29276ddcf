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


class TiedError(Exception):
    """
    So many events came at the very time of a flush that they would be a batch of their own.

    The text says neither that they are flushed at once nor that they are not; this evaluator does not answer.
    """


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
    """
    Hold at most `count` events (if it is given), each for at most `duration` (if it is given).

    What is too old is not seen at any step, but its leaving is a change of its own, made by the timer.
    """
    held: list[Step] = []
    gone: list[Step] = []
    change, timer = None, None
    for step in history:
        entered = [step] if step.item is not None else []
        if view.duration:
            gone += [one for one in held if one.clock + view.duration <= step.clock]
            held = [one for one in held if one.clock + view.duration > step.clock]
        held = [*held, *entered]
        pushed = held[: -view.count] if view.count else []
        held = held[len(pushed) :]
        change = Change(_items(entered), _items(pushed if entered else gone), _items(held))
        if not entered:
            gone, timer = [], None
        if view.duration and timer is None and held:
            timer = Timer(held[0].clock + view.duration, step.order)
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
    """
    Give out what came at every flush of a grid that begins with the first event, or eagerly with the rule.

    What comes at the very time of a flush belongs to the next batch, also if the flush is still to come.
    """
    every = view.eager or view.force
    anchor = activation if view.eager else None
    timer = Timer(activation + view.duration, registered) if view.eager else None
    batch: tuple[Item, ...] = ()
    previous: tuple[Item, ...] = ()
    following: tuple[Item, ...] = ()
    change = None
    for step in history:
        if step.item is not None and timer is not None and step.clock >= timer.due:
            following, change = (*following, step.item), None
        elif step.item is not None:
            batch, change = (*batch, step.item), None
            anchor = step.clock if anchor is None else anchor
            if timer is None:
                periods = (step.clock - anchor) // view.duration + 1
                timer = Timer(anchor + periods * view.duration, step.order)
        else:
            change = Change(batch, previous, batch)
            timer = Timer(step.clock + view.duration, step.order) if every or batch or following else None
            batch, previous, following = following, batch, ()
    return change, timer


def _time_length_batch(view: View, history: Sequence[Step]) -> Played:
    """Give out what came when it is n events or the duration is over; every flush begins the duration anew."""
    timer = None
    batch: tuple[Item, ...] = ()
    previous: tuple[Item, ...] = ()
    following: tuple[Item, ...] = ()
    change = None
    for step in history:
        change, full = None, False
        if step.item is not None and timer is not None and step.clock >= timer.due:
            following = (*following, step.item)
            continue
        if step.item is not None:
            batch = (*batch, step.item)
            timer = timer or Timer(step.clock + view.duration, step.order)
            full = len(batch) == view.count
        if step.item is None or full:
            change = Change(batch, previous, batch)
            timer = Timer(step.clock + view.duration, step.order) if batch or following else None
            batch, previous, following = following, batch, ()
            if len(batch) >= view.count:
                raise TiedError
    return change, timer
