"""The processes that let alerts mute others: make, list and end inhibitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.handling.inhibitions import Inhibiting
from weps.inhibitions import EQUAL, INHIBITING
from weps.model import AlertStatus
from weps.notify.episode_json import inhibition_to_json
from weps.processes.base import InputSpec, Kind, Literal, ProcessSpec
from weps.processes.inputs import DURATION_UNITS
from weps.processes.matcher_inputs import matcher_inputs, read_matcher
from weps.processes.muting import MutingProcesses
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.base import Context, Outputs
    from weps.processes.inputs import Inputs

_PLACES = {"source": "sourceSubscriptionId", "target": "targetSubscriptionId", "ends": "end"}
_PLACES |= {name: name for name in ("author", "reason", "equal", "for")}
_INHIBITIONS = MutingProcesses(
    "inhibition", "an inhibition", "inhibitions", "weps:Inhibit", Inhibiting, inhibition_to_json
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
    return _INHIBITIONS.tell(made, "is kept")


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
    _INHIBITIONS.outputs,
    _inhibit,
)
LIST_INHIBITIONS = _INHIBITIONS.list_process()
END_INHIBITION = _INHIBITIONS.end_process()
