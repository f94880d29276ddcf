"""`python -m benchmarks`: run benchmarks and print what they cost."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    decoding,
    decoding_formats,
    delay,
    delivering,
    feeds,
    http,
    inserting,
    listening,
    memory,
    nab,
    polls,
    reading,
    report,
    rules,
    rules_eml,
    rules_many,
    rules_sharing,
    rules_windows,
    sos_capabilities,
    sos_inserting,
    sos_reading,
    sos_results,
    sos_workers,
    storing,
    subscribing,
    subscriptions,
    wps,
    writing,
)
from benchmarks.frame import FULL, MISSED, QUICK, Line, Scale, WrongAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BENCHMARKS: dict[str, Callable[[Scale], list[Line]]] = {
    "writing": writing.run,
    "decoding": decoding.run,
    "decoding-formats": decoding_formats.run,
    "inserting": inserting.run,
    "rules": rules.run,
    "thresholds": rules_many.run,
    "windows": rules_windows.run,
    "eml": rules_eml.run,
    "sharing": rules_sharing.run,
    "http": http.run,
    "polls": polls.run,
    "reading": reading.run,
    "delay": delay.run,
    "feeds": feeds.run,
    "storing": storing.run,
    "delivering": delivering.run,
    "listening": listening.run,
    "subscribing": subscribing.run,
    "subscriptions": subscriptions.run,
    "wps": wps.run,
    "memory": memory.run,
    "sos-reading": sos_reading.run,
    "sos-results": sos_results.run,
    "sos-inserting": sos_inserting.run,
    "sos-workers": sos_workers.run,
    "sos-capabilities": sos_capabilities.run,
}


REPORTS: dict[str, Callable[[], str]] = {"nab": nab.report}
"""What is not timed but looked at for its answers; only run when named, since its data lie beside the checkout."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that are named, or all; gives 1 where an answer is wrong, else 0 whatever was reached."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    known = (*BENCHMARKS, *REPORTS)
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    reports = [name for name in chosen.names if name in REPORTS]
    if reports and not all(_report(name) for name in reports):
        return 1
    names = [name for name in chosen.names if name not in REPORTS]
    if reports and not names:
        return 0
    names, scale = names or list(BENCHMARKS), QUICK if chosen.quick else FULL
    page, command = _text_of(chosen.markdown), report.command_of(names, scale)
    if page and report.find_section(page, command) is None:
        parser.error(f"{chosen.markdown} has no line `{command}` with a section to put anew; name another file")
    run = report.Run.begin(names)
    results, wrong = _run_all(names, scale)
    if chosen.json is not None:
        chosen.json.write_text(report.to_json(run, results, scale), encoding="utf-8")
    if chosen.markdown is not None and not wrong:
        # read again: it may have been edited during the run
        section = report.to_markdown(run, results, scale)
        chosen.markdown.write_text(report.put_into(_text_of(chosen.markdown), section), encoding="utf-8")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="CPU time per operation, and ratios to a baseline of the same run. Answers are compared before "
        "they are timed. Docs: docs/benchmarks.md.",
        epilog="Exit codes: 0 all ran (missed targets are told, not punished), 1 an answer was wrong, 2 misuse.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"which: {', '.join(BENCHMARKS)} (default: all); {', '.join(REPORTS)} prints what detectors find",
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes, fewer rounds; judges no target")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="the same as a section of docs/benchmarks.md; in a page that has one of this command, in its place",
    )
    return parser


def _text_of(file: Path | None) -> str:
    return file.read_text(encoding="utf-8") if file is not None and file.exists() else ""


def _report(name: str) -> bool:
    try:
        print(REPORTS[name](), flush=True)
    except FileNotFoundError as error:
        print(f"{name}: {error.filename} is not there; the labelled series lie beside the checkout", file=sys.stderr)
        return False
    return True


def _run_all(names: Sequence[str], scale: Scale) -> tuple[dict[str, list[Line]], int]:
    """Give what was found, and how many benchmarks were refused."""
    results: dict[str, list[Line]] = {}
    wrong = 0
    for name in names:
        print(f"\n{name}", flush=True)
        try:
            results[name] = BENCHMARKS[name](scale)
        except WrongAnswer as error:
            wrong += 1
            print(f"  REFUSED, the answer is wrong: {error}", flush=True)
            continue
        for line in results[name]:
            print(f"  {report.to_text(line, scale)}", flush=True)
    missed = sum(line.verdict(scale) == MISSED for lines in results.values() for line in lines)
    print(f"\n{missed} targets missed, {wrong} benchmarks refused")
    return results, wrong


if __name__ == "__main__":
    sys.exit(main())
