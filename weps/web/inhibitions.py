"""
Inhibitions over HTTP, as JSON.

    GET  /inhibitions             newest first, those that are not over; ?all=true limit= offset=
    POST /inhibitions             {"author", "reason", "source", "target", "equal", "ends" or "for"}
    GET  /inhibitions/{id}
    POST /inhibitions/{id}/end

    400  the body or the query cannot be used    404  no such inhibition    413  too large    415  not application/json
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from weps.errors import InputError, NotFoundError
from weps.handling.inhibitions import Inhibiting
from weps.model import Page
from weps.notify.episode_json import inhibition_to_json
from weps.web.bodies import (
    answer_json,
    read_duration_of,
    read_instant,
    read_number,
    read_query,
    read_text,
    read_texts,
    read_truth,
    with_body,
)
from weps.web.documents import now, refused
from weps.web.silences import LIMIT, MATCHED, read_matcher

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from weps.matching import Matcher
    from weps.store import Store

_INHIBITION = ("author", "reason", "source", "target", "equal", "ends", "for")
_MEANT = (*MATCHED, "status")


def create_inhibition_routes(store: Store) -> list[Route]:
    """Give the routes."""
    face = InhibitionFace(store, Inhibiting(store))
    return [
        Route("/inhibitions", face.list, methods=["GET"], name="inhibitions"),
        Route("/inhibitions", face.add, methods=["POST"], name="add-inhibition"),
        Route("/inhibitions/{id}", face.one, name="inhibition"),
        Route("/inhibitions/{id}/end", face.end, methods=["POST"], name="end-inhibition"),
    ]


@dataclass(frozen=True, slots=True)
class InhibitionFace:
    """Answers who looks at inhibitions, makes and ends them."""

    store: Store
    work: Inhibiting

    def list(self, request: Request) -> Response:
        """Answer a page of inhibitions."""
        try:
            given = read_query(request, ("all", "limit", "offset"))
            page = Page(read_number(given, "offset", 0, least=0, most=10**9), read_number(given, "limit", LIMIT))
            found = self.store.inhibitions(page, not_over_at=None if read_truth(given, "all") else now())
        except InputError as error:
            return refused(400, str(error))
        return answer_json({"inhibitions": [inhibition_to_json(each, now()) for each in found]})

    def one(self, request: Request) -> Response:
        """Answer one inhibition."""
        try:
            return answer_json(inhibition_to_json(self.store.inhibition(request.path_params["id"]), now()))
        except NotFoundError as error:
            return refused(404, error.message)

    async def add(self, request: Request) -> Response:
        """Let certain alerts mute others."""

        def keep(body: dict[str, Any]) -> Response:
            made = self.work.inhibit(
                _read_meant(body, "source"),
                _read_meant(body, "target"),
                author=read_text(body, "author"),
                reason=read_text(body, "reason"),
                equal=read_texts(body, "equal"),
                ends=read_instant(body, "ends"),
                lasting=read_duration_of(body, "for"),
            )
            return answer_json(inhibition_to_json(made, now()), 201, {"Location": f"/inhibitions/{made.id}"})

        return await with_body(request, _INHIBITION, keep)

    def end(self, request: Request) -> Response:
        """End an inhibition now."""
        try:
            return answer_json(inhibition_to_json(self.work.end(request.path_params["id"]), now()))
        except NotFoundError as error:
            return refused(404, error.message)


def _read_meant(body: dict[str, Any], name: str) -> Matcher:
    """Read which alerts are meant as source or target; raises `InputError` that names the member inside."""
    members = body.get(name)
    if not isinstance(members, dict):
        raise InputError(f"is an object with one or more of {', '.join(_MEANT)}", where=name)
    unknown = [member for member in members if member not in _MEANT]
    if unknown:
        raise InputError(f"there is no member {unknown[0][:100]!r}; there are {', '.join(_MEANT)}", where=name)
    try:
        return read_matcher({member: value for member, value in members.items() if value is not None})
    except InputError as error:
        error.where = f"{name}.{error.where}" if error.where else name
        raise
