"""The processes that silence alerts: make, list and end silences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.handling.silences import Silencing
from weps.notify.episode_json import silence_to_json
from weps.processes.base import InputSpec, Kind, Literal, OutputSpec, ProcessSpec
from weps.processes.handling_episodes import IN_JSON, write_json
from weps.processes.inputs import DURATION_UNITS
from weps.processes.matcher_inputs import matcher_inputs, read_matcher
from weps.processes.paging import LIMIT_INPUT, OFFSET_INPUT, read_page
from weps.processes.subscribing import told_of
from weps.silences import read_weekly

if TYPE_CHECKING:
    from weps.processes.base import Context, Outputs
    from weps.processes.inputs import Inputs
    from weps.silences import Silence, Weekly

_PLACES = {"ends": "end", "begins": "begin", "bbox": "bbox"}
_PLACES |= {name: name for name in ("author", "reason", "days", "from", "until", "timeZone")}
_OUTPUTS = (
    OutputSpec("silenceId", "The identifier of the silence", Literal()),
    OutputSpec("silence", "The silence", IN_JSON),
    OutputSpec("info", "What was done, for people", Literal()),
)


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
    return _tell(made, f"Silence {made.id} is kept")


def _weekly(inputs: Inputs) -> Weekly | None:
    if not any(name in inputs for name in ("days", "from", "until", "timeZone")):
        return None
    missing = [name for name in ("from", "until") if name not in inputs]
    if missing:
        raise InputError("Hours of the week need from and until, such as 22:00 and 06:00.", missing[0])
    days, zone = inputs.text("days") or "Mon-Sun", inputs.text("timeZone") or "UTC"
    return read_weekly(days, inputs.texts("from")[0], inputs.texts("until")[0], zone)


def _tell(silence: Silence, info: str) -> Outputs:
    written = write_json(silence_to_json(silence, datetime.now(UTC)))
    return {"silenceId": silence.id, "silence": written, "info": info}


def _list(inputs: Inputs, context: Context) -> Outputs:
    page, now = read_page(inputs), datetime.now(UTC)
    found = context.engine.store.silences(page, not_over_at=None if inputs.text("all") == "true" else now)
    return {"silences": write_json({"silences": [silence_to_json(silence, now) for silence in found]})}


def _end(inputs: Inputs, context: Context) -> Outputs:
    with told_of({"": "silenceId"}):
        ended = Silencing(context.engine.store).end_silence(inputs.texts("silenceId")[0])
    return _tell(ended, f"Silence {ended.id} has ended")


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
    _OUTPUTS,
    _silence,
)
LIST_SILENCES = ProcessSpec(
    "weps:ListSilences",
    "List the silences",
    "Gives the silences that are not over, the newest first.",
    "1.0.0",
    (
        InputSpec("all", "Those that are over too", Literal(allowed=("true", "false"))),
        OFFSET_INPUT,
        LIMIT_INPUT,
    ),
    (OutputSpec("silences", "The page of silences", IN_JSON),),
    _list,
)
END_SILENCE = ProcessSpec(
    "weps:EndSilence",
    "End a silence",
    "Ends a silence now; what is open then is told. One that is over stays as it is.",
    "1.0.0",
    (InputSpec("silenceId", "The identifier of the silence", Literal(), "As weps:Silence gave it.", min_occurs=1),),
    _OUTPUTS,
    _end,
)
