"""Processes that take as long as a test wants."""

from __future__ import annotations

import threading

from tests.waiting import PATIENCE
from weps.errors import InputError, SourceUnreachable
from weps.processes.base import InputSpec, Literal, OutputSpec, ProcessSpec

LET_GO = threading.Event()
"""A slow process waits for this before it ends."""


def _wait(inputs, context):
    context.progress(40)
    if not LET_GO.wait(PATIENCE):
        raise TimeoutError("nobody let this process go")
    context.progress(80)
    if inputs.text("end") == "refuse":
        raise InputError("It cannot be done.", "end")
    if inputs.text("end") == "source":
        raise SourceUnreachable("no answer")
    if inputs.text("end") == "break":
        raise RuntimeError("a secret of the server")
    return {"text": inputs.text("end") or ""}


SLOW = ProcessSpec(
    "test:Slow",
    "Slow",
    "Ends when it is let go.",
    "1.0.0",
    inputs=(InputSpec("end", "How to end", Literal()),),
    outputs=(OutputSpec("text", "The input", Literal()),),
    handler=_wait,
)
SLOW_PROCESSES = {SLOW.identifier: SLOW}
