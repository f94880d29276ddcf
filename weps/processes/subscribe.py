"""The process `weps:Subscribe`: watch a source with a rule, and tell about what happens."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from weps.model import NewSubscription, Severity
from weps.processes.attention_inputs import ATTENTION_INPUTS, read_attention
from weps.processes.base import (
    Context,
    InputSpec,
    Kind,
    Literal,
    Outputs,
    OutputSpec,
    ProcessSpec,
)
from weps.processes.documents import SUBSCRIPTION_FORMATS, write_subscription
from weps.processes.inputs import DURATION_UNITS
from weps.processes.ordering_inputs import ORDERING_INPUTS, read_ordering
from weps.processes.other_sources import push_hint
from weps.processes.rule_inputs import RULE, RULE_LANGUAGES, THRESHOLD_INPUTS, read_rule
from weps.processes.source_faults import failure_hint
from weps.processes.source_inputs import SOURCE_INPUTS, read_source, source_input
from weps.processes.subscribing import subscribe
from weps.processes.target_inputs import SINK, TARGETS_OUTPUT, read_targets, tell_introductions, write_targets
from weps.processes.telling_inputs import TELLING_INPUTS, read_telling

if TYPE_CHECKING:
    from weps.model import Subscription
    from weps.processes.inputs import Inputs

DEFAULT_SAMPLING_RATE = timedelta(minutes=10)
_DURATION = Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string")


def _handle(inputs: Inputs, context: Context) -> Outputs:
    rule, unneeded = read_rule(inputs)
    new = NewSubscription(
        rule=rule,
        source=read_source(inputs, context),
        sampling_rate=inputs.duration("samplingRate") or DEFAULT_SAMPLING_RATE,
        runtime=inputs.duration("runtime"),
        start=inputs.instant("startTime"),
        targets=read_targets(inputs, context),
        title=inputs.text("title") or "",
        severity=Severity(inputs.text("severity") or Severity.UNKNOWN),
        ordering=read_ordering(inputs),
        attention=read_attention(inputs, context),
        **read_telling(inputs),
    )
    names = {"rule": "rule" if "rule" in inputs else "condition", "source": source_input(inputs), "sink": "sink"}
    subscription = subscribe(context, new, names)
    targets = tuple(dict.fromkeys((*subscription.targets, *subscription.attention.escalate_to)))
    introductions = context.engine.introduce(subscription, targets)
    outputs = _outcome(subscription, context)
    told = f"{outputs['info']}{tell_introductions(introductions)}"
    if unneeded:
        told = f"{told}. Not needed, because the rule says it all: {', '.join(unneeded)}"
    return {**outputs, "targets": write_targets(targets, introductions), "info": told}


def _outcome(subscription: Subscription, context: Context) -> Outputs:
    feed = context.engine.feed_url(subscription)
    return {
        "subscriptionId": subscription.id,
        "feed": feed,
        "subscription": write_subscription(subscription, feed),
        "targets": write_targets(subscription.targets),
        "info": f"Subscription {subscription.id} is {subscription.status}; its alerts are published at {feed}"
        f"{push_hint(subscription, context)}{failure_hint(subscription, context)}",
    }


SUBSCRIBE = ProcessSpec(
    identifier="weps:Subscribe",
    title="Subscribe to events",
    abstract="Watches the observations of a Sensor Observation Service with a rule and publishes alerts in a feed. "
    "Execute checks everything, stores the subscription and answers at once.",
    version="1.0.0",
    inputs=(
        RULE,
        *THRESHOLD_INPUTS,
        *SOURCE_INPUTS,
        InputSpec(
            "samplingRate", "How often to ask", _DURATION, "ISO 8601 or a number with a unit; PT10M if left out."
        ),
        InputSpec(
            "runtime",
            "How long to watch",
            _DURATION,
            "ISO 8601 or a number with a unit; until it is cancelled if left out.",
        ),
        InputSpec("startTime", "The time from which to watch", Literal(Kind.INSTANT), "ISO 8601; now if left out."),
        SINK,
        InputSpec("severity", "The severity of the alerts", Literal(allowed=tuple(str(item) for item in Severity))),
        InputSpec("title", "The title of the alerts", Literal(longest=1000)),
        *TELLING_INPUTS,
        *ORDERING_INPUTS,
        *ATTENTION_INPUTS,
    ),
    outputs=(
        OutputSpec("subscriptionId", "The identifier of the subscription", Literal()),
        OutputSpec("feed", "The address of the feed with the alerts", Literal(Kind.URL)),
        OutputSpec("subscription", "The subscription", SUBSCRIPTION_FORMATS),
        TARGETS_OUTPUT,
        OutputSpec("info", "What was done, for people", Literal()),
    ),
    handler=_handle,
    outcome=_outcome,
    metadata=RULE_LANGUAGES,
)
