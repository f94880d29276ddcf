"""The process `weps:Renew`: give a subscription a new runtime, or another end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.time import format_instant
from weps.errors import InputError, MissingInputError
from weps.processes.base import Context, InputSpec, Kind, Literal, Outputs, ProcessSpec
from weps.processes.inputs import DURATION_UNITS
from weps.processes.managing import SUBSCRIPTION_ID, SUBSCRIPTION_OUTPUTS, tell
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs

UNLIMITED = "unlimited"
_PLACES = {"runtime": "runtime", "expires": "endTime", "": SUBSCRIPTION_ID.identifier}


def _handle(inputs: Inputs, context: Context) -> Outputs:
    if "runtime" in inputs and "endTime" in inputs:
        raise InputError("The end is given as runtime and as endTime; leave one of them out.", "endTime")
    if "runtime" not in inputs and "endTime" not in inputs:
        raise MissingInputError(f"Give runtime (a duration, or {UNLIMITED}) or endTime.", "runtime")
    identifier = inputs.texts("subscriptionId")[0]
    with told_of(_PLACES):
        renewed = context.engine.renew(identifier, inputs.duration("runtime"), inputs.instant("endTime"))
    until = "until it is cancelled" if renewed.expires is None else f"until {format_instant(renewed.expires)}"
    return tell(renewed, context, f"Subscription {renewed.id} is {renewed.status} and kept {until}")


RENEW = ProcessSpec(
    identifier="weps:Renew",
    title="Renew a subscription",
    abstract="Gives a subscription another lifetime, longer or shorter than the one it had. One that is over cannot be "
    "renewed. A subscription that is paused stays so.",
    version="1.0.0",
    inputs=(
        SUBSCRIPTION_ID,
        InputSpec(
            "runtime",
            "How long to watch from now on",
            Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string", unlimited=UNLIMITED),
            f"ISO 8601 or a number with a unit; {UNLIMITED}: until it is cancelled.",
        ),
        InputSpec("endTime", "When to end", Literal(Kind.INSTANT), "ISO 8601, instead of runtime."),
    ),
    outputs=SUBSCRIPTION_OUTPUTS,
    handler=_handle,
)
