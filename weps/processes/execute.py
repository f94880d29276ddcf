"""Execute in any binding: fetch what the inputs refer to, check them, run the handler, check what it gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import FeedError, InputError, SourceTooLarge
from weps.feeders.http import HttpRequest, require_success
from weps.processes.base import Context, Document, Given, Literal, Outputs, ProcessSpec, Reference, Text, Value
from weps.processes.faults import NotAccessible, TooLarge
from weps.processes.inputs import check_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def execute(process: ProcessSpec, given: Mapping[str, Sequence[Given]], context: Context) -> Outputs:
    """Run a process once. Raises the errors of `weps.errors`; nothing is stored unless it succeeds."""
    for identifier, values in given.items():
        spec = process.input(identifier)
        # What will be refused anyway is not fetched first.
        if spec is None or len(values) > spec.max_occurs:
            check_inputs(process, {identifier: [Text("") for _ in values]})
    resolved = {
        identifier: [_resolve(process, identifier, value, context) for value in values]
        for identifier, values in given.items()
    }
    outputs = process.handler(check_inputs(process, resolved), context)
    missing = {spec.identifier for spec in process.outputs} - set(outputs)
    if missing:
        raise RuntimeError(f"{process.identifier} gave no {', '.join(sorted(missing))}")
    return outputs


def _resolve(process: ProcessSpec, identifier: str, value: Given, context: Context) -> Value:
    if not isinstance(value, Reference):
        return value
    try:
        text = _fetch(value, context).decode("utf-8-sig")
    except SourceTooLarge as error:
        raise TooLarge(f"What the input refers to is too large: {error}", identifier) from error
    except FeedError as error:
        raise NotAccessible(f"The reference could not be fetched: {error}", identifier) from error
    except UnicodeDecodeError as error:
        raise InputError(f"What {value.href} refers to is not UTF-8 text.", identifier) from error
    spec = process.input(identifier)
    if spec is not None and isinstance(spec.data, Literal):
        return Text(text)
    return Document(text, value.mime_type, value.schema)


def _fetch(reference: Reference, context: Context) -> bytes:
    body = reference.body
    if reference.body_href is not None:
        body = context.fetcher.get(reference.body_href).body
    method = "GET" if body is None else "POST"
    answer = context.fetcher.send(HttpRequest(method, reference.href, dict(reference.headers), body))
    require_success(answer)
    return answer.body
