"""What a run found, as lines of text, as JSON, and as a section of docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from benchmarks.frame import Line, Scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Results: TypeAlias = Mapping[str, Sequence[Line]]

_HEAD = "| | cost | beside its baseline | to be reached | |\n|---|--:|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class Run:
    """When and where a run began: without that its figures say little."""

    names: tuple[str, ...]
    began: datetime
    load: float
    processor: str

    @classmethod
    def begin(cls, names: Sequence[str]) -> Run:
        """Note what is there as a run begins."""
        return cls(tuple(names), datetime.now(UTC), os.getloadavg()[0], _processor())


def _processor() -> str:
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(":")[2].strip() for line in about.splitlines() if line.startswith("model name")]
    return f"{os.cpu_count()} processors ({models[0] if models else platform.machine()})"


def to_text(line: Line, scale: Scale) -> str:
    """Give a line for people who watch."""
    text = f"{line.name:<58} {_number(line.cost):>10} {line.unit:<3}"
    if line.figure is not None:
        text += f"  {_number(line.figure)} {line.relation}"
    if line.target is not None:
        text += f"  [{line.target}: {line.verdict(scale)}]"
    return text


def to_json(run: Run, results: Results, scale: Scale) -> str:
    """Give all that was found, with the lowest and the highest of the rounds."""
    found = {
        name: [asdict(line) | {"verdict": line.verdict(scale)} for line in lines] for name, lines in results.items()
    }
    about = {"python": platform.python_version(), "machine": platform.machine(), "scale": asdict(scale)}
    told = asdict(run) | {"began": run.began.isoformat(timespec="seconds")}
    return json.dumps(about | {"run": told, "results": found}, indent=1, ensure_ascii=False) + "\n"


def command_of(names: Sequence[str], scale: Scale) -> str:
    """Give what is typed to run benchmarks."""
    return f".venv/bin/python -m benchmarks {' '.join(names)}{'' if scale.full else ' --quick'}"


def find_section(page: str, command: str) -> tuple[int, int] | None:
    """Tell from where to where a page has what a command found: from the line behind it to the next heading."""
    typed = re.search(rf"^    (?:\w+=\S+ )*{re.escape(command)}\n", page, re.MULTILINE)
    if typed is None:
        return None
    heading = re.compile(r"^#", re.MULTILINE).search(page, typed.end())
    return typed.end(), heading.start() if heading else len(page)


def put_into(page: str, section: str) -> str:
    """Give a page with a section in the place of what the same command found before; else the section alone."""
    command, _, found = section.partition("\n")
    place = find_section(page, command.strip())
    if place is None:
        return section
    rest = page[place[1] :]
    return f"{page[: place[0]]}{found}{rest and chr(10)}{rest}"


def to_markdown(run: Run, results: Results, scale: Scale) -> str:
    """Give a section: the command, when and where it ran, and a table."""
    command = f"    {command_of(run.names, scale)}\n"
    where = (
        f"{run.began:%Y-%m-%d %H:%M} UTC, {run.processor}, Python {platform.python_version()}; "
        f"load {run.load:.1f} as it began, {os.getloadavg()[0]:.1f} as it ended.\n"
    )
    rows = [_row(line, scale) for lines in results.values() for line in lines]
    return f"{command}\n{where}\n{_HEAD}{''.join(rows)}"


def _row(line: Line, scale: Scale) -> str:
    beside = "" if line.figure is None else f"{_number(line.figure)} {line.relation}"
    target = "" if line.target is None else str(line.target)
    return f"| {line.name} | {_number(line.cost)} {line.unit} | {beside} | {target} | {line.verdict(scale)} |\n"


def _number(number: float) -> str:
    if number >= 1000:
        return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{number:.3g}" if number < 100 else f"{number:.0f}"
