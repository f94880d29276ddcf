"""The process `weps:Update`: change the rule, the sampling rate, the title, the severity or the targets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weps.errors import InputError, MissingInputError
from weps.model import Changes, Severity
from weps.processes.attention_inputs import ATTENTION_INPUTS, ATTENTION_PLACES, read_changed_attention
from weps.processes.base import Context, InputSpec, Kind, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.inputs import DURATION_UNITS
from weps.processes.managing import SUBSCRIPTION_ID, SUBSCRIPTION_OUTPUTS, tell
from weps.processes.ordering_inputs import ORDERING_INPUTS, ORDERING_PLACES, read_changed_ordering
from weps.processes.rule_inputs import RULE, RULE_LANGUAGES, SELECTORS, THRESHOLD_INPUTS, read_rule
from weps.processes.source_inputs import selector_inputs
from weps.processes.subscribing import told_of
from weps.processes.target_inputs import SINK, TARGETS_OUTPUT, read_targets, tell_introductions, write_targets
from weps.processes.telling_inputs import TELLING_INPUTS, TELLING_PLACES, read_telling

if TYPE_CHECKING:
    from weps.model import RuleText, Target
    from weps.processes.inputs import Inputs

KEPT, RESTARTED, UNCHANGED = "kept", "restarted", "unchanged"
_RULE_INPUTS = ("rule", *(spec.identifier for spec in THRESHOLD_INPUTS), *SELECTORS)
_STATES = {
    KEPT: "its rule says the same as before and goes on in its state",
    RESTARTED: "its rule began anew, with the newest observations",
    UNCHANGED: "its rule was not changed",
}


def _rule(inputs: Inputs) -> RuleText | None:
    return read_rule(inputs)[0] if any(name in inputs for name in _RULE_INPUTS) else None


def _targets(inputs: Inputs, context: Context) -> tuple[Target, ...] | None:
    targets = read_targets(inputs, context)
    if inputs.text("removeSinks") == "true":
        if targets:
            raise InputError("Sinks are given and removed at once; leave one of them out.", "removeSinks")
        return ()
    return targets or None


def _handle(inputs: Inputs, context: Context) -> Outputs:
    severity = inputs.text("severity")
    late, bound, corrections = read_changed_ordering(inputs)
    changes = Changes(
        rule=_rule(inputs),
        sampling_rate=inputs.duration("samplingRate"),
        title=inputs.text("title"),
        severity=Severity(severity) if severity else None,
        targets=_targets(inputs, context),
        late=late,
        bound=bound,
        corrections=corrections,
        **read_changed_attention(inputs, context),
        **read_telling(inputs),
    )
    if changes == Changes():
        wanted = "a rule, samplingRate, title, severity, sink, language, a template, alertStatus, latePolicy or repeat"
        raise MissingInputError(f"Nothing is to be changed; give {wanted}.", "rule")
    rule = "rule" if "rule" in inputs else "condition"
    places = {"rule": rule, "samplingRate": "samplingRate", "sink": "sink", "": SUBSCRIPTION_ID.identifier}
    places |= TELLING_PLACES | ORDERING_PLACES | ATTENTION_PLACES
    with told_of(places):
        updated, restarted = context.engine.update(inputs.texts("subscriptionId")[0], changes)
    state = RESTARTED if restarted else UNCHANGED if changes.rule is None else KEPT
    named = tuple(dict.fromkeys((*(changes.targets or ()), *(changes.escalate_to or ()))))
    introductions = context.engine.introduce(updated, named)
    info = f"Subscription {updated.id} was updated; {_STATES[state]} (version {updated.rule_version})"
    info += tell_introductions(introductions)
    return {
        **tell(updated, context, info),
        "targets": write_targets(tuple(dict.fromkeys((*updated.targets, *named))), introductions),
        "ruleState": state,
        "ruleVersion": str(updated.rule_version),
    }


UPDATE = ProcessSpec(
    identifier="weps:Update",
    title="Update a subscription",
    abstract="Changes what is given and leaves the rest as it is. Another rule text is a new version of the rule. A "
    "rule that says the same as before goes on in its state; another begins anew, as that of a new subscription, as "
    "it does under another late policy; an alert that was on is not resolved afterwards. "
    "The source cannot be changed: subscribe anew.",
    version="1.0.0",
    inputs=(
        SUBSCRIPTION_ID,
        RULE,
        *THRESHOLD_INPUTS,
        *selector_inputs(SELECTORS),
        InputSpec(
            "samplingRate",
            "How often to ask",
            Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string"),
            "ISO 8601 or a number with a unit.",
        ),
        InputSpec("title", "The title of the alerts", Literal(longest=1000)),
        *TELLING_INPUTS,
        *ORDERING_INPUTS,
        *ATTENTION_INPUTS,
        InputSpec("severity", "The severity of the alerts", Literal(allowed=tuple(str(item) for item in Severity))),
        replace(SINK, abstract=f"{SINK.abstract} Those given take the place of all there were."),
        InputSpec("removeSinks", "Post alerts nowhere any more", Literal(allowed=("true", "false"))),
    ),
    outputs=(
        *SUBSCRIPTION_OUTPUTS,
        TARGETS_OUTPUT,
        OutputSpec("ruleState", "Whether the rule kept its state", Literal(), f"{KEPT}, {RESTARTED} or {UNCHANGED}."),
        OutputSpec("ruleVersion", "The version of the rule", Literal(Kind.COUNT)),
    ),
    handler=_handle,
    metadata=RULE_LANGUAGES,
)
