"""The process `weps:ListRuleLanguages`: what rules can be written in, and what of each language is supported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lxml import etree

from weps.processes.base import JSON, XML, Complex, Context, Format, Kind, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.documents import NAMESPACE
from weps.rules.languages import LANGUAGES, Language

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weps.processes.inputs import Inputs


SCHEMAS = "schemas/rules"


def _schema_name(identifier: str) -> str:
    return f"{identifier.rpartition('/')[2].removeprefix('vnd.weps.').removesuffix('+json')}.json"


OWN_SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    _schema_name(identifier): language.json_schema
    for identifier, language in LANGUAGES.items()
    if language.json_schema is not None
}
"""The JSON Schemas of the languages that are ours, by the names under which they are served at `SCHEMAS`."""


def schema_path(identifier: str) -> str | None:
    """Give the path below this service where the schema of a language of ours is; None for other languages."""
    name = _schema_name(identifier)
    return f"{SCHEMAS}/{name}" if name in OWN_SCHEMAS else None


def _schema(identifier: str, language: Language, context: Context) -> dict[str, str]:
    if language.schema_url is not None:
        return {"schema": language.schema_url}
    own = schema_path(identifier)
    return {} if own is None else {"schema": f"{context.engine.base_url}/{own}"}


def _handle(inputs: Inputs, context: Context) -> Outputs:
    listed = [
        {
            "id": identifier,
            "title": language.title,
            "mimeType": language.mime_type,
            **_schema(identifier, language, context),
            "supported": list(language.supported),
        }
        for identifier, language in LANGUAGES.items()
    ]
    return {
        "languages": {XML: _to_xml(listed), JSON: json.dumps({"languages": listed}, ensure_ascii=False)},
        "total": str(len(listed)),
    }


def _to_xml(listed: Sequence[dict[str, Any]]) -> str:
    root = etree.Element(f"{{{NAMESPACE}}}RuleLanguages", nsmap={"weps": NAMESPACE})
    for language in listed:
        attributes = {name: language[name] for name in ("id", "title", "mimeType", "schema") if name in language}
        element = etree.SubElement(root, f"{{{NAMESPACE}}}RuleLanguage", attributes)
        for line in language["supported"]:
            etree.SubElement(element, f"{{{NAMESPACE}}}Supported").text = line
    return str(etree.tostring(root, encoding="unicode"))


LIST_RULE_LANGUAGES = ProcessSpec(
    identifier="weps:ListRuleLanguages",
    title="List the rule languages",
    abstract="Gives the languages that rules can be written in: their media types and schemas, and what of each is "
    "supported.",
    version="1.0.0",
    inputs=(),
    outputs=(
        OutputSpec("languages", "The rule languages", Complex((Format(XML), Format(JSON)))),
        OutputSpec("total", "How many there are", Literal(Kind.COUNT)),
    ),
    handler=_handle,
)
