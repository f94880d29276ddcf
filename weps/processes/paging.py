"""Pages of long lists, as clients of processes ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import InputError
from weps.model import Page
from weps.processes.base import InputSpec, Kind, Literal

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs

LIMIT = 50
LARGEST_LIMIT = 1000
LARGEST_OFFSET = 2**31

OFFSET_INPUT = InputSpec("offset", "How many to leave out", Literal(Kind.COUNT), "0 if left out.")
LIMIT_INPUT = InputSpec(
    "limit", "How many to give", Literal(Kind.COUNT), f"{LIMIT} if left out, at most {LARGEST_LIMIT}."
)


def read_page(inputs: Inputs) -> Page:
    """Read which page is asked for, by whichever of offset, limit and after a process has; raises `InputError`."""
    limit = inputs.count("limit") if "limit" in inputs else LIMIT
    offset = inputs.count("offset") or 0
    if limit is None or not 1 <= limit <= LARGEST_LIMIT:
        raise InputError(f"{limit} is not between 1 and {LARGEST_LIMIT}.", "limit")
    if offset > LARGEST_OFFSET:
        raise InputError(f"{offset} is larger than {LARGEST_OFFSET}.", "offset")
    return Page(offset, limit, inputs.text("after"))
