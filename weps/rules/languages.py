"""The rule languages in one table, and how a text is recognised as one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from weps.errors import Fault, RuleError
from weps.rules.cql2 import compile_cql2_json, compile_cql2_text
from weps.rules.eml import compile_eml
from weps.rules.eventing_template import compile_template, template_schema
from weps.rules.fes import compile_fes
from weps.rules.threshold import compile_threshold
from weps.rules.threshold.schema import json_schema
from weps.rules.threshold.spec import FUNCTIONS, MODELS
from weps.rules.threshold.text import read_json

if TYPE_CHECKING:
    from weps.model import RuleText
    from weps.rules.base import Rule

THRESHOLD = "application/vnd.weps.threshold+json"
EML_001 = "http://www.opengis.net/eml/0.0.1"
EML_002 = "http://www.opengis.net/eml/0.0.2"
FES = "http://www.opengis.net/fes/2.0"
CQL2_TEXT = "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text"
CQL2_JSON = "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json"
TEMPLATE = "application/vnd.weps.eventing-template+json"
MOST_REMEMBERED = 1000
LONGEST_REMEMBERED = 20_000
"""So many compiled rules are remembered, if their texts have not more characters than this."""
_ROOT = re.compile(r"<(?![?!])(?:[^\s:/>]+:)?(?P<name>[^\s:/>]+)")

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_JSON, _XML, _TEXT = "application/json", "text/xml", "text/plain"
_EML = (
    "simple, complex (BEFORE, AND, OR, AND_NOT, CAUSE, PARALLEL), timer and repetitive patterns",
    "views: all, length, time, time and length, their batch forms, TimeBatchWithParameter, SelectLast",
    "guards: Filter Encoding 2.0 as below; all select functions; property restrictions; chained patterns; causality",
    "every match is an alert of its own; a rule begins with nothing seen",
    "not supported: GenericView, user-defined operators and views of other names",
)
_CONDITION = (
    "an alert when the condition begins to hold for a series, and one when it ends",
    "names: value (or the name of the observed property), uom, procedure, observedProperty, featureOfInterest, "
    "geometry, phenomenonTime, resultTime, validTime, startTime, endTime",
)


@dataclass(frozen=True, slots=True)
class Language:
    """
    A rule language: its name for people, the media type of its texts, and how they are compiled.

    `supported` says in words what can be written, and what cannot. `schema_url` is where its schema or grammar is
    published, `json_schema` makes it where the language is ours. With `first_look` a new rule is also shown what is
    the newest of each series, as an alert is due when it holds already; other languages begin with nothing seen.
    """

    title: str
    mime_type: str
    compile: Callable[[str], Rule]
    supported: tuple[str, ...]
    first_look: bool
    schema_url: str | None = None
    json_schema: Callable[[], dict[str, Any]] | None = None


LANGUAGES: dict[str, Language] = {
    THRESHOLD: Language(
        "WEPS thresholds",
        _JSON,
        compile_threshold,
        (
            f"types of rules: {', '.join(MODELS)}",
            "conditions: greaterThan, greaterThanOrEqual, lessThan, lessThanOrEqual, equal, notEqual, between, outside",
            "units (UCUM, converted), hysteresis (reset), severity steps, for, consecutive, edge or every",
            f"functions: {', '.join(FUNCTIONS)}; sliding and tumbling windows, change per time",
            "selection by procedure, property, feature, area, excluded values and quality flags; message templates",
        ),
        first_look=True,
        json_schema=json_schema,
    ),
    EML_001: Language(
        "Event Pattern Markup Language 0.0.1",
        _XML,
        compile_eml,
        _EML,
        first_look=False,
        schema_url="http://schemas.opengis.net/eml/0.0.1/EML.xsd",
    ),
    EML_002: Language(
        "Event Pattern Markup Language 0.0.2",
        _XML,
        compile_eml,
        _EML,
        first_look=False,
    ),
    FES: Language(
        "OGC Filter Encoding 2.0",
        _XML,
        compile_fes,
        (
            "comparisons, PropertyIsBetween, PropertyIsLike, PropertyIsNull, PropertyIsNil, And, Or, Not",
            "functions: add, sub, mul, div, distanceTo; swe:Quantity with a unit (UCUM, converted)",
            "spatial: BBOX, Within, Contains, Intersects, Disjoint, Equals, Touches, Crosses, Overlaps, DWithin, "
            "Beyond",
            "temporal: the fourteen relations of Filter Encoding",
            *_CONDITION,
            "not supported: other functions, ResourceId, ad hoc queries",
        ),
        first_look=True,
        schema_url="http://schemas.opengis.net/filter/2.0/filter.xsd",
    ),
    CQL2_TEXT: Language(
        "OGC CQL2 Text 1.0",
        _TEXT,
        compile_cql2_text,
        (
            "conformance classes: basic CQL2, advanced comparison operators, case-insensitive comparison, "
            "basic spatial functions (plus), spatial functions, temporal functions, arithmetic expressions",
            *_CONDITION,
            "not supported: array functions, ACCENTI and custom functions",
        ),
        first_look=True,
        schema_url="https://schemas.opengis.net/cql2/1.0/cql2.bnf",
    ),
    CQL2_JSON: Language(
        "OGC CQL2 JSON 1.0",
        _JSON,
        compile_cql2_json,
        ("the same as CQL2 Text, written as JSON",),
        first_look=True,
        schema_url="https://schemas.opengis.net/cql2/1.0/cql2.json",
    ),
    TEMPLATE: Language(
        "Eventing template of 52°North",
        _JSON,
        compile_template,
        (
            "an EML or Filter Encoding text with ${parameters} and their values, or a template document of the "
            "eventing service; values are text, never markup",
        ),
        first_look=False,
        json_schema=template_schema,
    ),
}


def compile_rule(rule: RuleText) -> Rule:
    """
    Compile a rule in its language; raises `RuleError` with every fault.

    Equal texts give the same compiled rule as long as it is remembered, so that a network can tell that they are equal.
    """
    if rule.language not in LANGUAGES:
        raise _unknown(f"{rule.language!r} is no rule language that is known here")
    if len(rule.text) > LONGEST_REMEMBERED:
        return LANGUAGES[rule.language].compile(rule.text)
    return _compile(rule.language, rule.text)


@lru_cache(MOST_REMEMBERED)
def _compile(language: str, text: str) -> Rule:
    return LANGUAGES[language].compile(text)


def detect_language(text: str, mime_type: str | None = None) -> str:
    """
    Give the key of the language that a text is written in; raises `RuleError` when it is none of them.

    JSON is told by its first sign, XML by its namespace; anything else can only be CQL2 Text.
    """
    start = text.lstrip("\ufeff \t\r\n")[:1]
    written = {"{": "JSON", "[": "JSON", "<": "XML"}.get(start, "text")
    declared = (mime_type or "").lower()
    for kind in ("xml", "json"):
        if start and kind in declared and kind.upper() != written:
            raise _unknown(f"the rule is declared as {mime_type} but is {written}; correct one of them")
    if not start:
        raise _unknown("the rule is empty")
    if written == "JSON":
        return _json_language(text)
    return CQL2_TEXT if written == "text" else _xml_language(text)


def _json_language(text: str) -> str:
    """Tell JSON languages by the member that only one of them has; what cannot be told is taken for a threshold."""
    try:
        raw, _ = read_json(text)
    except RuleError:
        return THRESHOLD
    if isinstance(raw, dict) and "type" not in raw:
        if "op" in raw:
            return CQL2_JSON
        if "template" in raw:
            return TEMPLATE
    return THRESHOLD


def _xml_language(text: str) -> str:
    root = _ROOT.search(_COMMENT.sub("", text))
    name = root["name"] if root else "without an element"
    if name == "Filter" and FES in text:
        return FES
    for namespace in (EML_002, EML_001):
        if namespace in text:
            return namespace
    raise _unknown(f"this is XML ({name}) but neither EML nor a filter: its namespace is missing")


def _unknown(what: str) -> RuleError:
    known = "; ".join(f"{language.title} ({key})" for key, language in LANGUAGES.items())
    return RuleError((Fault(0, f"{what}; write a rule in one of: {known}"),))
