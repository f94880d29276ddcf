"""
Eventing templates as 52°North's eventing service has them: an EML text with `${parameters}`, and their values.

    {"template": "<EML …>${level}</EML>", "parameters": {"level": 5.5}}

`template` may also be a template document of that service (`parameters` declared with their types, the text in
`definition.content`), and `parameters` a list of objects, as its subscriptions have them. A value stands for text in
elements and attributes only: it is escaped, so that it never becomes markup.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from weps.errors import Fault, RuleError
from weps.rules.eml import compile_eml
from weps.rules.eml.parse import parse_xml
from weps.rules.eml.spec import FES
from weps.rules.fes import compile_fes
from weps.rules.operators.event import parse_number
from weps.rules.threshold.schema import DIALECT
from weps.rules.threshold.text import Lines, Path, read_json, shown

if TYPE_CHECKING:
    from weps.rules.base import Rule

Read = TypeVar("Read")

MEMBERS = ("template", "parameters")
_PLACE = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
# what is no text of an element or attribute: comments and instructions, and character data that is not escaped
_SECTION = re.compile(r"(<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\n": "&#10;", "\r": "&#13;",
            "\t": "&#9;"}  # fmt: skip
_TYPES = ("text", "string", "number", "integer", "boolean")


@dataclass(slots=True)
class _Template:
    """A template as it was sent: its text, the types of its parameters, their values, each with its line."""

    text: str
    line: int
    types: dict[str, str] = field(default_factory=dict)
    values: dict[str, tuple[str, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def compile_template(text: str) -> Rule:
    """Fill a template and compile what it becomes; raises `RuleError` with every fault."""
    raw, lines = read_json(text)
    template = _read(raw, lines)
    if template.faults:
        raise RuleError(tuple(dict.fromkeys(template.faults)))
    compiler = _compiler(template)
    filled = _fill(template)
    if template.faults:
        raise RuleError(tuple(dict.fromkeys(template.faults)))
    return _inside(template, compiler, filled)


def _read(raw: Any, lines: Lines) -> _Template:
    """Read the members of the rule; what is wrong is noted in the template."""
    template = _Template("", lines.at(("template",)))
    for name in raw if isinstance(raw, dict) else ():
        if name not in MEMBERS:
            template.faults.append(Fault(lines.at((name,)), f"{name} is no member of a template; remove it"))
    content = raw.get("template") if isinstance(raw, dict) else None
    if isinstance(content, dict):
        _read_declarations(content.get("parameters", []), ("template", "parameters"), lines, template)
        definition = content.get("definition")
        content = definition.get("content") if isinstance(definition, dict) else None
        template.line = lines.at(("template", "definition", "content"))
    if not isinstance(content, str) or not content.strip():
        what = "template is an EML text, or a template document with it in definition.content"
        template.faults.append(Fault(template.line, f"{what}; write one"))
        return template
    # the service kept its texts escaped once more
    template.text = html.unescape(content) if content.lstrip().startswith("&lt;") else content
    _read_values(raw.get("parameters", {}), lines, template)
    return template


def _read_declarations(raw: Any, path: Path, lines: Lines, template: _Template) -> None:
    """Read the declared parameters: a list of names and data types, or an object of them."""
    items = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, one in items:
        described = one if isinstance(one, dict) else {}
        name = key if isinstance(key, str) else described.get("name")
        kind = described.get("dataType", described.get("type"))
        line = lines.at((*path, key))
        if not isinstance(name, str) or kind not in _TYPES:
            template.faults.append(
                Fault(line, f"a parameter is declared with a name and a dataType of {', '.join(_TYPES)}")
            )
        else:
            template.types[name] = kind


def _read_values(raw: Any, lines: Lines, template: _Template) -> None:
    """Read the values of the parameters: an object, or a list of objects."""
    many = isinstance(raw, list)
    for place, values in enumerate(raw if many else [raw]):
        path: Path = ("parameters", place) if many else ("parameters",)
        if not isinstance(values, dict):
            template.faults.append(Fault(lines.at(path), "parameters is an object of names and values"))
            continue
        for name, value in values.items():
            line = lines.at((*path, name))
            written, fault = _written(name, value, template.types.get(name))
            if name in template.values:
                fault = f"the parameter {name} is given twice; leave one out"
            if fault:
                template.faults.append(Fault(line, fault))
            template.values[name] = written, line


def _written(name: str, value: Any, kind: str | None) -> tuple[str, str | None]:
    """Give a value as text, and what is wrong with it."""
    if isinstance(value, (dict, list)) or value is None:
        return "", f"the parameter {name} is {shown(value)}; write a text or a number"
    written = value if isinstance(value, str) else json.dumps(value)
    if _NOT_IN_XML.search(written):
        return "", f"the parameter {name} has characters that cannot be written in XML; remove them"
    number = parse_number(written)
    if (kind in ("number", "integer") and number is None) or (kind == "integer" and not isinstance(number, int)):
        return "", f"the parameter {name} is {shown(value)}, but declared as {kind}; write such a one"
    if kind == "boolean" and written not in ("true", "false"):
        return "", f"the parameter {name} is {shown(value)}, but declared as boolean; write true or false"
    return written, None


def _compiler(template: _Template) -> Callable[[str], Rule]:
    """
    Give what compiles the text of a template.

    It is parsed before it is filled: then every place that is well-formed stands in text, and none can become a tag.
    """
    root = _inside(template, parse_xml, template.text)
    return compile_fes if root.tag.startswith(f"{{{FES}}}") else compile_eml


def _inside(template: _Template, read: Callable[[str], Read], text: str) -> Read:
    """Read the text of a template; faults get the line of the template in the rule, and tell that inside it."""
    try:
        return read(text)
    except RuleError as error:
        raise RuleError(
            tuple(
                Fault(template.line, f"template, line {fault.line}: {fault.message}" if fault.line else fault.message)
                for fault in error.faults
            )
        ) from error


def _fill(template: _Template) -> str:
    """Put the values into the text; parameters without value and values without parameter are noted."""
    used: set[str] = set()
    parts = []
    line = 1
    for part in _SECTION.split(template.text):
        filled = part
        if not part.startswith(("<!--", "<?")):
            used.update(_check_places(template, part, line))
            filled = _PLACE.sub(_writer(template, part.startswith("<![CDATA[")), part)
        parts.append(filled)
        line += part.count("\n")
    known = ", ".join(sorted(used)) or "none"
    for name, (_, where) in template.values.items():
        if name not in used:
            template.faults.append(Fault(where, f"the template has no parameter {name}; it has {known}"))
    return "".join(parts)


def _check_places(template: _Template, part: str, first: int) -> Iterator[str]:
    """Give the names of the parameters in a part of the text; those without a value are noted."""
    for found in _PLACE.finditer(part):
        name = found[1].strip()
        yield name
        if name in template.values:
            continue
        what = f"${{{name}}} has no value; give {name} in parameters"
        if not _NAME.fullmatch(name):
            what = f"${{{name}}} is no parameter; write a name of letters and digits"
        line = first + part.count("\n", 0, found.start())
        template.faults.append(Fault(template.line, f"template, line {line}: {what}"))


def _writer(template: _Template, in_section: bool) -> Callable[[re.Match[str]], str]:
    def write(found: re.Match[str]) -> str:
        value, _ = template.values.get(found[1].strip(), ("", 0))
        return value.replace("]]>", "]]]]><![CDATA[>") if in_section else _escaped(value)

    return write


def _escaped(value: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in value)


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
