"""The processes that silence alerts: make, list and end silences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.handling.silences import Silencing
from weps.notify.episode_json import silence_to_json
from weps.processes.base import InputSpec, Kind, Literal, ProcessSpec
from weps.processes.inputs import DURATION_UNITS
from weps.processes.matcher_inputs import matcher_inputs, read_matcher
from weps.processes.muting import MutingProcesses
from weps.processes.subscribing import told_of
from weps.silences import read_weekly

if TYPE_CHECKING:
    from weps.processes.base import Context, Outputs
    from weps.processes.inputs import Inputs
    from weps.silences import Weekly

_PLACES = {"ends": "end", "begins": "begin", "bbox": "bbox"}
_PLACES |= {name: name for name in ("author", "reason", "for", "days", "from", "until", "timeZone")}
_SILENCES = MutingProcesses("silence", "a silence", "silences", "weps:Silence", Silencing, silence_to_json)


def _silence(inputs: Inputs, context: Context) -> Outputs:
    matcher = read_matcher(inputs)
    with told_of(_PLACES | {"": "subscriptionId"}):
        made = Silencing(context.engine.store).silence(
            matcher,
            author=inputs.texts("author")[0],
            reason=inputs.texts("reason")[0],
            begins=inputs.instant("begin"),
            ends=inputs.instant("end"),
            lasting=inputs.duration("for"),
            weekly=_weekly(inputs),
        )
    return _SILENCES.tell(made, "is kept")


def _weekly(inputs: Inputs) -> Weekly | None:
    if not any(name in inputs for name in ("days", "from", "until", "timeZone")):
        return None
    missing = [name for name in ("from", "until") if name not in inputs]
    if missing:
        raise InputError("Hours of the week need from and until, such as 22:00 and 06:00.", missing[0])
    days, zone = inputs.text("days") or "Mon-Sun", inputs.text("timeZone") or "UTC"
    return read_weekly(days, inputs.texts("from")[0], inputs.texts("until")[0], zone)


SILENCE = ProcessSpec(
    "weps:Silence",
    "Silence alerts",
    "Pushes nothing of alerts that meet every condition that is given, one of the values each: for a while, or in "
    "certain hours of the week. Feeds hold them all the same, marked as silenced. When the silence ends, what is open "
    "then is told.",
    "1.0.0",
    (
        InputSpec("author", "Who wants it", Literal(), min_occurs=1),
        InputSpec("reason", "Why", Literal(), min_occurs=1),
        *matcher_inputs(),
        InputSpec("begin", "When it begins", Literal(Kind.INSTANT), "ISO 8601; now if left out."),
        InputSpec("end", "When it ends", Literal(Kind.INSTANT), "ISO 8601."),
        InputSpec(
            "for",
            "How long it lasts",
            Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string"),
            "ISO 8601 or a number with a unit, instead of end.",
        ),
        InputSpec("days", "The days of the week on which it begins", Literal(), "Mon-Fri or Sat,Sun; all if left out."),
        InputSpec("from", "The time of day when it begins", Literal(), "Such as 22:00."),
        InputSpec("until", "The time of day when it ends", Literal(), "Such as 06:00, then on the next day."),
        InputSpec("timeZone", "By which clocks", Literal(), "Such as Europe/Berlin; UTC if left out."),
    ),
    _SILENCES.outputs,
    _silence,
)
LIST_SILENCES = _SILENCES.list_process()
END_SILENCE = _SILENCES.end_process()
