"""Guards: OGC Filter Encoding 2.0 (OGC 09-026r2) as conditions. Every fault is collected with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from lxml import etree

from weps.rules import expression as ex
from weps.rules.eml import gml
from weps.rules.eml.document import Guard, Mention, ViewCount
from weps.rules.eml.literal import FilterFault, read_distance, read_literal, read_time
from weps.rules.eml.spec import FES
from weps.rules.eml.structure import child, children, local_name, text
from weps.rules.operators.event import parse_number
from weps.rules.operators.guard import unit_of
from weps.rules.operators.property import TIMES
from weps.rules.units import find_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.rules.eml.structure import Faults

    Reader: TypeAlias = "Callable[[FilterReader, etree._Element], ex.Condition]"

VIEW_COUNT = "VIEW_COUNT"
DEEPEST = 60

RELATIONS = {
    "PropertyIsEqualTo": ex.Relation.EQUAL,
    "PropertyIsNotEqualTo": ex.Relation.NOT_EQUAL,
    "PropertyIsLessThan": ex.Relation.LESS,
    "PropertyIsLessThanOrEqualTo": ex.Relation.LESS_OR_EQUAL,
    "PropertyIsGreaterThan": ex.Relation.GREATER,
    "PropertyIsGreaterThanOrEqualTo": ex.Relation.GREATER_OR_EQUAL,
}
_LIKE = ("wildCard", "singleChar", "escapeChar")


def read_guard(filter_element: etree._Element, faults: Faults) -> Guard:
    """Read a filter; what is wrong goes to `faults`, and an empty filter is no condition."""
    operators = list(children(filter_element))
    if not operators:
        return Guard()
    if len(operators) > 1:
        faults.add(operators[1], "fes:Filter holds more than one operator; combine them with fes:And or fes:Or")
    if _depth(filter_element) > DEEPEST:
        faults.add(filter_element, f"fes:Filter is nested more than {DEEPEST} deep; write it flatter")
        return Guard()
    count = _read_view_count(operators[0])
    if count is not None:
        return Guard(ViewCount(count))
    reader = FilterReader(faults)
    condition = reader.read(operators[0])
    return Guard(condition, tuple(reader.mentions))


def _depth(element: etree._Element) -> int:
    """Give how deep elements are nested in an element."""
    deepest, pending = 0, [(element, 0)]
    while pending:
        outer, depth = pending.pop()
        deepest = max(deepest, depth)
        pending.extend((inner, depth + 1) for inner in children(outer))
    return deepest


def _read_view_count(operator: etree._Element) -> int | None:
    """Give n of a filter that is exactly VIEW_COUNT = swe:Count n."""
    reference, literal = child(operator, "ValueReference"), child(operator, "Literal")
    if local_name(operator) != "PropertyIsEqualTo" or text(reference) != VIEW_COUNT:
        return None
    count = parse_number(text(child(child(literal, "Count"), "value")))
    return count if isinstance(count, int) and count >= 0 else None


class FilterReader:
    """Reads the operators of one filter; `mentions` are the properties it refers to."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.mentions: list[Mention] = []

    def read(self, element: etree._Element) -> ex.Condition | None:
        """Read an operator; None when it has a fault, which is noted."""
        name = local_name(element)
        reader = _OPERATORS.get(name) if etree.QName(element).namespace == FES else None
        if reader is None:
            known = ", ".join(_OPERATORS)
            self.faults.add(element, f"the operator {name} is not supported in a guard; use one of {known}")
            return None
        try:
            return reader(self, element)
        except FilterFault as fault:
            self.faults.add(fault.element, str(fault))
        return None

    def logic(self, element: etree._Element) -> ex.Condition:
        """Read And, Or, Not."""
        name = local_name(element)
        parts = [self.read(part) for part in children(element)]
        known = tuple(part for part in parts if part is not None)
        if len(parts) < (1 if name == "Not" else 2):
            raise FilterFault(
                element, f"{name} holds {len(parts)} operators; it takes {'one' if name == 'Not' else 'two or more'}"
            )
        if name == "Not":
            if len(parts) > 1:
                raise FilterFault(element, "Not holds more than one operator; it takes one")
            return ex.Not(known[0]) if known else ex.All(())
        return ex.All(known) if name == "And" else ex.Some(known)

    def comparison(self, element: etree._Element) -> ex.Condition:
        """Read a comparison of two operands."""
        left, right = self._operands(element, 2)
        self._check_units(element, left, right)
        self._check_attributes(element, ("matchCase", "matchAction"))
        match_case = element.get("matchCase", "true")
        if match_case not in ("true", "false", "1", "0"):
            raise FilterFault(element, f"matchCase is {match_case!r}; write true or false")
        return ex.Comparison(RELATIONS[local_name(element)], left, right, match_case in ("true", "1"))

    def between(self, element: etree._Element) -> ex.Condition:
        """Read PropertyIsBetween."""
        self._check_attributes(element, ())
        parts = list(children(element))
        if [local_name(part) for part in parts[1:]] != ["LowerBoundary", "UpperBoundary"]:
            raise FilterFault(element, "PropertyIsBetween takes an operand, a LowerBoundary and an UpperBoundary")
        operand = self.operand(parts[0])
        (lower,), (upper,) = self._operands(parts[1], 1), self._operands(parts[2], 1)
        self._check_units(element, operand, lower, upper)
        return ex.Between(operand, lower, upper)

    def like(self, element: etree._Element) -> ex.Condition:
        """Read PropertyIsLike."""
        self._check_attributes(element, _LIKE)
        operand, pattern = self._operands(element, 2)
        characters = [element.get(attribute) for attribute in _LIKE]
        for attribute, character in zip(_LIKE, characters, strict=True):
            if character is None or len(character) != 1:
                raise FilterFault(element, f"PropertyIsLike needs {attribute} with one character")
        if not isinstance(pattern, ex.Literal):
            raise FilterFault(element, "PropertyIsLike takes a ValueReference and then a Literal")
        wild_card, single_char, escape_char = (str(character) for character in characters)
        return ex.Like(operand, pattern.text, wild_card, single_char, escape_char)

    def missing(self, element: etree._Element) -> ex.Condition:
        """Read PropertyIsNull and PropertyIsNil."""
        self._check_attributes(element, ())
        (operand,) = self._operands(element, 1)
        return ex.Missing(operand, local_name(element) == "PropertyIsNil")

    def spatial(self, element: etree._Element) -> ex.Condition:
        """Read a spatial operator."""
        self._check_attributes(element, ())
        relation = ex.SpatialRelation(local_name(element))
        parts = list(children(element))
        distance = None
        if relation in (ex.SpatialRelation.DWITHIN, ex.SpatialRelation.BEYOND):
            if not parts or local_name(parts[-1]) != "Distance":
                raise FilterFault(element, f"{relation} has no Distance; add it as the last element")
            distance = read_distance(parts.pop())
        if relation is ex.SpatialRelation.BBOX and len(parts) == 1:
            operand: ex.Property | ex.Shape = ex.Property("geometry")
        elif len(parts) == 2:
            operand = self.geometry(parts[0])
        else:
            raise FilterFault(element, f"{relation} takes a ValueReference and then a geometry")
        other = self.geometry(parts[-1])
        if not isinstance(operand, ex.Property):
            raise FilterFault(parts[0], f"{relation} begins with a ValueReference, not with a geometry")
        return ex.Spatial(relation, operand, other, distance)

    def geometry(self, element: etree._Element) -> ex.Property | ex.Shape:
        """Read a geometry or a reference to one."""
        if local_name(element) == "ValueReference":
            return self._reference(element, spatial=True)
        inner = next(children(element), None) if local_name(element) == "Literal" else element
        if inner is None or etree.QName(inner).namespace not in gml.GML:
            raise FilterFault(element, f"{local_name(element)} holds no GML geometry; write one, such as gml:Point")
        try:
            return gml.read_shape(inner)
        except ValueError as error:
            raise FilterFault(inner, f"the geometry cannot be read: {error}") from error

    def temporal(self, element: etree._Element) -> ex.Condition:
        """Read a temporal operator."""
        self._check_attributes(element, ())
        parts = list(children(element))
        if len(parts) != 2 or local_name(parts[0]) != "ValueReference":
            raise FilterFault(element, f"{local_name(element)} takes a ValueReference and then a time")
        operand = self._time_reference(parts[0])
        relation = ex.TemporalRelation(local_name(element))
        if local_name(parts[1]) == "ValueReference":
            return ex.Temporal(relation, operand, self._time_reference(parts[1]))
        return ex.Temporal(relation, operand, read_time(parts[1]))

    def operand(self, element: etree._Element) -> ex.Operand:
        """Read an operand of a comparison."""
        name = local_name(element)
        if etree.QName(element).namespace == FES:
            if name == "ValueReference":
                return self._reference(element)
            if name == "Literal":
                return read_literal(element)
            if name == "Function":
                return self._function(element)
        raise FilterFault(element, f"{name} is no operand; use fes:ValueReference, fes:Literal or fes:Function")

    def _function(self, element: etree._Element) -> ex.Operand:
        name = element.get("name", "")
        arguments = list(children(element))
        if name not in (*ex.Arithmetic, "distanceTo"):
            raise FilterFault(element, f"the function {name} is not supported; use add, sub, mul, div or distanceTo")
        if len(arguments) != 2:
            raise FilterFault(element, f"{name} takes two arguments, not {len(arguments)}")
        if name == "distanceTo":
            return ex.Distance(self.geometry(arguments[0]), self.geometry(arguments[1]))
        return ex.Calculation(ex.Arithmetic(name), self.operand(arguments[0]), self.operand(arguments[1]))

    def _operands(self, element: etree._Element, count: int) -> tuple[ex.Operand, ...]:
        parts = list(children(element))
        if len(parts) != count:
            raise FilterFault(element, f"{local_name(element)} takes {count} operand(s), not {len(parts)}")
        return tuple(self.operand(part) for part in parts)

    def _time_reference(self, element: etree._Element) -> ex.Property:
        found = self._reference(element)
        if found.reference.rpartition("/")[2] not in TIMES:
            raise FilterFault(element, f"{found.reference} is no time; use one of {', '.join(sorted(TIMES))}")
        return found

    def _reference(self, element: etree._Element, spatial: bool = False) -> ex.Property:
        reference = text(element)
        if not reference:
            raise FilterFault(element, "ValueReference is empty; write a property such as input/doubleValue")
        if reference == VIEW_COUNT:
            raise FilterFault(
                element,
                f"{VIEW_COUNT} can only be the whole guard: PropertyIsEqualTo of it and a swe:Count of 0 or more",
            )
        self.mentions.append(Mention(reference, element.sourceline or 0, spatial))
        return ex.Property(reference)

    def _check_attributes(self, element: etree._Element, known: tuple[str, ...]) -> None:
        for attribute in element.attrib:
            if attribute not in known:
                self.faults.add(element, f"{local_name(element)} has no attribute {attribute}; remove it")

    def _check_units(self, element: etree._Element, *operands: ex.Operand) -> None:
        wanted = find_unit(unit_of(*operands) or "") if unit_of(*operands) else None
        for operand in operands:
            for leaf in ex.leaves(operand):
                unit = find_unit(leaf.uom) if isinstance(leaf, ex.Quantity) else None
                if wanted is not None and unit is not None and unit.kind != wanted.kind:
                    raise FilterFault(
                        element, f"units {wanted.code} and {unit.code} are of different kinds; use one kind"
                    )


_OPERATORS: dict[str, Reader] = {
    **dict.fromkeys(RELATIONS, FilterReader.comparison),
    "PropertyIsBetween": FilterReader.between,
    "PropertyIsLike": FilterReader.like,
    "PropertyIsNull": FilterReader.missing,
    "PropertyIsNil": FilterReader.missing,
    **dict.fromkeys(("And", "Or", "Not"), FilterReader.logic),
    **{str(relation): FilterReader.spatial for relation in ex.SpatialRelation},
    **{str(relation): FilterReader.temporal for relation in ex.TemporalRelation},
}
