"""The process `weps:Pause`: stop watching for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.processes.base import Context, Outputs, ProcessSpec
from weps.processes.managing import SUBSCRIPTION_ID, SUBSCRIPTION_OUTPUTS, tell
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs


def _handle(inputs: Inputs, context: Context) -> Outputs:
    with told_of({"": SUBSCRIPTION_ID.identifier}):
        subscription = context.engine.pause(inputs.texts("subscriptionId")[0])
    info = f"Subscription {subscription.id} is {subscription.status}; its feed stays readable"
    return tell(subscription, context, info)


PAUSE = ProcessSpec(
    identifier="weps:Pause",
    title="Pause a subscription",
    abstract="Stops watching for a while: nothing is asked of the source for it and nothing is evaluated. Its lifetime "
    "goes on, its feed stays readable. Pausing it twice is no error.",
    version="1.0.0",
    inputs=(SUBSCRIPTION_ID,),
    outputs=SUBSCRIPTION_OUTPUTS,
    handler=_handle,
)
