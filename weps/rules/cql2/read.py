"""From the tree of a CQL2 filter to a condition: what the operators mean, and which are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from weps.rules import expression as ex
from weps.rules.cql2 import times
from weps.rules.cql2.space import RELATIONS as SPATIAL
from weps.rules.cql2.space import read_spatial
from weps.rules.cql2.tree import Call, Constant, Cql2Fault, Items, Name, Node
from weps.rules.operators.event import number_of
from weps.rules.stateless import Reference

if TYPE_CHECKING:
    from weps.errors import Fault

COMPARISONS = {
    "=": ex.Relation.EQUAL,
    "<>": ex.Relation.NOT_EQUAL,
    "<": ex.Relation.LESS,
    "<=": ex.Relation.LESS_OR_EQUAL,
    ">": ex.Relation.GREATER,
    ">=": ex.Relation.GREATER_OR_EQUAL,
}
ARITHMETIC: dict[str, ex.Arithmetic | ex.FurtherArithmetic] = {
    "+": ex.Arithmetic.ADD,
    "-": ex.Arithmetic.SUBTRACT,
    "*": ex.Arithmetic.MULTIPLY,
    "/": ex.Arithmetic.DIVIDE,
    "%": ex.FurtherArithmetic.MODULO,
    "^": ex.FurtherArithmetic.POWER,
    "div": ex.FurtherArithmetic.WHOLE_DIVIDE,
}


class Reader:
    """Reads one filter; `faults` and `references` are collected on the way."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.references: list[Reference] = []

    def read(self, node: Node) -> ex.Condition | None:
        """Read a condition; None when it has a fault, which is noted."""
        try:
            return self._condition(node)
        except Cql2Fault as fault:
            self.faults.append(fault.fault)
        return None

    def _condition(self, node: Node) -> ex.Condition:
        if isinstance(node, Constant) and isinstance(node.value, bool):
            return ex.All(()) if node.value else ex.Some(())
        if not isinstance(node, Call):
            what = node.name if isinstance(node, Name) else "this"
            raise Cql2Fault(node.place, f"{what} is no condition; compare it with something")
        reader = _READERS.get(node.name)
        if reader is None:
            raise _unsupported(node)
        return reader(self, node)

    def logic(self, call: Call) -> ex.Condition:
        """Read AND, OR, NOT."""
        if call.name == "not":
            _check_count(call, 1)
        elif len(call.arguments) < 2:
            raise Cql2Fault(call.place, f"{call.written} takes two conditions or more")
        found = [self.read(part) for part in call.arguments]
        parts = tuple(part for part in found if part is not None)
        if call.name == "not":
            return ex.Not(parts[0]) if parts else ex.All(())
        return ex.All(parts) if call.name == "and" else ex.Some(parts)

    def comparison(self, call: Call) -> ex.Condition:
        """Read a comparison of two values, or of two times."""
        _check_count(call, 2)
        left, right = call.arguments
        relation = COMPARISONS[call.name]
        if any(times.is_time(side) for side in (left, right)):
            return self._temporal(times.compare(relation, left, right), left, right)
        (left, right), match_case = _cased(call, left, right)
        return ex.Comparison(relation, self._operand(left), self._operand(right), match_case)

    def between(self, call: Call) -> ex.Condition:
        """Read BETWEEN, which includes its bounds."""
        arguments = call.arguments
        if len(arguments) == 2 and isinstance(arguments[1], Items):  # as drafts of the standard had it
            arguments = (arguments[0], *arguments[1].parts)
        if len(arguments) != 3:
            raise Cql2Fault(call.place, f"{call.written} takes a value and two bounds")
        if any(times.is_time(one) for one in arguments):
            raise Cql2Fault(call.place, f"{call.written} is for numbers; use T_DURING for times")
        value, lower, upper = arguments
        return ex.Between(self._operand(value), self._operand(lower), self._operand(upper))

    def like(self, call: Call) -> ex.Condition:
        """Read LIKE: % stands for any text, _ for one sign, a backslash takes the meaning from what follows."""
        _check_count(call, 2)
        (value, pattern), match_case = _cased(call, *call.arguments)
        if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
            raise Cql2Fault(pattern.place, f"{call.written} takes a text as its pattern")
        return ex.Like(self._operand(value), pattern.value, "%", "_", "\\", match_case)

    def membership(self, call: Call) -> ex.Condition:
        """Read IN."""
        items = call.arguments[1] if len(call.arguments) == 2 else None
        if not isinstance(items, Items) or not items.parts:
            raise Cql2Fault(call.place, f"{call.written} takes a value and a list of one value or more")
        value = call.arguments[0]
        equal = [Call(one.place, "=", (value, one)) for one in items.parts]
        return ex.Some(tuple(self.comparison(one) for one in equal))

    def missing(self, call: Call) -> ex.Condition:
        """Read IS NULL."""
        _check_count(call, 1)
        return ex.Missing(self._operand(call.arguments[0]))

    def temporal(self, call: Call) -> ex.Condition:
        """Read a temporal function."""
        _check_count(call, 2)
        left, right = call.arguments
        return self._temporal(times.relate(call.name, left, right), left, right)

    def spatial(self, call: Call) -> ex.Condition:
        """Read a spatial function."""
        _check_count(call, 2)
        self._note(*call.arguments, spatial=True)
        return read_spatial(call)

    def _temporal(self, found: ex.Condition, *sides: Node) -> ex.Condition:
        self._note(*sides)
        return found

    def _note(self, *nodes: Node, spatial: bool = False) -> None:
        for node in nodes:
            if isinstance(node, Name):
                self.references.append(Reference(node.name, *node.place, spatial=spatial))

    def _operand(self, node: Node) -> ex.Operand:
        """Read a value: a property, a constant, or arithmetic on them."""
        self._note(node)
        match node:
            case Name(_, name):
                return ex.Property(name)
            case Constant(_, bool(truth)):
                return ex.Literal("true" if truth else "false")
            case Constant(_, str(text)):
                return ex.Literal(text)
            case Constant(_, int() | float() as number):
                if number_of(number) is None:
                    raise Cql2Fault(node.place, "the number is out of range")
                return ex.Literal(f"{number}", number)
            case Call() if node.name in ARITHMETIC:
                _check_count(node, 2)
                left, right = (self._operand(one) for one in node.arguments)
                return ex.Calculation(ARITHMETIC[node.name], left, right)
            case Call() if node.name not in _READERS:
                raise _unsupported(node)
        raise Cql2Fault(node.place, "this is no value; write a property, a text, a number or arithmetic")


def _cased(call: Call, left: Node, right: Node) -> tuple[tuple[Node, Node], bool]:
    """Give both sides without CASEI, and whether case counts."""
    uncased = [isinstance(side, Call) and side.name == "casei" for side in (left, right)]
    if not any(uncased):
        return (left, right), True
    if not all(uncased):
        raise Cql2Fault(call.place, "CASEI stands on one side only; write it on both, as CASEI(uom) = CASEI('cel')")
    inner = []
    for side in (left, right):
        if isinstance(side, Call):
            _check_count(side, 1)
            inner.append(side.arguments[0])
    return (inner[0], inner[1]), False


def _check_count(call: Call, count: int) -> None:
    if len(call.arguments) != count:
        given = len(call.arguments)
        raise Cql2Fault(call.place, f"{call.written} takes {count} argument(s), not {given}")


def _unsupported(call: Call) -> Cql2Fault:
    if call.name.startswith("a_"):
        return Cql2Fault(call.place, f"{call.written} is for arrays, which observations do not have; remove it")
    if call.name in ARITHMETIC:
        return Cql2Fault(call.place, f"{call.written} gives a value and no condition; compare it with something")
    if call.name == "casei":
        return Cql2Fault(call.place, "CASEI stands alone; write it on both sides of a comparison")
    known = "CASEI, BBOX and the spatial and temporal functions of CQL2 (S_INTERSECTS, T_AFTER …)"
    return Cql2Fault(call.place, f"the function {call.written} is not supported; use {known}")


_Read: TypeAlias = Callable[[Reader, Call], ex.Condition]
_READERS: dict[str, _Read] = {
    **dict.fromkeys(("and", "or", "not"), Reader.logic),
    **dict.fromkeys(COMPARISONS, Reader.comparison),
    "between": Reader.between,
    "like": Reader.like,
    "in": Reader.membership,
    "isnull": Reader.missing,
    **dict.fromkeys(SPATIAL, Reader.spatial),
    **dict.fromkeys(times.RELATIONS, Reader.temporal),
}
