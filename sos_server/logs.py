"""Lines of the log: when, how grave, who, what. There is one for each answer, so writing one costs little."""

from __future__ import annotations

import logging


class LineFormatter(logging.Formatter):
    """Writes a line as `2026-01-31 12:00:00,123 level=INFO logger=sos_server event=…`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s level=%(levelname)s logger=%(name)s event=%(message)s")
        self._written = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        """Write a line, and what it was raised by below it."""
        if record.exc_info or record.exc_text or record.stack_info:
            return super().format(record)
        second, text = self._written
        if second != int(record.created):
            text = self.formatTime(record).rpartition(",")[0]
            self._written = int(record.created), text  # at once, because threads share it
        line = record.getMessage()
        return f"{text},{int(record.msecs):03d} level={record.levelname} logger={record.name} event={line}"
