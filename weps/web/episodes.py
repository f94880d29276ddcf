"""
Episodes over HTTP, as JSON.

    GET  /episodes                       last begun first; ?subscription= state= open= acknowledged= limit= after=
    GET  /episodes/{id}                  one with its alerts and what people did with it
    POST /episodes/{id}/acknowledge      {"by", "until" or "for", "text"}
    POST /episodes/{id}/assign           {"to", "by", "text"}
    POST /episodes/{id}/comment          {"by", "text"}
    POST /episodes/{id}/cancel           {"by", "reason"}

    400  the body or the query cannot be used    404  no such episode    409  the episode is over
    413  too large    415  not application/json
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.routing import Route

from weps.episodes import EpisodeSelection
from weps.errors import InputError, NotFoundError
from weps.handling.episodes import Handling
from weps.model import AlertStatus, Page
from weps.notify.episode_json import episode_to_json, whole_episode_to_json
from weps.web.bodies import (
    answer_found,
    answer_json,
    read_duration_of,
    read_instant,
    read_number,
    read_query,
    read_text,
    read_truth,
    read_words,
    with_body,
)
from weps.web.documents import refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from weps.episodes import Episode
    from weps.store import Store

LIMIT = 50


def create_episode_routes(store: Store) -> list[Route]:
    """Give the routes."""
    face = EpisodeFace(store, Handling(store))
    made = [
        Route("/episodes", face.list, name="episodes"),
        Route("/episodes/{id:name}", face.one, name="episode"),
    ]
    for action in ("acknowledge", "assign", "comment", "cancel"):
        path = f"/episodes/{{id:name}}/{action}"
        made.append(Route(path, getattr(face, action), methods=["POST"], name=f"{action}-episode"))
    return made


@dataclass(frozen=True, slots=True)
class EpisodeFace:
    """Answers who looks at episodes and works with them."""

    store: Store
    work: Handling

    def list(self, request: Request) -> Response:
        """Answer a page of episodes, and where the next one is."""
        try:
            given = read_query(request, ("subscription", "state", "open", "acknowledged", "limit", "after"))
            is_acknowledged = read_truth(given, "acknowledged")
            selection = EpisodeSelection(
                subscription=given.get("subscription"),
                states=read_words(given.get("state"), AlertStatus, "state"),
                is_open=read_truth(given, "open"),
                is_free=None if is_acknowledged is None else not is_acknowledged,
            )
            limit = read_number(given, "limit", LIMIT)
            episodes = self.store.episodes(selection, Page(limit=limit + 1, after=given.get("after")))
        except (InputError, NotFoundError) as error:
            return refused(400, str(error))
        shown = episodes[:limit]
        newest = self.store.newest_alerts_of(shown)
        members: dict[str, Any] = {"episodes": [episode_to_json(each, newest.get(each.id)) for each in shown]}
        if len(episodes) > limit:
            members["next"] = f"{request.url.path}?{urlencode(given | {'after': shown[-1].id})}"
        return answer_json(members)

    def one(self, request: Request) -> Response:
        """Answer one episode with its alerts and what people did with it."""
        return answer_found(lambda: self._whole(self.store.episode(request.path_params["id"])))

    async def acknowledge(self, request: Request) -> Response:
        """Let it be known that somebody takes care."""
        return await self._act(
            request,
            ("by", "until", "for", "text"),
            lambda identifier, body: self.work.acknowledge(
                identifier,
                read_text(body, "by"),
                until=read_instant(body, "until"),
                lasting=read_duration_of(body, "for"),
                text=read_text(body, "text", ""),
            ),
        )

    async def assign(self, request: Request) -> Response:
        """Say who is to take care."""
        return await self._act(
            request,
            ("to", "by", "text"),
            lambda identifier, body: self.work.assign(
                identifier, read_text(body, "to"), read_text(body, "by"), read_text(body, "text", "")
            ),
        )

    async def comment(self, request: Request) -> Response:
        """Keep what somebody has to say."""
        return await self._act(
            request,
            ("by", "text"),
            lambda identifier, body: self.work.comment(identifier, read_text(body, "by"), read_text(body, "text")),
        )

    async def cancel(self, request: Request) -> Response:
        """Withdraw an episode."""
        return await self._act(
            request,
            ("by", "reason"),
            lambda identifier, body: self.work.cancel(identifier, read_text(body, "by"), read_text(body, "reason")),
        )

    async def _act(
        self, request: Request, names: tuple[str, ...], act: Callable[[str, dict[str, Any]], Episode]
    ) -> Response:
        identifier = request.path_params["id"]
        return await with_body(request, names, lambda body: answer_json(self._whole(act(identifier, body))))

    def _whole(self, episode: Episode) -> dict[str, Any]:
        alerts, notes = self.store.alerts_of_episode(episode.id), self.store.notes(episode.id)
        return whole_episode_to_json(episode, self.store.newest_alerts_of([episode]).get(episode.id), alerts, notes)
