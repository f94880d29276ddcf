"""What the processes that manage one subscription share: the input that names it, and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.processes.base import InputSpec, Literal, OutputSpec, ProcessSpec
from weps.processes.documents import SUBSCRIPTION_FORMATS, write_subscription
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.engine import Engine
    from weps.model import Subscription
    from weps.processes.base import Context, Outputs
    from weps.processes.inputs import Inputs

SUBSCRIPTION_ID = InputSpec(
    "subscriptionId", "The identifier of the subscription", Literal(), "As weps:Subscribe gave it.", min_occurs=1
)
SUBSCRIPTION_OUTPUTS = (
    OutputSpec("subscriptionId", "The identifier of the subscription", Literal()),
    OutputSpec("subscription", "The subscription", SUBSCRIPTION_FORMATS),
    OutputSpec("info", "What was done, for people", Literal()),
)


def tell(subscription: Subscription, context: Context, info: str) -> Outputs:
    """Give the outputs of a process that changed a subscription."""
    return {
        "subscriptionId": subscription.id,
        "subscription": write_subscription(subscription, context.engine.feed_url(subscription)),
        "info": info,
    }


def steering(
    identifier: str, title: str, abstract: str, *, act: Callable[[Engine, str], Subscription], then: str
) -> ProcessSpec:
    """Give a process that does one thing to a subscription and takes nothing else; `then` is what holds afterwards."""

    def handle(inputs: Inputs, context: Context) -> Outputs:
        with told_of({"": SUBSCRIPTION_ID.identifier}):
            subscription = act(context.engine, inputs.texts(SUBSCRIPTION_ID.identifier)[0])
        return tell(subscription, context, f"Subscription {subscription.id} is {subscription.status}; {then}")

    return ProcessSpec(identifier, title, abstract, "1.0.0", (SUBSCRIPTION_ID,), SUBSCRIPTION_OUTPUTS, handle)
