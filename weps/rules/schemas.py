"""JSON Schemas (2020-12) of the rule languages that are ours, made from what reads them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from weps.rules.threshold.spec import MODELS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@lru_cache(maxsize=1)
def threshold_schema() -> dict[str, Any]:
    """Give the schema of the threshold language: one of its types of rules; compound ones hold rules themselves."""
    definitions: dict[str, Any] = {}
    for model in dict.fromkeys(MODELS.values()):
        schema = model.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= schema.pop("$defs", {})
        rules = schema["properties"].get("rules")
        if rules is not None:
            rules["items"] = {"$ref": "#"}
        definitions[model.__name__] = schema
    choices = [{"$ref": f"#/$defs/{model.__name__}"} for model in dict.fromkeys(MODELS.values())]
    return {"$schema": DIALECT, "title": "WEPS threshold rule", "oneOf": choices, "$defs": definitions}


def template_schema() -> dict[str, Any]:
    """Give the schema of eventing templates with their values."""
    value = {"type": ["string", "number", "boolean"]}
    values = {"type": "object", "additionalProperties": value}
    document = {
        "type": "object",
        "description": "A template document of the eventing service",
        "properties": {
            "parameters": {"type": ["array", "object"]},
            "definition": {"type": "object", "properties": {"content": {"type": "string"}}, "required": ["content"]},
        },
        "required": ["definition"],
    }
    return {
        "$schema": DIALECT,
        "title": "Eventing template with the values of its parameters",
        "type": "object",
        "properties": {
            "template": {"anyOf": [{"type": "string", "description": "EML with ${parameters}"}, document]},
            "parameters": {"anyOf": [values, {"type": "array", "items": values}]},
        },
        "required": ["template"],
        "additionalProperties": False,
    }
