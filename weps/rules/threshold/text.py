"""JSON text with the line of every value, so that a fault in a rule can be found where it stands."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.errors import Fault, RuleError

if TYPE_CHECKING:
    from collections.abc import Callable

Path: TypeAlias = tuple[str | int, ...]

LONGEST_TEXT = 1_000_000
DEEPEST_NESTING = 32
LONGEST_SHOWN = 80
_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")


class Lines:
    """The 1-based line on which the value at a path stands; of a path that is not there, the line of its parent."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines

    def at(self, path: Path) -> int:
        """Give the line of the nearest value on the path that exists."""
        while path not in self._lines and path:
            path = path[:-1]
        return self._lines.get(path, 0)


def read_json(text: str) -> tuple[Any, Lines]:
    """Read a JSON text; raises `RuleError` with the line when it is none, or repeats a member."""
    if len(text) > LONGEST_TEXT:
        raise RuleError((Fault(0, f"the rule is longer than {LONGEST_TEXT} characters; split it into several rules"),))
    walk = _Walk(text.removeprefix("\ufeff"))
    try:
        value = walk.value((), 0)
        if walk.position < len(walk.text):
            raise json.JSONDecodeError("Extra data", text, walk.position)
    except json.JSONDecodeError as error:
        raise RuleError((Fault(error.lineno, f"this is not JSON: {error.msg} at column {error.colno}"),)) from error
    if walk.faults:
        raise RuleError(tuple(walk.faults))
    return value, Lines(walk.lines)


def shown(value: Any) -> str:
    """Write a value for a message: as Python does, but not at any length."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


class _Walk:
    """One pass over a JSON text that remembers where each value begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines: dict[Path, int] = {}
        self.faults: list[Fault] = []

    def value(self, path: Path, depth: int) -> Any:
        self.blank()
        self.lines[path] = self.line()
        if depth > DEEPEST_NESTING:
            raise self.error(f"nested deeper than {DEEPEST_NESTING} levels")
        sign = self.text[self.position : self.position + 1]
        reader: Callable[[Path, int], Any] | None = {"{": self.members, "[": self.items}.get(sign)
        found = reader(path, depth) if reader else self.string() if sign == '"' else self.scalar()
        self.blank()
        return found

    def members(self, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.position += 1
        self.blank()
        while not self.take("}"):
            if found and not self.take(","):
                raise self.error("Expecting ',' delimiter")
            self.blank()
            line, name = self.line(), self.string()
            if name in found:
                self.faults.append(Fault(line, f"{name} stands twice in one object; remove one of them"))
            self.blank()
            if not self.take(":"):
                raise self.error("Expecting ':' delimiter")
            found[name] = self.value((*path, name), depth + 1)
        return found

    def items(self, path: Path, depth: int) -> list[Any]:
        found: list[Any] = []
        self.position += 1
        self.blank()
        while not self.take("]"):
            if found and not self.take(","):
                raise self.error("Expecting ',' delimiter")
            found.append(self.value((*path, len(found)), depth + 1))
        return found

    def string(self) -> str:
        if not self.take('"'):
            raise self.error("Expecting a name or text in double quotes")
        found, self.position = scanstring(self.text, self.position, True)
        return str(found)

    def scalar(self) -> Any:
        match = _SCALAR.match(self.text, self.position)
        if match is None:
            raise self.error("Expecting value")
        try:
            found = json.loads(match.group())
        except ValueError as error:  # Python reads whole numbers up to 4300 digits
            raise self.error("a number has too many digits") from error
        self.position = match.end()
        return found

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def take(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.position):
            return False
        self.position += 1
        return True

    def line(self) -> int:
        return self.text.count("\n", 0, self.position) + 1

    def error(self, message: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self.text, self.position)
