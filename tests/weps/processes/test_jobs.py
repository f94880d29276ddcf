"""Documents that are kept for clients."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

import pytest

from weps.errors import NotFoundError
from weps.processes.jobs import KEPT_SECONDS, StoredDocuments


@pytest.fixture
def documents(tmp_path: Path) -> StoredDocuments:
    """A folder that does not exist yet."""
    return StoredDocuments(tmp_path / "jobs", "http://host/wps/jobs")


@pytest.mark.parametrize(("media_type", "extension"), [("text/xml", "xml"), ("application/json", "json")])
def test_a_document_is_read_back_by_its_address(documents, media_type, extension):
    """
    With the media type that it was stored with.
    """
    name = str(uuid.uuid4())

    address = documents.save(name, media_type, b"text")

    assert address == documents.address(name, media_type) == f"http://host/wps/jobs/{name}.{extension}"
    assert documents.read(f"{name}.{extension}") == (media_type, b"text")


def test_what_is_older_than_a_week_is_thrown_away(tmp_path):
    """
    Looked for when a document is stored, by a service that has just started as well.
    """
    folder = tmp_path / "jobs"
    old, young, new = (str(uuid.uuid4()) for _ in range(3))
    before = StoredDocuments(folder, "http://host")
    before.save(old, "text/xml", b"old")
    before.save(young, "text/xml", b"young")
    then = time.time() - KEPT_SECONDS - 60
    os.utime(folder / f"{old}.xml", (then, then))

    StoredDocuments(folder, "http://host").save(new, "text/xml", b"new")

    assert {path.name for path in folder.iterdir()} == {f"{young}.xml", f"{new}.xml"}


NOBODY = "f5e8bb46-43fb-4e7c-b31e-eea9fb063792"


@pytest.mark.parametrize("name", ["", "a.xml", "../secret.xml", f"{NOBODY}.xml", f"{NOBODY}.part"])
def test_what_is_not_there_is_not_found(documents, name):
    """
    Names that we never give are not even looked for.
    """
    (documents.folder.parent / "secret.xml").write_bytes(b"secret")

    with pytest.raises(NotFoundError):
        documents.read(name)
