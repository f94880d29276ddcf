"""Rules as clients send them: a document in a rule language, or literals that mean the same as the threshold one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from weps.errors import InputError, MissingInputError
from weps.model import RuleText
from weps.processes.base import JSON, XML, Complex, Document, Format, InputSpec, Kind, Link, Literal
from weps.processes.inputs import DURATION_UNITS, format_duration, read_number
from weps.processes.list_rule_languages import schema_path
from weps.processes.subscribing import told_of
from weps.rules.languages import LANGUAGES, detect_language

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs

ONE_BOUND = ("greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual", "equal", "notEqual")
TWO_BOUNDS = ("between", "outside")
RULE_FORMATS = (
    *(Format(one.mime_type, one.schema_url) for one in LANGUAGES.values() if one.mime_type == XML and one.schema_url),
    *(Format(mime_type) for mime_type in (XML, JSON, "text/plain")),
)
"""The rule languages as formats: those with an XML Schema by it, then the media types of all."""
RULE_LANGUAGES = tuple(
    Link(language.title, language.schema_url or schema_path(key) or key) for key, language in LANGUAGES.items()
)
"""The rule languages as metadata of the processes that take rules."""

RULE = InputSpec(
    "rule",
    "The rule as a document",
    Complex(RULE_FORMATS),
    "Event Pattern Markup Language or Filter Encoding (text/xml), the threshold language, CQL2 JSON or an eventing "
    "template (application/json), CQL2 Text (text/plain). Instead of a document the literals condition, threshold and "
    "so on can be given; they mean the same as the threshold language.",
)
THRESHOLD_INPUTS = (
    InputSpec("condition", "The condition", Literal(allowed=ONE_BOUND + TWO_BOUNDS), "How a value is compared."),
    InputSpec("threshold", "The threshold", Literal(), "The bound of all conditions but between and outside."),
    InputSpec("lower", "The lower bound", Literal(Kind.NUMBER), "For between and outside."),
    InputSpec("upper", "The upper bound", Literal(Kind.NUMBER), "For between and outside."),
    InputSpec("uom", "The unit of the threshold", Literal(), "A UCUM code; values in other units are converted."),
    InputSpec("reset", "The reset level", Literal(Kind.NUMBER), "Hysteresis: the alert ends at this level only."),
    InputSpec(
        "for",
        "The time that the condition must hold",
        Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string"),
        "ISO 8601 (PT10M) or a number with a unit.",
    ),
    InputSpec("consecutive", "The number of observations in a row", Literal(Kind.COUNT), "As many must meet it."),
    InputSpec("n", "The number of observations in a row", Literal(Kind.COUNT), "The same as consecutive."),
    InputSpec(
        "trigger",
        "When to alert",
        Literal(allowed=("edge", "every")),
        "When it begins and ends, or each time it is met.",
    ),
    InputSpec(
        "pending",
        "Whether the time before it has held is shown",
        Literal(allowed=("false", "true")),
        "With for or consecutive: feeds show that it has begun; nothing is pushed before it holds.",
    ),
)
SELECTORS = ("procedure", "observedProperty", "featureOfInterest")
_DEFINING = ("threshold", "lower", "upper", "reset", "for", "consecutive", "trigger", "pending")


def read_rule(inputs: Inputs) -> tuple[RuleText, tuple[str, ...]]:
    """
    Give the rule of an Execute, and the literals that were not needed because the document says it all.

    A document together with literals that would say something else is refused.
    """
    document = inputs.document("rule")
    if document is None:
        return threshold_rule(inputs, inputs.text("trigger")), ()
    for identifier in _DEFINING:
        if identifier in inputs:
            raise InputError(f"The rule is given as a document and as {identifier}; leave one of them out.", identifier)
    unneeded = tuple(name for name in ("condition", "n", "uom") if name in inputs)
    return rule_of_document(document, "rule"), unneeded


def rule_of_document(document: Document, where: str) -> RuleText:
    """Give the rule in a document; a document in no known language is a fault of the input `where`."""
    with told_of({"": where}):
        return RuleText(detect_language(document.text, document.mime_type), document.text)


def threshold_rule(inputs: Inputs, trigger: str | None) -> RuleText:
    """Give the threshold rule that the literals describe; raises `InputError` for what does not go together."""
    condition = inputs.text("condition")
    if condition is None:
        raise MissingInputError("No rule is given: send rule as a document, or condition and threshold.", "rule")
    rule: dict[str, Any] = {"type": "threshold"}
    rule |= {name: inputs.text(name) for name in SELECTORS if name in inputs}
    rule |= {"condition": condition} | _bounds(inputs, condition)
    rule |= {name: inputs.text(name) for name in ("uom",) if name in inputs}
    rule |= {name: inputs.number(name) for name in ("reset",) if name in inputs}
    if (held := inputs.duration("for")) is not None:
        rule["for"] = format_duration(held)
    if "consecutive" in inputs and "n" in inputs:
        raise InputError("n and consecutive are the same; leave one of them out.", "n")
    for name in ("consecutive", "n"):
        if name in inputs:
            rule["consecutive"] = inputs.count(name)
    if trigger is not None:
        rule["trigger"] = trigger
    if inputs.text("pending") == "true":
        rule["pending"] = True
    text = json.dumps(rule, ensure_ascii=False)
    return RuleText(detect_language(text, JSON), text)


def _bounds(inputs: Inputs, condition: str) -> dict[str, Any]:
    wanted = ("lower", "upper") if condition in TWO_BOUNDS else ("threshold",)
    for name in ("threshold", "lower", "upper"):
        if name in inputs and name not in wanted:
            raise InputError(f"{condition} takes {' and '.join(wanted)}, not {name}.", name)
        if name in wanted and name not in inputs:
            raise MissingInputError(f"The input {name} is missing; {condition} needs it.", name)
    if condition in TWO_BOUNDS:
        return {name: inputs.number(name) for name in wanted}
    text = inputs.texts("threshold")[0]
    try:
        return {"threshold": read_number(text, None)}
    except ValueError as error:
        if condition in {"equal", "notEqual"}:
            return {"threshold": text}
        raise InputError(str(error), "threshold") from error
