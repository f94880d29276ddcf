"""The processes that WEPS offers, whichever protocol they are called over. A new one is a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.processes.dry_run import DRY_RUN
from weps.processes.echo import ECHO
from weps.processes.eventing_process import EVENTING_PROCESS
from weps.processes.get_subscription import GET_SUBSCRIPTION
from weps.processes.handling_episodes import (
    ACKNOWLEDGE,
    ASSIGN,
    CANCEL_EPISODE,
    COMMENT,
    GET_EPISODE,
    LIST_EPISODES,
)
from weps.processes.inhibiting import END_INHIBITION, INHIBIT, LIST_INHIBITIONS
from weps.processes.list_rule_languages import LIST_RULE_LANGUAGES
from weps.processes.list_subscriptions import LIST_SUBSCRIPTIONS
from weps.processes.pause import PAUSE
from weps.processes.renew import RENEW
from weps.processes.resume import RESUME
from weps.processes.silencing import END_SILENCE, LIST_SILENCES, SILENCE
from weps.processes.subscribe import SUBSCRIBE
from weps.processes.um_event_detection import UM_EVENT_DETECTION
from weps.processes.unsubscribe import UNSUBSCRIBE
from weps.processes.update import UPDATE
from weps.processes.validate_rule import VALIDATE_RULE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weps.processes.base import ProcessSpec

PROCESSES: Mapping[str, ProcessSpec] = {
    process.identifier: process
    for process in (
        SUBSCRIBE,
        UNSUBSCRIBE,
        GET_SUBSCRIPTION,
        LIST_SUBSCRIPTIONS,
        RENEW,
        UPDATE,
        PAUSE,
        RESUME,
        LIST_EPISODES,
        GET_EPISODE,
        ACKNOWLEDGE,
        ASSIGN,
        COMMENT,
        CANCEL_EPISODE,
        SILENCE,
        LIST_SILENCES,
        END_SILENCE,
        INHIBIT,
        LIST_INHIBITIONS,
        END_INHIBITION,
        LIST_RULE_LANGUAGES,
        VALIDATE_RULE,
        DRY_RUN,
        UM_EVENT_DETECTION,
        EVENTING_PROCESS,
    )
}


def offered_processes(*, echo: bool) -> Mapping[str, ProcessSpec]:
    """Give the processes that a service offers, with the echo for tests of clients or without it."""
    return {**PROCESSES, ECHO.identifier: ECHO} if echo else PROCESSES
