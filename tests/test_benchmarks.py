"""That the benchmarks still run, and that what they compare gives equal answers; nothing is timed here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.frame import Case, Line, Scale, WrongAnswer, at_least, at_most, compare, require_equal

TINY = Scale(divisor=1000, rounds=1, seconds=0.0)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs_and_its_answers_agree(name: str):
    """
    Each benchmark checks its answers before it times them, and gives lines with what was measured.
    """
    lines = BENCHMARKS[name](TINY)

    assert [line.cost >= 0 for line in lines] == [True] * len(lines)
    assert len({line.name for line in lines}) == len(lines) > 1


def test_a_wrong_answer_is_not_timed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """
    A benchmark whose answers differ is refused, and the command ends with 1.
    """

    def wrong(scale: Scale) -> list[Line]:
        require_equal("the values", [1], [2])
        return []

    monkeypatch.setitem(BENCHMARKS, "writing", wrong)

    assert main(["writing"]) == 1
    assert "REFUSED, the answer is wrong: the values: expected [1], found [2]" in capsys.readouterr().out
    with pytest.raises(WrongAnswer):
        wrong(TINY)


def test_costs_are_those_of_the_clock_and_ratios_go_as_the_target_says():
    """
    A case costs what its clock shows, without what prepares it; `at_least` turns the ratio round.
    """
    now = [0.0]

    def spend(seconds: float):
        return lambda: now.__setitem__(0, now[0] + seconds)

    def clock() -> float:
        return now[0]

    lines = compare(
        [
            Case("slow", spend(0.008), clock=clock),
            Case("fast", spend(0.004), 2, prepare=spend(1), clock=clock, against="slow", target=at_least(3)),
            Case("dear", spend(0.016), clock=clock, against="slow", target=at_most(1.5)),
        ],
        Scale(rounds=3, seconds=0.01),
    )

    assert [round(line.cost) for line in lines] == [8000, 2000, 16000]
    assert [line.figure and round(line.figure, 6) for line in lines] == [None, 4, 2]
    assert [line.verdict(Scale()) for line in lines] == ["", "reached", "MISSED"]


def test_a_run_is_written_as_a_section_of_the_documentation(tmp_path: Path):
    """
    With the command that gives it, when and where it ran, and a row for each line.
    """
    section = tmp_path / "section.md"

    assert main(["subscribing", "--quick", "--markdown", str(section)]) == 0

    command, _, about, _, head, _, *rows = section.read_text().splitlines()
    assert command == "    .venv/bin/python -m benchmarks subscribing --quick"
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC, \d+ processors \(.+\), Python 3\.\d+\.\d+; load \d+\.\d", about)
    assert head == "| | cost | beside its baseline | to be reached | |"
    assert len(rows) > 1
    assert all(row.count("|") == 6 for row in rows)


PAGE = """# Costs

## Before

    .venv/bin/python -m benchmarks wps

old

## Rules

    TMPDIR=/dev/shm .venv/bin/python -m benchmarks subscribing --quick

gathered by hand

| old | 1 |

## After

text
"""


def test_a_run_is_put_into_the_page_where_its_command_stands(tmp_path: Path):
    """
    All else stays as it is, also what stands before the command on its line.
    """
    page = tmp_path / "page.md"
    page.write_text(PAGE)

    assert main(["subscribing", "--quick", "--markdown", str(page)]) == 0

    before, found, after = re.split(r"(?<=--quick\n)\n|(?=## After)", page.read_text())
    assert (before, after) == (PAGE.partition("\ngathered")[0], "## After\n\ntext\n")
    assert re.match(r"\d{4}-\d\d-\d\d .* UTC, .*\n\n\| \| cost \|.*\n\|---.*\n(\| .* \|\n)+\n\Z", found)


def test_a_page_without_the_section_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """
    Nothing is run, and what is in the file is not lost.
    """
    page = tmp_path / "page.md"
    page.write_text(PAGE)

    with pytest.raises(SystemExit) as ended:
        main(["subscribing", "--markdown", str(page)])

    assert ended.value.code == 2
    assert "has no line `.venv/bin/python -m benchmarks subscribing` with a section" in capsys.readouterr().err
    assert page.read_text() == PAGE
