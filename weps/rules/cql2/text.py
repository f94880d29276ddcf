"""CQL2 Text (OGC 21-065r2, annex B): from a text to the tree of a filter. NOT binds before AND, AND before OR."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import shapely

from weps.rules.cql2.scan import Sign, scan
from weps.rules.cql2.tree import (
    DEEPEST,
    Call,
    Constant,
    Cql2Fault,
    Geometry,
    Instant,
    Interval,
    Items,
    Name,
    Node,
)

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
KEYWORDS = ("AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "DIV")


def parse_text(text: str) -> Node:
    """Parse a text; raises `Cql2Fault` at the first place that is wrong."""
    parser = _Parser(list(scan(text)))
    found = parser.expression()
    if parser.sign.kind != "end":
        raise parser.unexpected("AND, OR or the end")
    return found


class _Parser:
    """One pass over the signs of a text."""

    def __init__(self, signs: list[Sign]) -> None:
        self._signs = signs
        self._position = 0
        self._depth = 0

    @property
    def sign(self) -> Sign:
        return self._signs[self._position]

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Cql2Fault(self.sign.place, f"nested more than {DEEPEST} deep; write it flatter")
        found = self._joined("OR", lambda: self._joined("AND", self._negation))
        self._depth -= 1
        return found

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        place = self.sign.place
        parts = [part()]
        while self._takes(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Call(place, word, tuple(parts))

    def _negation(self) -> Node:
        place, times = self.sign.place, 0
        while self._takes("NOT"):
            times += 1
        found = self._predicate()
        return Call(place, "NOT", (found,)) if times % 2 else found

    def _predicate(self) -> Node:
        left = self._sum()
        place = self.sign.place
        if self.sign.kind == "sign" and self.sign.text in COMPARISONS:
            operator = self._take().text
            return Call(place, operator, (left, self._sum()))
        if self._takes("IS"):
            negated = self._takes("NOT")
            self._expect("NULL")
            return _negated(negated, Call(place, "isNull", (left,)))
        negated = self._takes("NOT")
        if self._takes("LIKE"):
            return _negated(negated, Call(place, "LIKE", (left, self._sum())))
        if self._takes("BETWEEN"):
            lower = self._sum()
            self._expect("AND")
            return _negated(negated, Call(place, "BETWEEN", (left, lower, self._sum())))
        if self._takes("IN"):
            where = self.sign.place
            self._expect("(")
            return _negated(negated, Call(place, "IN", (left, Items(where, self._arguments()))))
        if negated:
            raise self.unexpected("LIKE, BETWEEN or IN")
        return left

    def _sum(self) -> Node:
        return self._chain(("+", "-"), lambda: self._chain(("*", "/", "%", "DIV"), self._power))

    def _chain(self, operators: tuple[str, ...], part: Callable[[], Node]) -> Node:
        found = part()
        length = 0
        while self.sign.text.upper() in operators and self.sign.kind in ("sign", "word"):
            length += 1
            operator = self._take()
            if length > DEEPEST:
                raise Cql2Fault(operator.place, f"more than {DEEPEST} operations in a row; write it shorter")
            found = Call(operator.place, operator.text, (found, part()))
        return found

    def _power(self) -> Node:
        base = self._operand()
        if self.sign.text != "^" or self.sign.kind != "sign":
            return base
        operator = self._take()
        self._depth += 1
        if self._depth > DEEPEST:
            raise Cql2Fault(operator.place, f"nested more than {DEEPEST} deep; write it flatter")
        found = Call(operator.place, "^", (base, self._power()))
        self._depth -= 1
        return found

    def _operand(self) -> Node:
        position, sign = self._position, self._take()
        match sign.kind:
            case "number":
                return Constant(sign.place, _number(sign, 1))
            case "text":
                return Constant(sign.place, sign.text[1:-1].replace("''", "'").replace("\\'", "'"))
            case "quoted":
                return Name(sign.place, sign.text[1:-1])
            case "geometry":
                return _geometry(sign)
            case "word" if not sign.is_word(*KEYWORDS):
                return self._word(sign)
        if sign.text == "(":
            found = self.expression()
            self._expect(")")
            return found
        if sign.text in ("-", "+"):
            if self.sign.kind == "number":
                number = self._take()
                return Constant(sign.place, _number(number, -1 if sign.text == "-" else 1))
            if sign.text == "-" and self.sign.text not in ("-", "+"):
                return Call(sign.place, "*", (Constant(sign.place, -1), self._operand()))
        self._position = position
        raise self.unexpected("a property, a value or a function")

    def _word(self, sign: Sign) -> Node:
        if sign.is_word("TRUE", "FALSE"):
            return Constant(sign.place, sign.is_word("TRUE"))
        if self.sign.text != "(" or self.sign.kind != "sign":
            return Name(sign.place, sign.text)
        self._take()
        arguments = self._arguments()
        if sign.is_word("TIMESTAMP", "DATE"):
            if len(arguments) == 1 and isinstance(arguments[0], Constant) and isinstance(arguments[0].value, str):
                return Instant(sign.place, sign.text.lower(), arguments[0].value)
            raise Cql2Fault(sign.place, f"{sign.text} takes one text, such as {sign.text}('2024-05-01')")
        if sign.is_word("INTERVAL"):
            if len(arguments) == 2:
                return Interval(sign.place, *arguments)
            raise Cql2Fault(sign.place, "INTERVAL takes two edges, such as INTERVAL('2024-05-01', '..')")
        return Call(sign.place, sign.text, arguments)

    def _arguments(self) -> tuple[Node, ...]:
        """Read what stands in brackets, of which the first is taken already."""
        if self._takes(")"):
            return ()
        found = [self.expression()]
        while self._takes(","):
            found.append(self.expression())
        self._expect(")")
        return tuple(found)

    def _take(self) -> Sign:
        sign = self.sign
        if sign.kind != "end":
            self._position += 1
        return sign

    def _takes(self, text: str) -> bool:
        if self.sign.kind in ("word", "sign") and self.sign.text.upper() == text:
            self._position += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise self.unexpected(text)

    def unexpected(self, wanted: str) -> Cql2Fault:
        found = "the rule ends" if self.sign.kind == "end" else f"{self.sign.text} stands"
        return Cql2Fault(self.sign.place, f"{found} where {wanted} is wanted")


def _negated(negated: bool, found: Call) -> Call:
    return Call(found.place, "NOT", (found,)) if negated else found


def _number(sign: Sign, factor: int) -> int | float:
    value = float(sign.text)
    if not math.isfinite(value):
        raise Cql2Fault(sign.place, f"{sign.text} is out of range")
    return factor * (int(sign.text) if sign.text.isdecimal() else value)


def _geometry(sign: Sign) -> Geometry:
    try:
        return Geometry(sign.place, json.loads(shapely.to_geojson(shapely.from_wkt(sign.text))))
    except shapely.errors.ShapelyError as error:
        raise Cql2Fault(sign.place, f"the geometry cannot be read: {error}") from error
