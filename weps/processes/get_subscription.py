"""The process `weps:GetSubscription`: tell all about one subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.processes.base import Context, Kind, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.documents import SUBSCRIPTION_FORMATS, write_subscription
from weps.processes.managing import SUBSCRIPTION_ID
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs


def _handle(inputs: Inputs, context: Context) -> Outputs:
    with told_of({"": SUBSCRIPTION_ID.identifier}):
        subscription = context.engine.subscription(inputs.texts("subscriptionId")[0])
    feed = context.engine.feed_url(subscription)
    return {
        "subscription": write_subscription(subscription, feed, context.engine.rule_versions(subscription.id)),
        "status": str(subscription.status),
        "feed": feed,
    }


GET_SUBSCRIPTION = ProcessSpec(
    identifier="weps:GetSubscription",
    title="Describe a subscription",
    abstract="Gives the rule, the source, the targets, the lifetime and the state of one subscription, and every "
    "version of its rule with its text, since when it held and how many alerts it gave.",
    version="1.0.0",
    inputs=(SUBSCRIPTION_ID,),
    outputs=(
        OutputSpec("subscription", "The subscription", SUBSCRIPTION_FORMATS),
        OutputSpec("status", "Whether it is watched", Literal()),
        OutputSpec("feed", "The address of the feed with the alerts", Literal(Kind.URL)),
    ),
    handler=_handle,
)
