"""What the processes that manage one subscription share: the input that names it, and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.processes.base import InputSpec, Literal, OutputSpec
from weps.processes.documents import SUBSCRIPTION_FORMATS, write_subscription

if TYPE_CHECKING:
    from weps.model import Subscription
    from weps.processes.base import Context, Outputs

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
