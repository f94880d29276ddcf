"""Logs are events with values: one line each, `time level logger event key=value …`, on stderr."""

from __future__ import annotations

import logging
from datetime import UTC, datetime


class OneLineFormatter(logging.Formatter):
    """Writes every record as one line; a traceback follows its event, its line breaks escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        instant = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = f"{instant} {record.levelname} {record.name} {record.getMessage()}"
        if record.exc_info:
            line += f" traceback={self.formatException(record.exc_info)}"
        return line.replace("\r", "\\r").replace("\n", "\\n")


def log_to_stderr(level: str) -> None:
    """Send the records of WEPS and its SOS to stderr, and of other packages only warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLineFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # That a look for work is left out while the one before still runs is meant to be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for name in ("weps", "sos_server"):
        logging.getLogger(name).setLevel(level)
