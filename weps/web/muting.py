"""What mutes alerts over HTTP: silences and inhibitions are listed, shown, made and ended in one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic

from starlette.routing import Route

from weps.errors import InputError
from weps.handling.muting import AnyMuter, Muting
from weps.matching import Matcher
from weps.model import AlertStatus, Page, Severity
from weps.notices import read_box
from weps.web.bodies import (
    answer_found,
    answer_json,
    read_number,
    read_query,
    read_texts,
    read_truth,
    read_words,
    with_body,
)
from weps.web.documents import now, refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

LIMIT = 50
MATCHED = ("subscription", "procedure", "observedProperty", "featureOfInterest", "severity", "bbox")


@dataclass(frozen=True, slots=True)
class MutingFace(Generic[AnyMuter]):
    """
    Answers who looks at what mutes alerts, makes and ends it.

    `name` and `plural` stand in addresses and answers, `members` are those of a body, which `make` keeps; `write` gives
    one as JSON, as it is at an instant.
    """

    name: str
    plural: str
    work: Muting[AnyMuter]
    members: tuple[str, ...]
    make: Callable[[dict[str, Any]], AnyMuter]
    write: Callable[[AnyMuter, datetime], dict[str, Any]]

    def routes(self) -> list[Route]:
        """Give the routes."""
        path = f"/{self.plural}"
        return [
            Route(path, self.list, methods=["GET"], name=self.plural),
            Route(path, self.add, methods=["POST"], name=f"add-{self.name}"),
            Route(f"{path}/{{id:name}}", self.one, name=self.name),
            Route(f"{path}/{{id:name}}/end", self.end, methods=["POST"], name=f"end-{self.name}"),
        ]

    def list(self, request: Request) -> Response:
        """Answer a page, newest first."""
        try:
            given = read_query(request, ("all", "limit", "offset"))
            page = Page(read_number(given, "offset", 0, least=0, most=10**9), read_number(given, "limit", LIMIT))
            found = self.work.page(page, also_over=bool(read_truth(given, "all")))
        except InputError as error:
            return refused(400, str(error))
        return answer_json({self.plural: [self.write(each, now()) for each in found]})

    def one(self, request: Request) -> Response:
        """Answer one."""
        return answer_found(lambda: self.write(self.work.one(request.path_params["id"]), now()))

    async def add(self, request: Request) -> Response:
        """Keep what mutes certain alerts."""

        def keep(body: dict[str, Any]) -> Response:
            made = self.make(body)
            return answer_json(self.write(made, now()), 201, {"Location": f"/{self.plural}/{made.id}"})

        return await with_body(request, self.members, keep)

    def end(self, request: Request) -> Response:
        """End one now."""
        return answer_found(lambda: self.write(self.work.end(request.path_params["id"]), now()))


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
