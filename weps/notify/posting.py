"""How channels post over HTTP, and what the answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from weps.errors import DeliveryError, FeedError, SourceRefused
from weps.ledger import ANSWER_LIMIT, Receipt
from weps.notify.base import beginning

GONE = 410
_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered to a POST: status, the beginning of the body, and the wish of Retry-After in seconds."""

    status: int
    body: bytes = b""
    retry_after: float | None = None


Post: TypeAlias = Callable[[str, bytes, Mapping[str, str]], Reply]
"""Posts a body with headers to a URL; raises a `FeedError` where there is no answer."""


def post_alert(post: Post, url: str, body: bytes, headers: Mapping[str, str], *, who: str, where: str) -> Receipt:
    """
    Post a body; raises `DeliveryError` when it was not taken.

    A server that is overloaded or failed may be asked again; any other refusal (4xx) is final, and 410 means that
    nothing is to be sent there any more. `where` is the address as it may be shown.
    """
    try:
        posted = post(url, body, headers)
    except FeedError as error:
        # what a client of HTTP says of an address may hold more of it than is to be shown
        raise DeliveryError(error.message, where=where, permanent=isinstance(error, SourceRefused)) from error
    receipt = Receipt(posted.status, beginning(posted.body, ANSWER_LIMIT))
    if 200 <= posted.status < 300:
        return receipt
    permanent = 400 <= posted.status < 500 and posted.status not in _TRY_AGAIN
    raise DeliveryError(
        f"{who} answered with HTTP status {posted.status}",
        where=where,
        permanent=permanent,
        status=posted.status,
        answer=receipt.text,
        retry_after=posted.retry_after if posted.status in (429, 503) else None,
        gone=posted.status == GONE,
    )
