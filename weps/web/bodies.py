"""Queries and JSON bodies of the HTTP faces, read into values; and values answered as JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from sos_server.time import parse_instant
from weps.errors import InputError, MissingInputError, NotFoundError
from weps.handling.episodes import OverError
from weps.json_faults import json_fault
from weps.model import AlertStatus, Severity
from weps.processes.bodies import read_body
from weps.processes.inputs import read_duration
from weps.web.documents import EVERYWHERE, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from starlette.requests import Request

    from weps.processes.faults import WpsError

Word = TypeVar("Word", AlertStatus, Severity)

MOST = 500
BODY_LIMIT = 64 * 1024
VALUES_LIMIT = 100
_NOT_TEXT = re.compile("[\\x00\\ud800-\\udfff]")
"""What JSON and addresses can hold and databases or answers cannot."""


async def with_body(request: Request, names: tuple[str, ...], act: Callable[[dict[str, Any]], Response]) -> Response:
    """Read a JSON object with known members and do what it says."""
    # browsers send no JSON to other origins without asking: nobody acts here by luring people to a page
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return refused(415, "Send a JSON object as application/json.")
    body = await read_body(request, BODY_LIMIT)
    if body.refusal is not None:
        return refused_body(body.refusal)
    try:
        return await run_in_threadpool(act, _object(body.content, names))
    except NotFoundError as error:
        return refused(404, error.message)
    except OverError as error:
        return refused(409, str(error))
    except InputError as error:
        return refused(400, str(error))


def refused_body(refusal: WpsError) -> Response:
    """Say why a body was not taken; the connection is of no more use, as the rest of the body is still to come."""
    return refused(refusal.status, refusal.message, {"Connection": "close"})


def _object(body: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the body is no JSON: {json_fault(error)}") from error
    if not isinstance(members, dict):
        raise InputError("the body is no JSON object")
    check_text(members)
    check_members(members, names)
    return {name: value for name, value in members.items() if value is not None}


def check_members(members: dict[str, Any], names: tuple[str, ...], where: str | None = None) -> None:
    """Refuse an object with members that are not known; raises `InputError`."""
    unknown = [name for name in members if name not in names]
    if unknown:
        raise InputError(f"there is no member {unknown[0][:100]!r}; there are {', '.join(names)}", where=where)


def check_text(value: Any, where: str | None = None) -> None:
    """Refuse what holds, however deep inside, a text that nobody could keep or show; raises `InputError`."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and _NOT_TEXT.search(each):
            raise InputError("there is a character that is none (NUL, or half of a pair)", where=where)
        if isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each


def read_text(members: dict[str, Any], name: str, default: str | None = None) -> str:
    """Give a text; raises `InputError` where there is none."""
    value = members.get(name, default)
    if value is None:
        raise MissingInputError("is missing", where=name)
    if not isinstance(value, str):
        raise InputError("is no text", where=name)
    return value


def read_instant(members: dict[str, Any], name: str) -> datetime | None:
    """Give an instant, None where it is left out; raises `InputError`."""
    if name not in members:
        return None
    try:
        return parse_instant(read_text(members, name))
    except ValueError as error:
        raise InputError(f"is an instant such as 2016-01-11T03:55:45Z ({error})", where=name) from error


def read_duration_of(members: dict[str, Any], name: str) -> timedelta | None:
    """Give a duration, None where it is left out; raises `InputError`."""
    if name not in members:
        return None
    try:
        return read_duration(read_text(members, name), None)
    except ValueError as error:
        raise InputError(str(error), where=name) from error


def read_query(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    """Give the parameters of a query; raises `InputError` for one that is not known."""
    given = dict(request.query_params.multi_items())
    unknown = [name for name in given if name not in names]
    if unknown:
        raise InputError(f"there is no parameter {unknown[0][:100]!r}; there are {', '.join(names)}")
    for name, value in given.items():
        check_text(value, name)
    return given


def read_truth(given: dict[str, str], name: str) -> bool | None:
    """Give what is true or false, None where it is left out; raises `InputError`."""
    if name not in given:
        return None
    if given[name] not in ("true", "false"):
        raise InputError("is true or false", where=name)
    return given[name] == "true"


def read_number(given: dict[str, str], name: str, default: int, *, least: int = 1, most: int | None = MOST) -> int:
    """Give a whole number, with None for `most` any that a database can hold; raises `InputError`."""
    text = given.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    if number < least or (most is not None and number > most):
        raise InputError(f"is a whole number from {least} {'on' if most is None else f'to {most}'}", where=name)
    return number


def read_words(text: str | None, words: type[Word], name: str) -> tuple[Word, ...]:
    """Give words of an enumeration, with commas between; raises `InputError`."""
    found = []
    known = {word.value.lower(): word for word in words}
    for part in text.split(",") if text else ():
        if part.strip().lower() not in known:
            raise InputError(f"{part[:100]!r} is none of {', '.join(words)}", where=name)
        found.append(known[part.strip().lower()])
    return tuple(dict.fromkeys(found))


def answer_json(members: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer an object that is out of date at once."""
    no_store = EVERYWHERE | {"Cache-Control": "no-store"}
    return JSONResponse(members, status_code=status, headers=no_store | (headers or {}))


def answer_found(find: Callable[[], dict[str, Any]]) -> Response:
    """Answer the object that is found; what is not there is told."""
    try:
        return answer_json(find())
    except NotFoundError as error:
        return refused(404, error.message)


def read_texts(members: dict[str, Any], name: str) -> tuple[str, ...]:
    """Give one text or a list of them; raises `InputError`."""
    value = members.get(name, [])
    values = value if isinstance(value, list) else [value]
    if len(values) > VALUES_LIMIT or not all(isinstance(each, str) and each for each in values):
        raise InputError(f"is a text, or a list of at most {VALUES_LIMIT}", where=name)
    return tuple(dict.fromkeys(values))
