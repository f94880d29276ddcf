"""The process `weps:ListSubscriptions`: subscriptions page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.model import Page, SubscriptionStatus
from weps.processes.base import Context, InputSpec, Kind, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.documents import SUBSCRIPTION_FORMATS, write_subscriptions
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 1000
LARGEST_OFFSET = 2**31


def _handle(inputs: Inputs, context: Context) -> Outputs:
    text = inputs.text("status")
    status = SubscriptionStatus(text) if text else None
    page = Page(inputs.count("offset") or 0, _limit(inputs), inputs.text("after"))
    if page.offset > LARGEST_OFFSET:
        raise InputError(f"{page.offset} is larger than {LARGEST_OFFSET}.", "offset")
    engine = context.engine
    with told_of({"after": "after"}):
        listed = [(found, engine.feed_url(found)) for found in engine.subscriptions(page, status)]
    total = engine.count_subscriptions(status)
    return {"subscriptions": write_subscriptions(listed, total, page), "total": str(total)}


def _limit(inputs: Inputs) -> int:
    limit = inputs.count("limit")
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= LARGEST_LIMIT:
        raise InputError(f"{limit} is not between 1 and {LARGEST_LIMIT}.", "limit")
    return limit


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
        InputSpec("offset", "How many to leave out", Literal(Kind.COUNT), "0 if left out."),
        InputSpec(
            "after",
            "The identifier of the last one of the page before",
            Literal(),
            "Where to go on; for long lists quicker than offset.",
        ),
        InputSpec(
            "limit", "How many to give", Literal(Kind.COUNT), f"{DEFAULT_LIMIT} if left out, at most {LARGEST_LIMIT}."
        ),
    ),
    outputs=(
        OutputSpec("subscriptions", "The page of subscriptions", SUBSCRIPTION_FORMATS),
        OutputSpec("total", "How many there are on all pages", Literal(Kind.COUNT)),
    ),
    handler=_handle,
)
