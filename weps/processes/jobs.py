"""Documents that Execute stored for later: answers, and outputs that were wanted as references."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weps.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

KEPT_SECONDS = 7 * 86400
_SWEEP_SECONDS = 3600
_MEDIA_TYPES = {
    "xml": "text/xml",
    "json": "application/json",
    "txt": "text/plain",
    "csv": "text/csv",
    "rss": "application/rss+xml",
    "geojson": "application/geo+json",
}
_EXTENSIONS = {media_type: extension for extension, media_type in _MEDIA_TYPES.items()}
_NAME = re.compile(rf"[0-9a-f-]{{36}}(-[A-Za-z0-9_-]+)?\.({'|'.join(_MEDIA_TYPES)})")

_JOB = re.compile(r"[0-9a-f-]{36}")


@dataclass(slots=True)
class StoredDocuments:
    """A folder of documents; each is kept for a week. `url` is where the folder is served."""

    folder: Path
    url: str
    _swept: float = field(default=0.0, init=False)

    def save(self, name: str, media_type: str, document: bytes) -> str:
        """Keep a document and give its address; a reader sees all of it or nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        file_name = self.file_name(name, media_type)
        unfinished = self.folder / f"{file_name}.part"
        unfinished.write_bytes(document)
        os.replace(unfinished, self.folder / file_name)
        return self.address(name, media_type)

    def address(self, name: str, media_type: str) -> str:
        """Give the address that a document of this name has or will have."""
        return f"{self.url}/{self.file_name(name, media_type)}"

    def file_name(self, name: str, media_type: str) -> str:
        """Give the last part of the address of a document."""
        return f"{name}.{_EXTENSIONS[media_type]}"

    def read(self, file_name: str) -> tuple[str, bytes]:
        """Give the media type and the bytes of a document; raises `NotFoundError`."""
        match = _NAME.fullmatch(file_name)
        if match is None:
            raise NotFoundError(f"There is no document {file_name} here.", "document")
        try:
            return _MEDIA_TYPES[match[2]], (self.folder / file_name).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"The document {file_name} does not exist, or no longer.", "document") from error

    def discard(self, name: str) -> None:
        """Throw away the outputs that were kept for a job."""
        if _JOB.fullmatch(name):
            for path in self.folder.glob(f"{name}-*"):
                path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        now = time.time()
        if now - self._swept < _SWEEP_SECONDS:
            return
        self._swept = now
        for path in self.folder.iterdir():
            # Another process may sweep the same folder.
            with contextlib.suppress(FileNotFoundError):
                if now - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()
