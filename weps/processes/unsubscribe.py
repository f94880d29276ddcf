"""The process `weps:Unsubscribe`: end a subscription; its feed and its alerts stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.processes.base import Context, Outputs, ProcessSpec
from weps.processes.managing import SUBSCRIPTION_ID, SUBSCRIPTION_OUTPUTS, tell
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs


def _handle(inputs: Inputs, context: Context) -> Outputs:
    with told_of({"": SUBSCRIPTION_ID.identifier}):
        subscription = context.engine.cancel(inputs.texts("subscriptionId")[0])
    info = f"Subscription {subscription.id} is {subscription.status}; its feed stays readable"
    return tell(subscription, context, info)


UNSUBSCRIBE = ProcessSpec(
    identifier="weps:Unsubscribe",
    title="End a subscription",
    abstract="Stops watching. Alerts that were published stay in the feed. Ending it twice is no error.",
    version="1.0.0",
    inputs=(SUBSCRIPTION_ID,),
    outputs=SUBSCRIPTION_OUTPUTS,
    handler=_handle,
)
