"""About how many bytes a view takes when it is stored, so that a state cannot become too large to be kept."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from weps.rules.operators.event import Facts, parts_of

if TYPE_CHECKING:
    from weps.model import Observation
    from weps.rules.operators.event import Event, Subject

MAX_BYTES = 64 * 1024 * 1024
"""How many bytes one view may hold, by this measure."""
FRAME = 100
"""What an event takes beside its names, texts and ids: numbers, times, signs."""
POINT = 60
AN_ID = 10


class Weights:
    """
    What the subjects of a view weigh, from old to new.

    A subject is weighed when the next one comes: by then it has settled, and it is known how long its history is.
    """

    __slots__ = ("_known", "_newest", "total")

    def __init__(self) -> None:
        self.total = 0
        self._known: deque[int] = deque()
        self._newest: Subject | None = None

    def push(self, subject: Subject) -> None:
        """Take a subject in, and weigh the one before."""
        if self._newest is not None:
            weight = weight_of(self._newest)
            self._known.append(weight)
            self.total += weight
        self._newest = subject

    def pop(self) -> None:
        """Let the oldest subject go."""
        if self._known:
            self.total -= self._known.popleft()
        else:
            self._newest = None


def weight_of(subject: Subject) -> int:
    """Give about how many bytes a subject takes."""
    return sum(_weight(event) for event in parts_of(subject))


def _weight(event: Event) -> int:
    weight = FRAME
    if isinstance(event.value, str):
        weight += len(event.value)
    if event.history is not None:
        lineage, ancestors = event.history
        weight += sum(map(len, lineage)) + AN_ID * (len(lineage) + len(ancestors))
    return weight if isinstance(event.body, Facts) else weight + _weight_of_observation(event.body)


def _weight_of_observation(body: Observation) -> int:
    weight = len(body.procedure) + len(body.observed_property) + len(body.feature_of_interest) + len(body.id)
    if body.geometry is None:
        return weight
    return weight + (POINT if body.geometry.get("type") == "Point" else len(str(body.geometry)))
