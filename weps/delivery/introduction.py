"""The message that a new target gets first: it shows that alerts will arrive, and how they are signed."""

from __future__ import annotations

import logging
import time
import uuid
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from weps.composing import ALERT_NAMESPACE
from weps.errors import WepsError
from weps.model import Alert, AlertStatus, AlertUse, Severity
from weps.notify.base import Signing
from weps.notify.cloud_event import TEST_PATTERN
from weps.notify.languages import PHRASES
from weps.notify.targets import INSERT_RSS
from weps.notify.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from weps.model import Subscription, Target
    from weps.notify.base import Channel

LOG = logging.getLogger(__name__)
SECONDS = 5.0
"""How long the maker of a subscription waits for the answers to test messages."""

NOT_TESTED = frozenset({INSERT_RSS})
"""Channels whose targets keep everything for ever: a test would stand among the alerts."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a new target is told of: its secret, if its channel signs, and why the test message did not arrive."""

    target: Target
    secret: str | None = None
    error: str | None = None
    was_sent: bool = True


def introduce(
    channels: Mapping[str, Channel],
    subscription: Subscription,
    targets: Sequence[Target],
    now: datetime,
    seconds: float = SECONDS,
) -> tuple[Introduction, ...]:
    """Send a test message to targets, all at once; what gave no answer in time is told so and goes on."""
    sending = {
        target: _send(channels[target.channel], subscription, target, now) for target in targets if _is_tested(target)
    }
    ends = time.monotonic() + seconds
    return tuple(
        Introduction(
            target,
            _secret(channels[target.channel], subscription, target),
            _error(sending[target], max(0.0, ends - time.monotonic()), seconds) if target in sending else None,
            target in sending,
        )
        for target in targets
    )


def compose_introduction(subscription: Subscription, target: Target, now: datetime) -> Alert:
    """Give the message: it tells of nothing that was observed, and stands in no feed."""
    say = PHRASES[subscription.language]
    name = clean_line(subscription.title or subscription.rule.name or subscription.id, 200)
    identifier = str(uuid.uuid5(ALERT_NAMESPACE, f"{subscription.id}/test/{target.address}/{now.isoformat()}"))
    return Alert(
        id=identifier,
        episode=identifier,
        subscription_id=subscription.id,
        status=AlertStatus.EVENT,
        severity=Severity.UNKNOWN,
        title=say.test.format(name),
        text=say.test_meaning.format(f"{subscription.id} ({name})"),
        rule_name=subscription.rule.name,
        rule_version=subscription.rule_version,
        pattern=TEST_PATTERN,
        detected=now,
        event_time=now,
        phenomenon_time=now,
        language=subscription.language,
        use=AlertUse.TEST,
    )


def _is_tested(target: Target) -> bool:
    return target.channel not in NOT_TESTED


def _secret(channel: Channel, subscription: Subscription, target: Target) -> str | None:
    return channel.secret(subscription.id, target.address) if isinstance(channel, Signing) else None


def _send(channel: Channel, subscription: Subscription, target: Target, now: datetime) -> Future[None]:
    sent: Future[None] = Future()

    def run() -> None:
        try:
            channel.send(compose_introduction(subscription, target, now), target.address)
        except Exception as error:  # whatever it is, the maker of the subscription is told
            sent.set_exception(error)
        else:
            sent.set_result(None)

    Thread(target=run, name="introduction", daemon=True).start()
    return sent


def _error(sent: Future[None], timeout: float, seconds: float) -> str | None:
    try:
        sent.result(timeout)
    except NotYetError:
        return f"no answer within {seconds:g} s"
    except WepsError as error:
        return error.message
    except Exception as error:
        LOG.exception("introduction broken")
        return f"an internal error ({type(error).__name__})"
    return None
