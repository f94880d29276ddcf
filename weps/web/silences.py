"""
Silences over HTTP, as JSON.

    GET  /silences             newest first, those that are not over; ?all=true limit= offset=
    POST /silences             {"author", "reason", "begins", "ends" or "for", what is meant, "weekly"}
    GET  /silences/{id}
    POST /silences/{id}/end

    400  the body or the query cannot be used    404  no such silence    413  too large    415  not application/json
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weps.errors import InputError
from weps.handling.silences import Silencing
from weps.notify.episode_json import silence_to_json
from weps.silences import read_weekly
from weps.web.bodies import read_duration_of, read_instant, read_text
from weps.web.muting import MATCHED, MutingFace, read_matcher

if TYPE_CHECKING:
    from starlette.routing import Route

    from weps.silences import Silence, Weekly
    from weps.store import Store

_SILENCE = ("author", "reason", "begins", "ends", "for", *MATCHED, "weekly")


def create_silence_routes(store: Store) -> list[Route]:
    """Give the routes."""
    work = Silencing(store)

    def make(body: dict[str, Any]) -> Silence:
        return work.silence(
            read_matcher(body),
            author=read_text(body, "author"),
            reason=read_text(body, "reason"),
            begins=read_instant(body, "begins"),
            ends=read_instant(body, "ends"),
            lasting=read_duration_of(body, "for"),
            weekly=_weekly(body.get("weekly")),
        )

    return MutingFace("silence", "silences", work, _SILENCE, make, silence_to_json).routes()


def _weekly(value: Any) -> Weekly | None:
    if value is None:
        return None
    names = ("days", "from", "until", "timeZone")
    if not isinstance(value, dict) or set(value) - set(names):
        raise InputError(f"is an object with {', '.join(names)}", where="weekly")
    days = value.get("days", "Mon-Sun")
    listed = ",".join(str(day) for day in days) if isinstance(days, list) else read_text({"days": days}, "days")
    return read_weekly(listed, read_text(value, "from"), read_text(value, "until"), read_text(value, "timeZone", "UTC"))
