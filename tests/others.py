"""The documents of other servers and clients beside the checkout, as their index lists them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tests.conftest import SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Container

DOCUMENTS = SHARED / "sos-documents"
Row = dict[str, str]


def listed(is_wanted: Callable[[Row], object]) -> list[Row]:
    """
    Give the rows of the index that are wanted; where the folder is absent a row whose test is skipped.

    That there are none is an error: tests of nothing would pass.
    """
    if not DOCUMENTS.is_dir():
        return [{"file": "absent", "operation": ""}]
    with (DOCUMENTS / "INDEX.csv").open(encoding="utf-8") as index:
        rows = [row for row in csv.DictReader(index) if is_wanted(row)]
    if not rows:
        raise LookupError("the index lists no such documents")
    return rows


def requests_20(operations: Container[str]) -> list[tuple[str, str]]:
    """Give the files of requests of SOS 2.0 in XML, each with its operation."""

    def is_wanted(row: Row) -> bool:
        is_request = row["direction"].startswith("request") and row["service_version"] == "2.0.0"
        return is_request and row["operation"] in operations and row["file"].endswith(".xml")

    return [(row["file"], row["operation"]) for row in listed(is_wanted)]
