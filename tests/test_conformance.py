"""The lines of the test suites of OGC: each is named by a test, or told of in the table of conformance."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs/conformance.md"
SUITES = {
    "wps10.md": ("WPS 1.0.0", "tests/weps/processes/test_wps10_conformance.py"),
    "wps20.md": ("WPS 2.0", "tests/weps/processes/test_wps20_conformance.py"),
}
_CODE = re.compile(r"A(?:\.\d+)+")


def lines_of(document: str) -> list[str]:
    """
    Give the lines of a suite: the first cells of its tables, and the items of its lists with their heading and number.
    """
    found: list[str] = []
    heading, items = "", 0
    for line in document.splitlines():
        if line.startswith("## "):
            heading, items = line[3:].partition(":")[0].strip(), 0
        elif line.startswith("| ") and not line.startswith(("| test ", "|---")):
            found.append(line.split("|")[1].strip())
        elif re.match(r"(- |\d+\. )", line):
            items += 1
            found.append(f"{heading}, {items}")
    return found


def is_named(line: str, alone: bool, text: str) -> bool:
    """
    Tell whether a line is named: by its codes where no other line has them, else by all of its words.
    """
    codes = _CODE.findall(line)
    if codes and alone:
        return all(re.search(rf"{re.escape(code)}(?![\d.]*\d)", text) for code in codes)
    return re.search(rf"{re.escape(line)}(?!\d)", text) is not None


def section(title: str) -> str:
    return TABLE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.shared
@pytest.mark.parametrize("name", SUITES)
def test_every_line_of_a_suite_is_named_by_a_test_or_told_of(shared: Path, name: str):
    """
    A line that is left out without a word is a gap.
    """
    title, tests = SUITES[name]
    lines = lines_of((shared / "conformance" / name).read_text())
    codes = Counter(code for line in lines for code in _CODE.findall(line))
    text = (ROOT / tests).read_text() + section(title)

    left_out = [
        line for line in lines if not is_named(line, all(codes[code] == 1 for code in _CODE.findall(line)), text)
    ]

    assert len(lines) > 20
    assert left_out == []


def test_every_test_that_is_told_of_exists():
    """
    The table cannot name what was renamed or removed.
    """
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"^(?:async )?def (test_\w+)\(", written, re.MULTILINE))

    told = set(re.findall(r"`(test_\w+)`", TABLE.read_text()))

    assert told
    assert told - defined == set()
