"""Where alerts are pushed, as clients say it, and what they are told of it: test messages, and secrets of webhooks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from weps.errors import InputError
from weps.notify.targets import SYNTAX, parse_target, written_target
from weps.processes.base import JSON, Complex, Format, InputSpec, Kind, Literal, OutputSpec
from weps.processes.subscribing import check_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weps.delivery.introduction import Introduction
    from weps.model import Target
    from weps.processes.base import Context
    from weps.processes.inputs import Inputs

MOST_SINKS = 20
SINK = InputSpec(
    "sink",
    "Where alerts are pushed",
    Literal(published_type=Kind.URL.value),
    SYNTAX,
    max_occurs=MOST_SINKS,
)
TARGETS_OUTPUT = OutputSpec(
    "targets",
    "Where alerts are pushed: what came of the test messages, and the secrets of webhooks",
    Complex((Format(JSON),)),
    "The secret that a webhook's messages are signed with is told here and never again.",
)


def read_targets(inputs: Inputs, context: Context) -> tuple[Target, ...]:
    """Give the targets that were sent; refuses what is none, and addresses that are never asked."""
    targets = []
    for text in inputs.texts(SINK.identifier):
        try:
            target = parse_target(text)
        except InputError as error:
            error.where = SINK.identifier
            raise
        check_target(context, target, SINK.identifier)
        targets.append(target)
    return tuple(dict.fromkeys(targets))


def write_targets(targets: Sequence[Target], introductions: Sequence[Introduction] = ()) -> dict[str, str]:
    """Give targets as JSON by MIME type, with what came of their introductions where there were such."""
    known = {each.target: each for each in introductions}
    return {JSON: json.dumps([_members(target, known.get(target)) for target in targets], ensure_ascii=False)}


def tell_introductions(introductions: Sequence[Introduction]) -> str:
    """Give what is to be added to the information for people: which test messages failed, and why."""
    failed = [f"{written_target(each.target)}: {each.error}" for each in introductions if each.error]
    if not failed:
        return ""
    return f". The test message did not reach {'; '.join(failed)}; alerts are pushed there all the same"


def _members(target: Target, introduction: Introduction | None) -> dict[str, Any]:
    members: dict[str, Any] = {"target": written_target(target), "channel": target.channel}
    if introduction is not None:
        members["secret"] = introduction.secret
        members["test"] = None if not introduction.was_sent else introduction.error or "delivered"
    return {name: value for name, value in members.items() if value is not None}
