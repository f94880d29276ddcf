"""
WPS 1.0.0 requests as values, and what all encodings of them have in common (OGC 05-007r7 clauses 8 to 10).

PyWPS's own reading is not used: it decodes KVP twice, keeps white space around identifiers, turns an empty literal
into `None`, lets a client change data types, and never refuses what it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from weps.errors import InputError
from weps.processes.faults import WpsError
from weps.processes.wps_requests import LANGUAGE, DescribeProcess, GetCapabilities, WantedOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weps.processes.base import Given

VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Execute:
    """Run a process. `raw` is the one output that is wanted without a document around it."""

    identifier: str
    inputs: Mapping[str, Sequence[Given]]
    outputs: tuple[WantedOutput, ...] = ()
    raw: WantedOutput | None = None
    store: bool = False
    status: bool = False
    lineage: bool = False


Request: TypeAlias = GetCapabilities | DescribeProcess | Execute


def check_version(version: str | None) -> None:
    """Refuse another version; none at all means this one."""
    if version and version != VERSION:
        raise InputError(f'Version "{version}" is not spoken here; use {VERSION} or 2.0.0.', "version")


def negotiate(versions: Sequence[str]) -> None:
    """Refuse a client that accepts other versions only."""
    if versions and VERSION not in versions:
        raise WpsError(
            "VersionNegotiationFailed",
            f"None of {', '.join(versions)} is spoken here; use {VERSION} or 2.0.0.",
            "AcceptVersions",
        )


def check_language(language: str | None) -> None:
    """Refuse a language that there are no texts in."""
    if language and language not in {LANGUAGE, "*"}:
        raise InputError(f'There are no texts in "{language}", only in {LANGUAGE}.', "language")


def flag(text: str | None, name: str) -> bool:
    """Read a truth value; an absent one is false."""
    flags = {"": False, "false": False, "0": False, "true": True, "1": True}
    value = (text or "").strip().lower()
    if value not in flags:
        raise InputError(f'"{text}" is not true or false.', name)
    return flags[value]
