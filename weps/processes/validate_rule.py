"""The process `weps:ValidateRule`: tell every fault of a rule, with its line, without subscribing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lxml import etree

from weps.errors import RuleError
from weps.processes.base import JSON, XML, Complex, Context, Format, Kind, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.documents import NAMESPACE
from weps.processes.faults import NOT_IN_XML
from weps.processes.rule_inputs import RULE, RULE_LANGUAGES, SELECTORS, THRESHOLD_INPUTS, read_rule
from weps.processes.source_inputs import selector_inputs
from weps.rules.languages import compile_rule

if TYPE_CHECKING:
    from weps.errors import Fault
    from weps.processes.inputs import Inputs


def _handle(inputs: Inputs, context: Context) -> Outputs:
    language, name = "", ""
    faults: tuple[Fault, ...] = ()
    try:
        rule, _ = read_rule(inputs)
        language = rule.language
        name = compile_rule(rule).name
    except RuleError as error:
        faults = error.faults
    return {
        "valid": "false" if faults else "true",
        "language": language,
        "name": name,
        "faults": _write(faults),
    }


def _write(faults: tuple[Fault, ...]) -> dict[str, str]:
    listed: list[dict[str, Any]] = [
        {"line": fault.line, "message": NOT_IN_XML.sub("\ufffd", fault.message)} for fault in faults
    ]
    root = etree.Element(f"{{{NAMESPACE}}}Faults", nsmap={"weps": NAMESPACE})
    for fault in listed:
        etree.SubElement(root, f"{{{NAMESPACE}}}Fault", line=str(fault["line"])).text = fault["message"]
    return {
        XML: str(etree.tostring(root, encoding="unicode")),
        JSON: json.dumps({"faults": listed}, ensure_ascii=False),
    }


VALIDATE_RULE = ProcessSpec(
    identifier="weps:ValidateRule",
    title="Check a rule",
    abstract="Compiles a rule as weps:Subscribe would and gives every fault with its line. A wrong rule is an answer "
    "here and no exception.",
    version="1.0.0",
    inputs=(RULE, *THRESHOLD_INPUTS, *selector_inputs(SELECTORS)),
    outputs=(
        OutputSpec("valid", "Whether the rule can be used", Literal(published_type="boolean")),
        OutputSpec("faults", "What is wrong, and what to do", Complex((Format(XML), Format(JSON)))),
        OutputSpec("language", "The rule language", Literal(), "Empty where it could not be told."),
        OutputSpec("name", "The name of the rule", Literal(Kind.TEXT), "Empty where it has faults."),
    ),
    handler=_handle,
    metadata=RULE_LANGUAGES,
)
