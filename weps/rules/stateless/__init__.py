"""Conditions on single observations as rules: what Filter Encoding alone and CQL2 compile to."""

from weps.rules.stateless.names import Reference, check_references
from weps.rules.stateless.rule import ConditionRule, build_rule

__all__ = ["ConditionRule", "Reference", "build_rule", "check_references"]
