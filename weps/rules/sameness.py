"""Whether two compiled rules are the same machine, whatever their texts look like."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING

from weps.rules.eml.rule import EmlRule

if TYPE_CHECKING:
    from weps.rules.base import Rule

_TOLD = frozenset({"name", "message"})
"""Members that change what people are told, and nothing of what is detected."""


def is_same(rule: Rule, other: Rule) -> bool:
    """Tell whether either rule goes on in a state of the other; where that cannot be told, they are different."""
    if isinstance(rule, EmlRule) and isinstance(other, EmlRule):
        return rule.document == other.document
    return type(rule) is type(other) and _machine(rule) == _machine(other)


def _machine(rule: Rule) -> object:
    if not is_dataclass(rule) or isinstance(rule, type):
        return rule
    return replace(rule, **{member.name: "" for member in fields(rule) if member.name in _TOLD})
