"""The rule languages in one table, and how a text is recognised as one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from weps.errors import Fault, RuleError
from weps.rules.eml import compile_eml
from weps.rules.eml.rule import EmlRule
from weps.rules.threshold import compile_threshold
from weps.rules.threshold.compound import CompoundRule
from weps.rules.threshold.nodata import NoDataRule
from weps.rules.threshold.sequence import SequenceRule
from weps.rules.threshold.simple import SimpleRule

if TYPE_CHECKING:
    from weps.model import RuleText
    from weps.rules.base import Rule

THRESHOLD = "application/vnd.weps.threshold+json"
EML_001 = "http://www.opengis.net/eml/0.0.1"
EML_002 = "http://www.opengis.net/eml/0.0.2"
ThresholdRule: TypeAlias = SimpleRule | CompoundRule | SequenceRule | NoDataRule
_ROOT = re.compile(r"<(?![?!])(?:[^\s:/>]+:)?(?P<name>[^\s:/>]+)")


@dataclass(frozen=True, slots=True)
class Language:
    """A rule language: its name for people, the media type of its texts, and how they are compiled."""

    title: str
    mime_type: str
    compile: Callable[[str], Rule]


LANGUAGES: dict[str, Language] = {
    THRESHOLD: Language("WEPS thresholds", "application/json", compile_threshold),
    EML_001: Language("Event Pattern Markup Language 0.0.1", "text/xml", compile_eml),
    EML_002: Language("Event Pattern Markup Language 0.0.2", "text/xml", compile_eml),
}


def compile_rule(rule: RuleText) -> Rule:
    """Compile a rule in its language; raises `RuleError` with every fault."""
    language = LANGUAGES.get(rule.language)
    if language is None:
        raise _unknown(f"{rule.language!r} is no rule language that is known here")
    return language.compile(rule.text)


def is_same(rule: Rule, other: Rule) -> bool:
    """
    Tell whether two compiled rules are the same machine, so that either goes on in a state of the other.

    What they are called, and what threshold rules tell people, is no part of the machine.
    """
    if isinstance(rule, EmlRule) and isinstance(other, EmlRule):
        return rule.document == other.document
    if isinstance(rule, ThresholdRule) and isinstance(other, ThresholdRule):
        return replace(rule, name="", message=None) == replace(other, name="", message=None)
    return False


def detect_language(text: str, mime_type: str | None = None) -> str:
    """Give the key of the language that a text is written in; raises `RuleError` when it is none of them."""
    start = text.lstrip("\ufeff \t\r\n")[:1]
    declared = (mime_type or "").lower()
    if start == "{":
        if "xml" in declared:
            raise _unknown(f"the rule is declared as {mime_type} but is JSON; correct one of them")
        return THRESHOLD
    if start == "<":
        if "json" in declared:
            raise _unknown(f"the rule is declared as {mime_type} but is XML; correct one of them")
        for namespace in (EML_002, EML_001):
            if namespace in text:
                return namespace
        root = _ROOT.search(text)
        raise _unknown(
            f"this is XML ({root['name'] if root else 'without an element'}) but no EML: its namespace is missing"
        )
    raise _unknown("the rule is empty" if not start else f"a rule does not begin with {start!r}")


def _unknown(what: str) -> RuleError:
    known = "; ".join(f"{language.title} ({key})" for key, language in LANGUAGES.items())
    return RuleError((Fault(0, f"{what}; write a rule in one of: {known}"),))
