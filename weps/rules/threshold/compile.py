"""From the text of a rule in the threshold language to the machine that runs it; what is wrong is told all at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from weps.errors import Fault, RuleError
from weps.rules.threshold.build import build_rule
from weps.rules.threshold.check import check_compound, check_silence, check_threshold
from weps.rules.threshold.detectors.check import Problem
from weps.rules.threshold.spec import FUNCTIONS, MODELS, CompoundSpec, QualitySpec
from weps.rules.threshold.text import Lines, Path, read_json, shown

if TYPE_CHECKING:
    from weps.rules.base import Rule

CHECKS: dict[str, Callable[[dict[str, Any]], Iterator[Problem]]] = {
    "threshold": check_threshold,
    "noData": check_silence,
    "stuck": check_silence,
    "and": check_compound,
    "or": check_compound,
    "sequence": check_compound,
}
DEEPEST = 8
MOST_RULES = 100


def compile_threshold(text: str) -> Rule:
    """Compile a rule; raises `RuleError` with every fault, each with its line."""
    raw, lines = read_json(text)
    faults = list(_faults(raw, (), lines))
    if (rules := _count(raw)) > MOST_RULES:
        faults.append(Fault(lines.at(()), f"these are {rules} rules in one, where {MOST_RULES} may be; split it"))
    if faults:
        raise RuleError(tuple(dict.fromkeys(faults)))
    return build_rule(raw)


def _faults(raw: Any, path: Path, lines: Lines) -> Iterator[Fault]:
    line = lines.at(path)
    if not isinstance(raw, dict):
        yield Fault(line, "a rule is an object in braces with a type; see the threshold language")
        return
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in MODELS:
        known = ", ".join(MODELS)
        what = "type is missing" if kind is None else f"{shown(kind)} is no type of rule"
        yield Fault(lines.at((*path, "type")), f"{what}; write one of {known}")
        return
    if len(path) > 2 * DEEPEST:
        yield Fault(line, f"rules are nested deeper than {DEEPEST} levels; make it several rules")
        return
    try:
        MODELS[kind].model_validate(raw)
    except ValidationError as error:
        for problem in error.errors():
            where, message = _explain(problem, kind)
            yield Fault(lines.at((*path, *where)), message)
    for member, message in CHECKS[kind](raw):
        steps = tuple(int(step) if step.isdigit() else step for step in member.split(".")) if member else ()
        yield Fault(lines.at((*path, *steps)), message)
    rules = raw.get("rules")
    if MODELS[kind] is CompoundSpec and isinstance(rules, list):
        for index, rule in enumerate(rules):
            yield from _faults(rule, (*path, "rules", index), lines)


def _explain(problem: Any, kind: str) -> tuple[Path, str]:
    """Give the path of a fault that pydantic found, and say it in our words."""
    where, model = _locate(problem["loc"], kind)
    name, found = (where[-1] if where else ""), problem["type"]
    if found == "missing":
        return where, f"{name} is missing; a {kind} rule needs it"
    if found == "extra_forbidden":
        return where, _superfluous(str(name), model)
    if found == "value_error":
        return where, f"{name}: {problem['ctx']['error']}"
    if found == "literal_error":
        return where, f"{name}: {shown(problem['input'])} is not known; write {problem['ctx']['expected']}"
    if found == "list_type":
        return where, f"{name}: {shown(problem['input'])} is no list; write what belongs to it in brackets"
    if found == "union_tag_invalid":
        context = problem["ctx"]
        return (*where, "function"), f"function: {shown(context['tag'])} is not known; write {context['expected_tags']}"
    if found == "union_tag_not_found":
        return where, f"function is missing; write one of {', '.join(FUNCTIONS)}"
    return where, f"{name}: {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _locate(where: Path, kind: str) -> tuple[Path, type[BaseModel] | None]:
    """Give the path of a fault as it stands in the text, and the model of the object in which it lies, if known."""
    is_member = len(where) == len(("of", "tag", "member"))
    if where[:1] == ("of",) and len(where) > 1 and where[1] in FUNCTIONS:
        return ("of", *where[2:]), FUNCTIONS[str(where[1])] if is_member else None
    if where[:1] == ("quality",) and len(where) > 1:
        return ("quality", *where[2:]), QualitySpec if is_member and where[1] == "object" else None
    return where, MODELS[kind] if len(where) == 1 else None


def _superfluous(name: str, model: type[BaseModel] | None) -> str:
    known = [field.alias or member for member, field in model.model_fields.items()] if model else []
    near = difflib.get_close_matches(name, known, 1)
    return f"{name} is no member that can stand here; {f'did you mean {near[0]}?' if near else 'remove it'}"


def _count(raw: Any) -> int:
    """Count the rules in a rule, itself included."""
    rules = raw.get("rules") if isinstance(raw, dict) else None
    return 1 + sum(_count(rule) for rule in (rules if isinstance(rules, list) else ()))
