"""The process `weps:Unsubscribe`: end a subscription; its feed and its alerts stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.processes.base import Context, InputSpec, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.documents import SUBSCRIPTION_FORMATS, write_subscription
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs

SUBSCRIPTION_ID = InputSpec(
    "subscriptionId", "The identifier of the subscription", Literal(), "As weps:Subscribe gave it.", min_occurs=1
)


def _handle(inputs: Inputs, context: Context) -> Outputs:
    with told_of({"": SUBSCRIPTION_ID.identifier}):
        subscription = context.engine.cancel(inputs.texts("subscriptionId")[0])
    return {
        "subscriptionId": subscription.id,
        "subscription": write_subscription(subscription, context.engine.feed_url(subscription)),
        "info": f"Subscription {subscription.id} is {subscription.status}; its feed stays readable",
    }


UNSUBSCRIBE = ProcessSpec(
    identifier="weps:Unsubscribe",
    title="End a subscription",
    abstract="Stops watching. Alerts that were published stay in the feed. Ending it twice is no error.",
    version="1.0.0",
    inputs=(SUBSCRIPTION_ID,),
    outputs=(
        OutputSpec("subscriptionId", "The identifier of the subscription", Literal()),
        OutputSpec("subscription", "The subscription", SUBSCRIPTION_FORMATS),
        OutputSpec("info", "What was done, for people", Literal()),
    ),
    handler=_handle,
)
