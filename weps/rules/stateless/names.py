"""
The names by which a condition refers to an observation, and how they are made the same.

A condition may name the members of an observation (`value`, `phenomenonTime` …) as EML does, with `input/` or `om:` in
front or not, or the value by the name of what is observed (`AirTemperature`): then it looks at that property only.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from weps.errors import Fault
from weps.rules import expression as ex
from weps.rules.operators.property import KNOWN

VALUE_NAMES = frozenset({"value", "doubleValue", "stringValue"})
_ALIASES = {"result": "value", "shape": "geometry"}
_PREFIXES = ("input/", "om:", "sams:")
SLIP = 0.85
"""How much a name must look like that of a member to be taken for a slip of it and not for an observed property."""

Rename: TypeAlias = Callable[[str], str]


class Reference(NamedTuple):
    """A name that stands in a rule, and where; `spatial` when it stands for a geometry."""

    name: str
    line: int
    column: int = 0
    spatial: bool = False

    def fault(self, message: str) -> Fault:
        """Say what is wrong with it."""
        return located(self.line, self.column, message)


def located(line: int, column: int, message: str) -> Fault:
    """Give a fault at a place; the column is told where it is known."""
    return Fault(line, f"column {column}: {message}" if column else message)


def canonical(name: str) -> str:
    """Give a name as the engine knows it; the name of an observed property stays as it is."""
    short = name.rpartition("/")[2] if name.endswith(("/sams:shape", "/shape")) else name
    for prefix in _PREFIXES:
        short = short.removeprefix(prefix)
    short = _ALIASES.get(short, short)
    return short if short in KNOWN else name.removeprefix("input/")


def check_references(references: Iterable[Reference]) -> tuple[str | None, list[Fault]]:
    """Give the observed property that a condition names its value by, if it does, and what is wrong with the names."""
    named: str | None = None
    faults = []
    for reference in references:
        name = canonical(reference.name)
        if reference.spatial:
            if name != "geometry":
                faults.append(reference.fault(f"{reference.name} is no geometry; write geometry"))
        elif name in KNOWN:
            continue
        elif meant := _meant(name):
            faults.append(reference.fault(f"{reference.name} is no member of an observation; write {meant}"))
        elif named not in (None, name):
            what = f"an observation has a value of {named} or of {reference.name}, not of both"
            faults.append(reference.fault(f"{what}; join two rules with and in the threshold language"))
        else:
            named = name
    return named, faults


def _meant(name: str) -> str | None:
    """Give the member that a name is a slip of."""
    members = {one.lower(): one for one in sorted(KNOWN)}
    near = difflib.get_close_matches(name.lower().replace("_", ""), members, 1, SLIP)
    return members[near[0]] if near else None


def conjuncts(condition: ex.Condition) -> tuple[ex.Condition, ...]:
    """Give the parts that must all hold."""
    if isinstance(condition, ex.All):
        return tuple(inner for part in condition.parts for inner in conjuncts(part))
    return (condition,)


def normalised(condition: ex.Condition, named: str | None) -> ex.Condition:
    """
    Give a condition with every name as the engine knows it.

    Where the value is compared with numbers it is read as a number: a text never is greater than 5.
    """
    match condition:
        case ex.All(parts) | ex.Some(parts):
            return replace(condition, parts=tuple(normalised(part, named) for part in parts))
        case ex.Not(part):
            return ex.Not(normalised(part, named))
        case ex.Comparison():
            rename = _renaming(named, _is_numeric(condition.left, condition.right))
            return replace(condition, left=_rename(condition.left, rename), right=_rename(condition.right, rename))
        case ex.Between():
            operands = (condition.operand, condition.lower, condition.upper)
            rename = _renaming(named, _is_numeric(*operands))
            return ex.Between(*(_rename(one, rename) for one in operands))
        case ex.Like() | ex.Missing():
            return replace(condition, operand=_rename(condition.operand, _renaming(named, numeric=False)))
        case ex.Temporal(_, operand, other):
            other = ex.Property(canonical(other.reference)) if isinstance(other, ex.Property) else other
            return replace(condition, operand=ex.Property(canonical(operand.reference)), other=other)
        case _:
            return condition


def _renaming(named: str | None, numeric: bool) -> Rename:
    def rename(name: str) -> str:
        known = canonical(name)
        if known in (named, "value"):
            return "doubleValue" if numeric else "value"
        return known

    return rename


def _is_numeric(*operands: ex.Operand) -> bool:
    """Tell whether a comparison is one of numbers."""
    if any(isinstance(operand, (ex.Calculation, ex.Distance)) for operand in operands):
        return True
    return any(
        isinstance(leaf, ex.Quantity) or (isinstance(leaf, ex.Literal) and leaf.number is not None)
        for operand in operands
        for leaf in ex.leaves(operand)
    )


def _rename(operand: ex.Operand, rename: Rename) -> ex.Operand:
    if isinstance(operand, ex.Property):
        return ex.Property(rename(operand.reference))
    if isinstance(operand, ex.Calculation):
        return replace(operand, left=_rename(operand.left, rename), right=_rename(operand.right, rename))
    return operand


def references_of(condition: ex.Condition) -> Iterator[str]:
    """Give the names in a condition, as they stand there."""
    match condition:
        case ex.All(parts) | ex.Some(parts):
            for part in parts:
                yield from references_of(part)
        case ex.Not(part):
            yield from references_of(part)
        case ex.Comparison(_, left, right):
            yield from _names(left, right)
        case ex.Between(operand, lower, upper):
            yield from _names(operand, lower, upper)
        case ex.Like(operand=operand) | ex.Missing(operand=operand):
            yield from _names(operand)
        case _:
            yield from _names(condition.operand)
            if isinstance(condition.other, ex.Property):
                yield condition.other.reference


def _names(*operands: ex.Operand) -> Iterator[str]:
    for operand in operands:
        for leaf in ex.leaves(operand):
            if isinstance(leaf, ex.Property):
                yield leaf.reference
