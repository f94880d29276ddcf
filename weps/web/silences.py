"""
Silences over HTTP, as JSON.

    GET  /silences             newest first, those that are not over; ?all=true limit= offset=
    POST /silences             {"author", "reason", "begins", "ends" or "for", what is meant, "weekly"}
    GET  /silences/{id}
    POST /silences/{id}/end

    400  the body or the query cannot be used    404  no such silence    413  too large    415  not application/json
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from weps.errors import InputError, NotFoundError
from weps.handling.silences import Silencing
from weps.matching import Matcher
from weps.model import AlertStatus, Page, Severity
from weps.notices import read_box
from weps.notify.episode_json import silence_to_json
from weps.silences import read_weekly
from weps.web.bodies import (
    answer_json,
    read_duration_of,
    read_instant,
    read_number,
    read_query,
    read_text,
    read_texts,
    read_truth,
    read_words,
    with_body,
)
from weps.web.documents import now, refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from weps.silences import Weekly
    from weps.store import Store

LIMIT = 50
MATCHED = ("subscription", "procedure", "observedProperty", "featureOfInterest", "severity", "bbox")
_SILENCE = ("author", "reason", "begins", "ends", "for", *MATCHED, "weekly")


def create_silence_routes(store: Store) -> list[Route]:
    """Give the routes."""
    face = SilenceFace(store, Silencing(store))
    return [
        Route("/silences", face.list, methods=["GET"], name="silences"),
        Route("/silences", face.add, methods=["POST"], name="add-silence"),
        Route("/silences/{id}", face.one, name="silence"),
        Route("/silences/{id}/end", face.end, methods=["POST"], name="end-silence"),
    ]


@dataclass(frozen=True, slots=True)
class SilenceFace:
    """Answers who looks at silences, makes and ends them."""

    store: Store
    work: Silencing

    def list(self, request: Request) -> Response:
        """Answer a page of silences."""
        try:
            given = read_query(request, ("all", "limit", "offset"))
            page = Page(read_number(given, "offset", 0, least=0, most=10**9), read_number(given, "limit", LIMIT))
            found = self.store.silences(page, not_over_at=None if read_truth(given, "all") else now())
        except InputError as error:
            return refused(400, str(error))
        return answer_json({"silences": [silence_to_json(silence, now()) for silence in found]})

    def one(self, request: Request) -> Response:
        """Answer one silence."""
        try:
            return answer_json(silence_to_json(self.store.silence(request.path_params["id"]), now()))
        except NotFoundError as error:
            return refused(404, error.message)

    async def add(self, request: Request) -> Response:
        """Silence certain alerts."""

        def keep(body: dict[str, Any]) -> Response:
            made = self.work.silence(
                read_matcher(body),
                author=read_text(body, "author"),
                reason=read_text(body, "reason"),
                begins=read_instant(body, "begins"),
                ends=read_instant(body, "ends"),
                lasting=read_duration_of(body, "for"),
                weekly=_weekly(body.get("weekly")),
            )
            return answer_json(silence_to_json(made, now()), 201, {"Location": f"/silences/{made.id}"})

        return await with_body(request, _SILENCE, keep)

    def end(self, request: Request) -> Response:
        """End a silence now."""
        try:
            return answer_json(silence_to_json(self.work.end_silence(request.path_params["id"]), now()))
        except NotFoundError as error:
            return refused(404, error.message)


def read_matcher(body: dict[str, Any]) -> Matcher:
    """Read which alerts are meant; raises `InputError`."""
    texts = {name: read_texts(body, name) for name in MATCHED[:4]}
    box = body.get("bbox")
    if isinstance(box, list):
        box = ",".join(str(number) for number in box)
    if box is not None and not isinstance(box, str):
        raise InputError("is west,south,east,north as a text or a list", where="bbox")
    return Matcher(
        texts["subscription"],
        texts["procedure"],
        texts["observedProperty"],
        texts["featureOfInterest"],
        read_words(",".join(read_texts(body, "severity")) or None, Severity, "severity"),
        read_words(",".join(read_texts(body, "status")) or None, AlertStatus, "status"),
        None if box is None else read_box(box),
    )


def _weekly(value: Any) -> Weekly | None:
    if value is None:
        return None
    names = ("days", "from", "until", "timeZone")
    if not isinstance(value, dict) or set(value) - set(names):
        raise InputError(f"is an object with {', '.join(names)}", where="weekly")
    days = value.get("days", "Mon-Sun")
    listed = ",".join(str(day) for day in days) if isinstance(days, list) else read_text({"days": days}, "days")
    return read_weekly(listed, read_text(value, "from"), read_text(value, "until"), read_text(value, "timeZone", "UTC"))
