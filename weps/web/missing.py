"""What is answered where no face has the address that is asked, or not with the method."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.routing import Match, Route

from weps.web.documents import refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def tell_address(request: Request, _error: Exception) -> Response:
    """Say that nothing is at the address, and where to look."""
    return refused(404, f"There is nothing at {quote(request.url.path)}; {request.base_url} says what is where.")


async def tell_methods(request: Request, _error: Exception) -> Response:
    """Name the methods that are possible: the routes of an address may have one each."""
    routes = [each for each in request.app.routes if isinstance(each, Route)]
    found = [each.methods or set() for each in routes if each.matches(request.scope)[0] is not Match.NONE]
    allowed = ", ".join(sorted(set().union(*found)))
    return refused(405, f"{request.method} is not possible here; use {allowed}.", {"Allow": allowed})
