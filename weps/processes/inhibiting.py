"""The processes that let alerts mute others: make, list and end inhibitions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weps.handling.inhibitions import Inhibiting
from weps.inhibitions import EQUAL, INHIBITING
from weps.model import AlertStatus
from weps.notify.episode_json import inhibition_to_json
from weps.processes.base import InputSpec, Kind, Literal, OutputSpec, ProcessSpec
from weps.processes.handling_episodes import IN_JSON, write_json
from weps.processes.inputs import DURATION_UNITS
from weps.processes.matcher_inputs import matcher_inputs, read_matcher
from weps.processes.paging import LIMIT_INPUT, OFFSET_INPUT, read_page
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.inhibitions import Inhibition
    from weps.processes.base import Context, Outputs
    from weps.processes.inputs import Inputs

_PLACES = {"source": "sourceSubscriptionId", "target": "targetSubscriptionId", "ends": "end"}
_PLACES |= {name: name for name in ("author", "reason", "equal", "for")}
_OUTPUTS = (
    OutputSpec("inhibitionId", "The identifier of the inhibition", Literal()),
    OutputSpec("inhibition", "The inhibition", IN_JSON),
    OutputSpec("info", "What was done, for people", Literal()),
)


def _inhibit(inputs: Inputs, context: Context) -> Outputs:
    source, target = read_matcher(inputs, "source"), read_matcher(inputs, "target")
    with told_of(_PLACES):
        made = Inhibiting(context.engine.store).inhibit(
            source,
            target,
            author=inputs.texts("author")[0],
            reason=inputs.texts("reason")[0],
            equal=inputs.texts("equal"),
            ends=inputs.instant("end"),
            lasting=inputs.duration("for"),
        )
    return _tell(made, f"Inhibition {made.id} is kept")


def _tell(inhibition: Inhibition, info: str) -> Outputs:
    written = write_json(inhibition_to_json(inhibition, datetime.now(UTC)))
    return {"inhibitionId": inhibition.id, "inhibition": written, "info": info}


def _list(inputs: Inputs, context: Context) -> Outputs:
    page, now = read_page(inputs), datetime.now(UTC)
    found = context.engine.store.inhibitions(page, not_over_at=None if inputs.text("all") == "true" else now)
    return {"inhibitions": write_json({"inhibitions": [inhibition_to_json(each, now) for each in found]})}


def _end(inputs: Inputs, context: Context) -> Outputs:
    with told_of({"": "inhibitionId"}):
        ended = Inhibiting(context.engine.store).end(inputs.texts("inhibitionId")[0])
    return _tell(ended, f"Inhibition {ended.id} has ended")


INHIBIT = ProcessSpec(
    "weps:Inhibit",
    "Let alerts mute others",
    "Pushes nothing of alerts that are meant as target while an episode is open that is meant as source, and of which "
    "the members of equal are the same. Feeds hold them all the same, marked as silenced. When the source is over, "
    "what is open then is told.",
    "1.0.0",
    (
        InputSpec("author", "Who wants it", Literal(), min_occurs=1),
        InputSpec("reason", "Why", Literal(), min_occurs=1),
        *matcher_inputs("Muted by alerts", "source", sorted(INHIBITING)),
        *matcher_inputs("Mutes alerts", "target", AlertStatus),
        InputSpec(
            "equal",
            "What has to be the same in both",
            Literal(allowed=tuple(EQUAL)),
            "Nothing if left out.",
            max_occurs=len(EQUAL),
        ),
        InputSpec("end", "When it ends", Literal(Kind.INSTANT), "ISO 8601; when somebody ends it if left out."),
        InputSpec(
            "for",
            "How long it lasts",
            Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string"),
            "ISO 8601 or a number with a unit, instead of end.",
        ),
    ),
    _OUTPUTS,
    _inhibit,
)
LIST_INHIBITIONS = ProcessSpec(
    "weps:ListInhibitions",
    "List the inhibitions",
    "Gives the inhibitions that are not over, the newest first.",
    "1.0.0",
    (
        InputSpec("all", "Those that are over too", Literal(allowed=("true", "false"))),
        OFFSET_INPUT,
        LIMIT_INPUT,
    ),
    (OutputSpec("inhibitions", "The page of inhibitions", IN_JSON),),
    _list,
)
END_INHIBITION = ProcessSpec(
    "weps:EndInhibition",
    "End an inhibition",
    "Ends an inhibition now; what is open then is told. One that is over stays as it is.",
    "1.0.0",
    (
        InputSpec(
            "inhibitionId", "The identifier of the inhibition", Literal(), "As weps:Inhibit gave it.", min_occurs=1
        ),
    ),
    _OUTPUTS,
    _end,
)
