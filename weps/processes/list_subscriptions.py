"""The process `weps:ListSubscriptions`: subscriptions page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.model import SubscriptionStatus
from weps.processes.base import Context, InputSpec, Kind, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.documents import SUBSCRIPTION_FORMATS, write_subscriptions
from weps.processes.paging import LIMIT_INPUT, OFFSET_INPUT, read_page
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs


def _handle(inputs: Inputs, context: Context) -> Outputs:
    text = inputs.text("status")
    status = SubscriptionStatus(text) if text else None
    page = read_page(inputs)
    engine = context.engine
    with told_of({"after": "after"}):
        listed = [(found, engine.feed_url(found)) for found in engine.subscriptions(page, status)]
    total = engine.count_subscriptions(status)
    return {"subscriptions": write_subscriptions(listed, total, page), "total": str(total)}


LIST_SUBSCRIPTIONS = ProcessSpec(
    identifier="weps:ListSubscriptions",
    title="List the subscriptions",
    abstract="Gives the subscriptions page by page, with their rules, sources, lifetimes and feeds.",
    version="1.0.0",
    inputs=(
        InputSpec(
            "status",
            "Only those in this state",
            Literal(allowed=tuple(str(status) for status in SubscriptionStatus)),
            "All if left out.",
        ),
        OFFSET_INPUT,
        InputSpec(
            "after",
            "The identifier of the last one of the page before",
            Literal(),
            "Where to go on; for long lists quicker than offset.",
        ),
        LIMIT_INPUT,
    ),
    outputs=(
        OutputSpec("subscriptions", "The page of subscriptions", SUBSCRIPTION_FORMATS),
        OutputSpec("total", "How many there are on all pages", Literal(Kind.COUNT)),
    ),
    handler=_handle,
)
