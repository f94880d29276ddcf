"""
What is due of things that flap: when they have been calm for long enough, that is told.

It is calm when the clock has passed the window after the last change, and the source has been read until then: while
a source cannot be read nobody knows. Done in one small transaction each, as all that is due.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from weps.composing import flapping_alert
from weps.errors import NotFoundError
from weps.model import Reminder, SubscriptionStatus
from weps.surviving import result_of

if TYPE_CHECKING:
    from datetime import datetime

    from weps.flapping import Flaps
    from weps.store import Store
    from weps.store.episodes import EpisodeTransaction

PAUSE = timedelta(minutes=1)
"""How long something is put off that is not calm yet, or could not be told."""


def tell_calm(store: Store, now: datetime) -> int:
    """Tell what has flapped and is calm now; gives how many alerts that made."""
    told = 0
    for flaps in store.due_flaps(now):
        text, values = "what flaps broke subscription=%s episode=%s", (flaps.subscription_id, flaps.episode)
        count = result_of(partial(_look_at, store, flaps, now), text, *values)
        if count is None:
            store.put_off_flaps(flaps, now + PAUSE)
        told += count or 0
    return told


def _look_at(store: Store, flaps: Flaps, now: datetime) -> int:
    try:
        with store.handling(flaps.episode) as work:
            return _tell_calm(work, flaps, now)
    except NotFoundError:  # its alerts are not kept any more
        store.put_off_flaps(flaps, None)
        return 0


def _tell_calm(work: EpisodeTransaction, flaps: Flaps, now: datetime) -> int:
    known = work.flaps()
    if known is None or known.due != flaps.due:
        return 0
    if not _is_calm(work, known):
        work.change_flaps(known, due=now + PAUSE)
        return 0
    work.change_flaps(known)
    if known.told:
        work.change(told=True)
    further = work.subscription().attention.escalate_to if known.escalated else ()
    alert = flapping_alert(work.newest_alert(), known, Reminder.FLAPPING_OVER, now)
    work.tell(alert, (*work.targets(), *further), now)
    return 1


def _is_calm(work: EpisodeTransaction, flaps: Flaps) -> bool:
    subscription, until = work.subscription(), work.read_until()
    wish = subscription.attention.flapping
    if wish is None or until is None or subscription.status is not SubscriptionStatus.ACTIVE:
        return True
    return flaps.is_calm(until, wish.window)


def tell_flapping(work: EpisodeTransaction, flaps: Flaps, identifier: str, now: datetime) -> int:
    """Tell that something flaps where nobody was told; then, until it is calm, there is nothing more to tell."""
    if flaps.told or flaps.episode != work.episode.id:
        work.change(muted=False)
        return 0
    alert = flapping_alert(work.newest_alert(), flaps, Reminder.FLAPPING, now)
    further = work.subscription().attention.escalate_to if flaps.escalated else ()
    work.tell(replace(alert, id=identifier), (*work.targets(), *further), now)
    return 1
