"""
Inhibitions over HTTP, as JSON.

    GET  /inhibitions             newest first, those that are not over; ?all=true limit= offset=
    POST /inhibitions             {"author", "reason", "source", "target", "equal", "ends" or "for"}
    GET  /inhibitions/{id}
    POST /inhibitions/{id}/end

    400  the body or the query cannot be used    404  no such inhibition    413  too large    415  not application/json
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weps.errors import InputError
from weps.handling.inhibitions import Inhibiting
from weps.notify.episode_json import inhibition_to_json
from weps.web.bodies import check_members, read_duration_of, read_instant, read_text, read_texts
from weps.web.muting import MATCHED, MutingFace, read_matcher

if TYPE_CHECKING:
    from starlette.routing import Route

    from weps.inhibitions import Inhibition
    from weps.matching import Matcher
    from weps.store import Store

_INHIBITION = ("author", "reason", "source", "target", "equal", "ends", "for")
_MEANT = (*MATCHED, "status")


def create_inhibition_routes(store: Store) -> list[Route]:
    """Give the routes."""
    work = Inhibiting(store)

    def make(body: dict[str, Any]) -> Inhibition:
        return work.inhibit(
            _read_meant(body, "source"),
            _read_meant(body, "target"),
            author=read_text(body, "author"),
            reason=read_text(body, "reason"),
            equal=read_texts(body, "equal"),
            ends=read_instant(body, "ends"),
            lasting=read_duration_of(body, "for"),
        )

    return MutingFace("inhibition", "inhibitions", work, _INHIBITION, make, inhibition_to_json).routes()


def _read_meant(body: dict[str, Any], name: str) -> Matcher:
    """Read which alerts are meant as source or target; raises `InputError` that names the member inside."""
    members = body.get(name)
    if not isinstance(members, dict):
        raise InputError(f"is an object with one or more of {', '.join(_MEANT)}", where=name)
    check_members(members, _MEANT, where=name)
    try:
        return read_matcher({member: value for member, value in members.items() if value is not None})
    except InputError as error:
        error.where = f"{name}.{error.where}" if error.where else name
        raise
