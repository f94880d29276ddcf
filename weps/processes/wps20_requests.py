"""WPS 2.0 requests as values, and what all their encodings have in common (OGC 14-065r2 clause 9)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.errors import InputError, MissingInputError
from weps.processes.faults import WpsError
from weps.processes.wps_requests import LANGUAGE, DescribeProcess, GetCapabilities, WantedOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weps.model import Json
    from weps.processes.base import Given

VERSION = "2.0.0"
_LANGUAGES = frozenset({LANGUAGE.lower(), "en", "*"})


class Mode(StrEnum):
    """Whether the client waits for the result."""

    SYNC = "sync"
    ASYNC = "async"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Form:
    """How a client wants the result: as the one output alone (`raw`), or as a document with these outputs."""

    outputs: tuple[WantedOutput, ...] = ()
    raw: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give the form as it is kept with a job."""
        outputs = [[wanted.identifier, wanted.mime_type, wanted.as_reference] for wanted in self.outputs]
        return {"raw": self.raw, "outputs": outputs}

    @classmethod
    def from_json(cls, stored: Json) -> Form:
        """Give the form back; a job that another binding made has a form that is not known here: the default."""
        if not isinstance(stored, dict) or "raw" not in stored:
            return cls()
        return cls(tuple(WantedOutput(*one) for one in stored["outputs"]), stored["raw"])


@dataclass(frozen=True, slots=True)
class Execute:
    """Run a process."""

    identifier: str
    inputs: Mapping[str, Sequence[Given]]
    mode: Mode
    form: Form


@dataclass(frozen=True, slots=True)
class GetStatus:
    """Ask how far a job has come."""

    job: str


@dataclass(frozen=True, slots=True)
class GetResult:
    """Ask for what a job gave."""

    job: str


@dataclass(frozen=True, slots=True)
class Dismiss:
    """End a job, and forget its result."""

    job: str


Request: TypeAlias = GetCapabilities | DescribeProcess | Execute | GetStatus | GetResult | Dismiss

JOB_REQUESTS: Mapping[str, type[GetStatus | GetResult | Dismiss]] = {
    "GetStatus": GetStatus,
    "GetResult": GetResult,
    "Dismiss": Dismiss,
}


def check_version(version: str | None) -> None:
    """Refuse another version; every request but GetCapabilities must name it."""
    if not version:
        raise MissingInputError(f"The parameter version is missing; it must be {VERSION}.", "version")
    if version != VERSION:
        raise InputError(f'Version "{version}" is not spoken here; use {VERSION} or 1.0.0.', "version")


def negotiate(versions: Sequence[str]) -> None:
    """Refuse a client that accepts other versions only."""
    if versions and VERSION not in versions:
        raise WpsError(
            "VersionNegotiationFailed", f"None of {', '.join(versions)} is spoken here; use {VERSION} or 1.0.0."
        )


def check_language(language: str | None) -> None:
    """Refuse a language that there are no texts in."""
    if language and language.lower() not in _LANGUAGES:
        raise InputError(f'There are no texts in "{language}", only in {LANGUAGE}.', "lang")


def read_job(job: str | None) -> str:
    """Give the id of a job."""
    if not job:
        raise MissingInputError("JobID is missing: of which job? Execute gave its id.", "JobID")
    return job


def unknown_operation(name: str) -> WpsError:
    """Give the error of an operation that is not one of WPS 2.0, or not in this encoding."""
    return WpsError("OperationNotSupported", f"There is no operation {name} of WPS 2.0 in this encoding.", name, 501)
