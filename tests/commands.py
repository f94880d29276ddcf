"""Commands as processes of their own: what they print is waited for, but not for ever, and none outlives its test."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def started(command: Sequence[str], **how: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a command for as long as the block lasts; it is killed where it has not ended by then."""
    # where the tests themselves run in the background they ignore Ctrl-C, and a command would inherit that
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **how)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Lines:
    """The lines that a process writes: each is waited for, however it is written, but not for ever."""

    def __init__(self, stream: IO[str]) -> None:
        self._came: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stream = stream
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._stream:
            self._came.put(line)
        self._came.put("")

    def next(self, seconds: float = PATIENCE) -> str:
        """Give the next line, or nothing where there are no more."""
        try:
            return self._came.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"no line came within {seconds:g} s") from None

    def until(self, beginning: str) -> str:
        """Give the next line that begins so."""
        passed = []
        while line := self.next():
            if line.startswith(beginning):
                return line
            passed.append(line)
        raise AssertionError(f"no line begins with {beginning!r}; there were {passed}")
