"""How far a job has come, and what it gave, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from weps.processes.base import BoundingBox

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import JobStatus, Json
    from weps.processes.base import Outputs
    from weps.processes.faults import Fault


@dataclass(frozen=True, slots=True)
class JobState:
    """
    How far a job has come.

    `form` is how the client wants the result, as its binding wrote it. `finished` is when the job was really over,
    `completion` when it will be, `next_poll` when there may be news, `expiration` until when the result is kept; each
    None where it is not known.
    """

    id: str
    process: str
    status: JobStatus
    created: datetime
    updated: datetime
    finished: datetime | None = None
    percent: int | None = None
    paused: bool = False
    completion: datetime | None = None
    next_poll: datetime | None = None
    expiration: datetime | None = None
    fault: Fault | None = None
    form: Json = None


def outputs_to_json(outputs: Outputs) -> dict[str, Any]:
    """Give the outputs of a process as they are kept."""
    return {
        identifier: {"box": asdict(output)}
        if isinstance(output, BoundingBox)
        else {"text": output}
        if isinstance(output, str)
        else {"formats": dict(output)}
        for identifier, output in outputs.items()
    }


def outputs_from_json(stored: Any) -> Outputs:
    """Give the outputs back."""
    return {
        identifier: BoundingBox(**output["box"]) if "box" in output else output.get("text", output.get("formats"))
        for identifier, output in (stored or {}).items()
    }
