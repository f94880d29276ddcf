"""
Episodes and silences over HTTP, as JSON.

    GET  /episodes                       last begun first; ?subscription= state= open= acknowledged= limit= after=
    GET  /episodes/{id}                  one with its alerts and what people did with it
    POST /episodes/{id}/acknowledge      {"by", "until" or "for", "text"}
    POST /episodes/{id}/assign           {"to", "by", "text"}
    POST /episodes/{id}/comment          {"by", "text"}
    POST /episodes/{id}/cancel           {"by", "reason"}
    GET  /silences                       newest first, those that are not over; ?all=true limit= offset=
    POST /silences                       {"author", "reason", "begins", "ends" or "for", what is meant, "weekly"}
    GET  /silences/{id}
    POST /silences/{id}/end

    400  the body or the query cannot be used    404  no such episode, silence    409  the episode is over
    413  too large    415  not application/json
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.routing import Route

from weps.episodes import EpisodeSelection, Matcher, read_weekly
from weps.errors import InputError, NotFoundError
from weps.handling import Handling
from weps.model import AlertStatus, Page, Severity
from weps.notices import read_box
from weps.notify.episode_json import episode_to_json, silence_to_json, whole_episode_to_json
from weps.web_bodies import (
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
from weps.web_documents import now, refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from weps.episodes import Episode, Weekly
    from weps.store import Store

LIMIT = 50
MATCHED = {
    "subscription": "subscriptions",
    "procedure": "procedures",
    "observedProperty": "observed_properties",
    "featureOfInterest": "features_of_interest",
}
_SILENCE = ("author", "reason", "begins", "ends", "for", *MATCHED, "severity", "bbox", "weekly")


def create_episode_routes(store: Store) -> list[Route]:
    """Give the routes."""
    face = EpisodeFace(store, Handling(store))
    made = [
        Route("/episodes", face.list, name="episodes"),
        Route("/episodes/{id}", face.one, name="episode"),
        Route("/silences", face.silences, methods=["GET"], name="silences"),
        Route("/silences", face.add_silence, methods=["POST"], name="add-silence"),
        Route("/silences/{id}", face.silence, name="silence"),
        Route("/silences/{id}/end", face.end_silence, methods=["POST"], name="end-silence"),
    ]
    for action in ("acknowledge", "assign", "comment", "cancel"):
        path = f"/episodes/{{id}}/{action}"
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
        try:
            return answer_json(self._whole(self.store.episode(request.path_params["id"])))
        except NotFoundError as error:
            return refused(404, error.message)

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

    def silences(self, request: Request) -> Response:
        """Answer a page of silences."""
        try:
            given = read_query(request, ("all", "limit", "offset"))
            page = Page(read_number(given, "offset", 0, least=0, most=10**9), read_number(given, "limit", LIMIT))
            found = self.store.silences(page, not_over_at=None if read_truth(given, "all") else now())
        except InputError as error:
            return refused(400, str(error))
        return answer_json({"silences": [silence_to_json(silence, now()) for silence in found]})

    def silence(self, request: Request) -> Response:
        """Answer one silence."""
        try:
            return answer_json(silence_to_json(self.store.silence(request.path_params["id"]), now()))
        except NotFoundError as error:
            return refused(404, error.message)

    async def add_silence(self, request: Request) -> Response:
        """Silence certain alerts."""

        def add(body: dict[str, Any]) -> Response:
            made = self.work.silence(
                _matcher(body),
                author=read_text(body, "author"),
                reason=read_text(body, "reason"),
                begins=read_instant(body, "begins"),
                ends=read_instant(body, "ends"),
                lasting=read_duration_of(body, "for"),
                weekly=_weekly(body.get("weekly")),
            )
            return answer_json(silence_to_json(made, now()), 201, {"Location": f"/silences/{made.id}"})

        return await with_body(request, _SILENCE, add)

    def end_silence(self, request: Request) -> Response:
        """End a silence now."""
        try:
            return answer_json(silence_to_json(self.work.end_silence(request.path_params["id"]), now()))
        except NotFoundError as error:
            return refused(404, error.message)

    async def _act(
        self, request: Request, names: tuple[str, ...], act: Callable[[str, dict[str, Any]], Episode]
    ) -> Response:
        identifier = request.path_params["id"]
        return await with_body(request, names, lambda body: answer_json(self._whole(act(identifier, body))))

    def _whole(self, episode: Episode) -> dict[str, Any]:
        return whole_episode_to_json(episode, self.store.alerts_of_episode(episode.id), self.store.notes(episode.id))


def _matcher(body: dict[str, Any]) -> Matcher:
    texts = {member: read_texts(body, name) for name, member in MATCHED.items()}
    box = body.get("bbox")
    if isinstance(box, list):
        box = ",".join(str(number) for number in box)
    if box is not None and not isinstance(box, str):
        raise InputError("is west,south,east,north as a text or a list", where="bbox")
    return Matcher(
        severities=read_words(",".join(read_texts(body, "severity")) or None, Severity, "severity"),
        box=None if box is None else read_box(box),
        **texts,
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
