"""What a listener asks for: from where on, and which alerts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.datastructures import QueryParams

from weps.errors import InputError
from weps.notices import Selection
from weps.web.queries import FILTERS, read_store_query

if TYPE_CHECKING:
    from weps.model import Alert

OWN = ("feed", "lastEventId")


@dataclass(frozen=True, slots=True)
class Listening:
    """Which alerts are told, and the sequence behind which to begin (None: what is stored from now on)."""

    selection: Selection
    position: int | None = None


def read_listening(
    parameters: QueryParams, last_event_id: str | None, subscription_of: Callable[[str], str]
) -> Listening:
    """
    Read the conditions of the data store, `feed` (the token of a subscription's feed) and `lastEventId`.

    The header Last-Event-ID of a client that comes back goes before the parameter, which stands in its address for
    ever. Raises `InputError`, and `NotFoundError` for a token that is not known.
    """
    own = {name: parameters.getlist(name) for name in OWN}
    filters = [(name, value) for name, value in parameters.multi_items() if name not in OWN]
    unknown = [name for name, _ in filters if name.lower() not in {known.lower() for known in FILTERS}]
    if unknown:
        raise InputError(f"there is no parameter {unknown[0][:100]!r}; there are {', '.join((*OWN, *FILTERS))}")
    selection = replace(read_store_query(QueryParams(filters)).selection, alerts_only=False)
    if own["feed"]:
        token = re.sub(r"\.[a-z]+$", "", own["feed"][-1].rpartition("/")[2])
        selection = replace(selection, subscriptions=(subscription_of(token),))
    given = last_event_id or (own["lastEventId"][-1] if own["lastEventId"] else None)
    return Listening(selection, None if given is None else _position(given))


def matches(selection: Selection, alert: Alert) -> bool:
    """Tell whether an alert meets all conditions that are given, as the data store does."""
    named = (
        (selection.subscriptions, alert.subscription_id),
        (selection.procedures, alert.procedure),
        (selection.observed_properties, alert.observed_property),
        (selection.features_of_interest, alert.feature_of_interest),
        (selection.severities, alert.severity),
        (selection.statuses, alert.status),
    )
    if any(wanted and value not in wanted for wanted, value in named):
        return False
    if selection.categories and not {alert.status, alert.severity} & set(selection.categories):
        return False
    if selection.begin is not None and alert.phenomenon_time < selection.begin:
        return False
    if selection.end is not None and alert.phenomenon_time >= selection.end:
        return False
    if selection.since is not None and alert.detected <= selection.since:
        return False
    return selection.box is None or selection.box.contains(alert.longitude, alert.latitude)


def _position(text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text.strip()):
        raise InputError("is the id of an event as it was told", where="Last-Event-ID")
    return int(text)
