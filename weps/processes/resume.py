"""The process `weps:Resume`: go on watching after a pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.processes.base import Context, Outputs, ProcessSpec
from weps.processes.managing import SUBSCRIPTION_ID, SUBSCRIPTION_OUTPUTS, tell
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs


def _handle(inputs: Inputs, context: Context) -> Outputs:
    with told_of({"": SUBSCRIPTION_ID.identifier}):
        subscription = context.engine.resume(inputs.texts("subscriptionId")[0])
    info = f"Subscription {subscription.id} is {subscription.status}; what was observed during a pause is not evaluated"
    return tell(subscription, context, info)


RESUME = ProcessSpec(
    identifier="weps:Resume",
    title="Resume a subscription",
    abstract="Goes on watching from now on, as a new subscription would: with a first look at the newest observations. "
    "What was observed during the pause is not evaluated, windows begin anew, and an alert that was on at the pause is "
    "not resolved afterwards. One that is not paused stays as it is.",
    version="1.0.0",
    inputs=(SUBSCRIPTION_ID,),
    outputs=SUBSCRIPTION_OUTPUTS,
    handler=_handle,
)
