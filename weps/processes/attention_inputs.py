"""How people are kept at open episodes, as clients say it: repeating and escalating."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.model import Attention
from weps.notify.targets import SYNTAX, parse_target
from weps.processes.base import InputSpec, Kind, Literal
from weps.processes.inputs import DURATION_UNITS
from weps.processes.subscribing import check_target

if TYPE_CHECKING:
    from weps.model import Target
    from weps.processes.base import Context
    from weps.processes.inputs import Inputs

SHORTEST = timedelta(seconds=10)
NEVER = "never"
_DURATION = Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string", unlimited=NEVER)

ATTENTION_INPUTS = (
    InputSpec(
        "repeat",
        "How often an alert is told again that goes on",
        _DURATION,
        f"ISO 8601 or a number with a unit, until it is over or acknowledged; {NEVER} if left out.",
    ),
    InputSpec(
        "escalateAfter",
        "How long an alert may stay unacknowledged until further targets are told",
        _DURATION,
        f"ISO 8601 or a number with a unit; {NEVER} if left out. Needs escalateTo.",
    ),
    InputSpec("escalateTo", "Who is told then", Literal(published_type=Kind.URL.value), SYNTAX, max_occurs=20),
)
ATTENTION_PLACES = {name: name for name in ("repeat", "escalateAfter", "escalateTo")}


def read_attention(inputs: Inputs, context: Context) -> Attention:
    """Give what was sent, for a new subscription; raises `InputError`."""
    further = _targets(inputs, context)
    after = _duration(inputs, "escalateAfter")
    if bool(after) is not bool(further):
        missing = "escalateTo" if after else "escalateAfter"
        raise InputError("Escalating needs both escalateAfter and escalateTo.", missing)
    return Attention(_duration(inputs, "repeat") or None, after or None, further)


def read_changed_attention(
    inputs: Inputs, context: Context
) -> tuple[timedelta | None, timedelta | None, tuple[Target, ...] | None]:
    """Give what was sent, for changes: the repeat interval, when to escalate, and to whom; raises `InputError`."""
    further = _targets(inputs, context) or None
    return _duration(inputs, "repeat"), _duration(inputs, "escalateAfter"), further


def _duration(inputs: Inputs, identifier: str) -> timedelta | None:
    """Give a duration; that of `never` is nought, and what is left out is None."""
    if identifier not in inputs:
        return None
    found = inputs.duration(identifier)
    if found is None:
        return timedelta(0)
    if found < SHORTEST:
        raise InputError(f"must be {SHORTEST.seconds} seconds or more", identifier)
    return found


def _targets(inputs: Inputs, context: Context) -> tuple[Target, ...]:
    targets = []
    for text in inputs.texts("escalateTo"):
        try:
            target = parse_target(text)
        except InputError as error:
            error.where = "escalateTo"
            raise
        check_target(context, target, "escalateTo")
        targets.append(target)
    return tuple(dict.fromkeys(targets))
