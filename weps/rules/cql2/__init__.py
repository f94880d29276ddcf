"""
OGC CQL2 1.0 (21-065r2), text and JSON, as rules: a condition on each observation.

Parsed here and not by pygeofilter: its version 0.4.0 reads `a OR b AND c` as `(a OR b) AND c` and times like
"yesterday" by the clock, and does not read the temporal functions of the standard. A rule that alerts people must
mean what the standard says, and faults must be told with their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import RuleError
from weps.rules.cql2.json_tree import parse_json
from weps.rules.cql2.read import Reader
from weps.rules.cql2.text import parse_text
from weps.rules.cql2.tree import Cql2Fault
from weps.rules.stateless import ConditionRule, build_rule, check_references

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.rules.cql2.tree import Node


def compile_cql2_text(text: str) -> ConditionRule:
    """Compile CQL2 Text; raises `RuleError` with the faults, each with line and column."""
    return _compile(parse_text, text.removeprefix("\ufeff"))


def compile_cql2_json(text: str) -> ConditionRule:
    """Compile CQL2 JSON; raises `RuleError` with the faults, each with its line."""
    return _compile(parse_json, text)


def _compile(parse: Callable[[str], Node], text: str) -> ConditionRule:
    reader = Reader()
    try:
        condition = reader.read(parse(text))
    except Cql2Fault as error:
        raise RuleError((error.fault,)) from error
    named, wrong = check_references(reader.references)
    faults = (*reader.faults, *wrong)
    if faults or condition is None:
        raise RuleError(tuple(dict.fromkeys(faults)))
    return build_rule(condition, named)
