"""A process that works on a database, and is killed while it does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.commands import Lines, started

ROOT = Path(__file__).parents[2]


def kill_again_and_again(work: str, arguments: Sequence[str], patience: Sequence[float]) -> int:
    """
    Run a program that says when it begins, each time for so many seconds at the most; gives how often it was killed.
    """
    kills = 0
    for seconds in patience:
        command = [sys.executable, "-c", work, *arguments]
        with started(command, cwd=ROOT) as worker:
            Lines(worker.stdout).next()
            try:
                worker.wait(seconds)
            except subprocess.TimeoutExpired:
                kills += 1
    return kills
