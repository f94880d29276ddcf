"""The threshold language as JSON Schema, made from the models that read it."""

from __future__ import annotations

from typing import Any

from weps.rules.threshold.condition import RANGES
from weps.rules.threshold.spec import MODELS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RULE = {"$ref": "#/$defs/Rule"}
BETWEEN_MEMBERS: dict[str, dict[str, Any]] = {
    "ThresholdSpec": {
        "if": {"properties": {"condition": {"enum": [*RANGES]}}},
        "then": {"required": ["lower", "upper"]},
        "else": {"anyOf": [{"required": ["threshold"]}, {"required": ["steps"]}]},
    },
    "CompoundSpec": {
        "if": {"properties": {"type": {"const": "sequence"}}},
        "then": {"required": ["within"]},
    },
    "Aggregate": {
        "if": {"not": {"properties": {"function": {"const": "change"}}}},
        "then": {"required": ["window"]},
    },
    "AreaSpec": {"oneOf": [{"required": ["bbox"]}, {"required": ["center", "radius"]}]},
}
"""What must be there together; what else holds between members is told by the compiler, with what to do."""


def json_schema() -> dict[str, Any]:
    """
    Give the schema (draft 2020-12) of a rule.

    Every rule that compiles is valid, but for severities written with other capital letters than the ones shown.
    """
    models = tuple(dict.fromkeys(MODELS.values()))
    definitions: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= schema.pop("$defs", {})
        definitions[model.__name__] = schema
    definitions["CompoundSpec"]["properties"]["rules"]["items"] = RULE
    for name, conditions in BETWEEN_MEMBERS.items():
        definitions[name] |= conditions
    definitions["Rule"] = {"oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in models]}
    return {"$schema": DIALECT, "title": "WEPS threshold rule", **RULE, "$defs": definitions}
