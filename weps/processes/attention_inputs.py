"""How people are kept at open episodes, and spared, as clients say it: repeating, escalating, what flaps, groups."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from weps.errors import InputError
from weps.model import Attention, Flapping, Severity
from weps.notify.targets import SYNTAX, parse_target
from weps.processes.base import InputSpec, Kind, Literal
from weps.processes.inputs import DURATION_UNITS, format_duration, read_duration
from weps.processes.subscribing import check_target

if TYPE_CHECKING:
    from weps.model import Target
    from weps.processes.base import Context
    from weps.processes.inputs import Inputs

SHORTEST = timedelta(seconds=10)
LONGEST_WINDOW = timedelta(days=7)
SHORTEST_GROUP, LONGEST_GROUP = timedelta(seconds=1), timedelta(days=1)
MOST_CHANGES = 100
NEVER = "never"
_FLAPPING = re.compile(r"\s*(\d{1,9})\s+in\s+(\S{1,50})\s*")
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
    InputSpec(
        "flapping",
        "How often something may begin and end until it is told only that it does",
        Literal(longest=100),
        f"More changes than a number within a time, such as '6 in PT1H', are told once, and once more when it has been "
        f"calm for that time; {NEVER} if left out.",
    ),
    InputSpec(
        "group",
        "How long alerts wait for others, to be pushed as one notification",
        _DURATION,
        f"ISO 8601 or a number with a unit, 1 second to 1 day; {NEVER} if left out. Feeds have the single alerts.",
    ),
    InputSpec(
        "groupUpTo",
        "Up to which severity alerts wait for others",
        Literal(allowed=tuple(str(item) for item in Severity)),
        "What is worse is pushed at once. Severe if left out; Extreme: all of them wait.",
    ),
)
ATTENTION_PLACES = {name: name for name in ("repeat", "escalateAfter", "escalateTo", "flapping", "group", "groupUpTo")}


def read_attention(inputs: Inputs, context: Context) -> Attention:
    """Give what was sent, for a new subscription; raises `InputError`."""
    further = _targets(inputs, context)
    after = _duration(inputs, "escalateAfter")
    if bool(after) is not bool(further):
        missing = "escalateTo" if after else "escalateAfter"
        raise InputError("Escalating needs both escalateAfter and escalateTo.", missing)
    flapping, up_to = _flapping(inputs), inputs.text("groupUpTo")
    if up_to and not _window(inputs):
        raise InputError("Say how long alerts wait for others.", "group")
    return Attention(
        repeat=_duration(inputs, "repeat") or None,
        escalate_after=after or None,
        escalate_to=further,
        flapping=flapping if flapping and flapping.count else None,
        group=_window(inputs) or None,
        group_up_to=Severity(up_to) if up_to else Severity.SEVERE,
    )


def read_changed_attention(inputs: Inputs, context: Context) -> dict[str, Any]:
    """Give what was sent, as members of changes; raises `InputError`."""
    up_to = inputs.text("groupUpTo")
    return {
        "escalate_to": _targets(inputs, context) or None,
        "repeat": _duration(inputs, "repeat"),
        "escalate_after": _duration(inputs, "escalateAfter"),
        "flapping": _flapping(inputs),
        "group": _window(inputs),
        "group_up_to": Severity(up_to) if up_to else None,
    }


def format_flapping(flapping: Flapping | None) -> str | None:
    """Write what flaps as clients do; None for nothing."""
    return None if flapping is None else f"{flapping.count} in {format_duration(flapping.window)}"


def _duration(inputs: Inputs, identifier: str, shortest: timedelta = SHORTEST) -> timedelta | None:
    """Give a duration; that of `never` is nought, and what is left out is None."""
    if identifier not in inputs:
        return None
    found = inputs.duration(identifier)
    if found is None:
        return timedelta(0)
    if found < shortest:
        raise InputError(f"must be {format_duration(shortest)} or more", identifier)
    return found


def _window(inputs: Inputs) -> timedelta | None:
    found = _duration(inputs, "group", SHORTEST_GROUP)
    if found is not None and found > LONGEST_GROUP:
        raise InputError(f"must be {format_duration(LONGEST_GROUP)} or less", "group")
    return found


def _flapping(inputs: Inputs) -> Flapping | None:
    """Give what flaps; that of `never` has a count of 0, and what is left out is None."""
    text = inputs.text("flapping")
    if text is None:
        return None
    if text.strip() == NEVER:
        return Flapping(0, timedelta(0))
    match = _FLAPPING.fullmatch(text)
    if match is None:
        raise InputError(
            f"write how many changes may come within which time, as '6 in PT1H', or {NEVER}; not {text[:50]!r}",
            "flapping",
        )
    count = int(match[1])
    try:
        window = read_duration(match[2], None)
    except ValueError as error:
        raise InputError(str(error), "flapping") from error
    if not 1 <= count <= MOST_CHANGES or not SHORTEST <= window <= LONGEST_WINDOW:
        raise InputError(
            f"takes 1 to {MOST_CHANGES} changes within {SHORTEST.seconds} seconds to {LONGEST_WINDOW.days} days",
            "flapping",
        )
    return Flapping(count, window)


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
