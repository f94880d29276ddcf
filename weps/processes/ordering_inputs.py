"""How late observations and corrections are put before a rule, as clients say it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from weps.model import Corrections, LatePolicy, Ordering
from weps.processes.base import InputSpec, Kind, Literal
from weps.processes.inputs import DURATION_UNITS

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs

ORDERING_INPUTS = (
    InputSpec(
        "latePolicy",
        "What is done with observations that come after newer ones of their series",
        Literal(allowed=tuple(policy.value for policy in LatePolicy)),
        "arrival (if left out): evaluated as they come, their alerts are marked late; reorder: all observations are "
        "held back for lateBound and evaluated in the order of their times, what comes later still is counted; "
        "drop: counted.",
    ),
    InputSpec(
        "lateBound",
        "How long observations are held back",
        Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string"),
        "ISO 8601 or a number with a unit; needed with reorder, and only there.",
    ),
    InputSpec(
        "corrections",
        "What is done with values that the source changes afterwards",
        Literal(allowed=tuple(choice.value for choice in Corrections)),
        "ignore (if left out): they are recorded; evaluate: the rule is shown them as further observations.",
    ),
)
ORDERING_PLACES = {"lateBound": "lateBound"}


def read_ordering(inputs: Inputs) -> Ordering:
    """Give what was sent as that of a new subscription."""
    late, bound, corrections = read_changed_ordering(inputs)
    return Ordering(late or LatePolicy.ARRIVAL, bound or timedelta(0), corrections or Corrections.IGNORE)


def read_changed_ordering(inputs: Inputs) -> tuple[LatePolicy | None, timedelta | None, Corrections | None]:
    """Give what was sent: the late policy, its bound, and what is done with corrections."""
    late, corrections = inputs.text("latePolicy"), inputs.text("corrections")
    return (
        LatePolicy(late) if late else None,
        inputs.duration("lateBound"),
        Corrections(corrections) if corrections else None,
    )
