"""
Publishers of OGC Pub/Sub 1.0 (13-131r1) that are asked to push a publication to an address of ours.

Subscribe, Renew and Unsubscribe are sent in the XML of the standard in SOAP 1.2. What was agreed is known in memory
only: after a restart a publisher is asked anew, and the subscription of before ends by itself within `LEASE`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lxml import etree
from lxml.builder import ElementMaker

from sos_server.codecs import xml
from sos_server.time import format_instant, parse_instant
from weps.errors import FeedError, SourceDenied, SourceException, SourceGarbled
from weps.feeders.answers import read_document
from weps.feeders.http import Answer, HttpRequest, without_query
from weps.feeders.sources import members_of, push_address
from weps.feeders.xml_template import wrap

if TYPE_CHECKING:
    from weps.model import Source

LOG = logging.getLogger("weps.feeders")

LEASE = timedelta(days=1)
SHORTEST_LEASE = timedelta(seconds=10)
SHARE_OF_LEASE = 0.8
URI = "http://www.opengis.net/pubsub/1.0"
_GML = xml.NAMESPACES["gml"]
_PUBSUB = ElementMaker(namespace=URI, nsmap={"pubsub": URI, "gml": _GML})
_TIME = ElementMaker(namespace=_GML)
_HEADERS = {"Content-Type": "application/soap+xml; charset=utf-8"}
_UNCERTAIN = (None, "NoApplicableCode")


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What a publisher has granted: a subscription by its identifier, from `begin` until `end`."""

    subscription: str
    begin: datetime
    end: datetime

    @property
    def renew_at(self) -> datetime:
        return self.begin + (self.end - self.begin) * SHARE_OF_LEASE


class Publishers:
    """Asks publishers, and remembers what was agreed; `address` is ours that tokens stand behind."""

    def __init__(
        self,
        send: Callable[[HttpRequest], Answer],
        address: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._send = send
        self._address = address
        self._clock = clock
        self._agreed: dict[Source, _Agreed] = {}
        self._asking: set[Source] = set()
        self._asked: set[Source] = set()
        self._lock = threading.Lock()

    def require(self, source: Source) -> None:
        """
        Subscribe to the publication of a source, or renew that before it is over.

        Raises `SourceDenied` where the publisher refuses it, another `FeedError` where it cannot be asked.
        """
        now = self._clock()
        with self._lock:
            agreed = self._agreed.get(source)
            if source in self._asking or (agreed is not None and now < agreed.renew_at):
                return
            self._asking.add(source)
            self._asked.add(source)
        try:
            renewed = self._renew(source, agreed, now) if agreed is not None and now < agreed.end else None
            granted = renewed or self._subscribe(source, now)
            with self._lock:
                self._agreed[source] = granted
        finally:
            self._asking.discard(source)

    def must_renew(self, source: Source) -> bool:
        """Tell whether what a publisher has granted is nearly over, or it was not asked yet; see `require`."""
        with self._lock:
            agreed = self._agreed.get(source)
            if agreed is None:
                return source not in self._asked
            return source not in self._asking and agreed.renew_at <= self._clock()

    def keep(self, wanted: Iterable[Source]) -> None:
        """End the subscriptions of all other sources; returns at once."""
        kept = set(wanted)
        with self._lock:
            self._asked &= kept
            ended = {source: self._agreed.pop(source) for source in self._agreed.keys() - kept}
        for source, agreed in ended.items():
            threading.Thread(target=self._unsubscribe, args=(source, agreed), name="publisher", daemon=True).start()

    def _subscribe(self, source: Source, now: datetime) -> _Agreed:
        members, end = members_of(source), now + LEASE
        request = _PUBSUB.Subscribe(
            _PUBSUB.PublicationIdentifier(members["topic"]),
            _PUBSUB.TerminationTime(*_instant(end), _identified()),
            _PUBSUB.DeliveryLocation(push_address(source, self._address)),
        )
        try:
            answer, root = self._ask(members["hub"], request, "SubscribeResponse")
        except SourceException as error:
            if error.code in _UNCERTAIN:
                raise
            raise SourceDenied(f"the publisher refuses the publication: {error.message}", error.where) from error
        agreed = _read_agreed(root, answer, now)
        LOG.info("publisher subscribed publisher=%s until=%s", without_query(members["hub"]), agreed.end.isoformat())
        return agreed

    def _renew(self, source: Source, agreed: _Agreed, now: datetime) -> _Agreed | None:
        """Renew a subscription; None where the publisher does not know it any more."""
        end = now + LEASE
        request = _PUBSUB.Renew(
            _PUBSUB.SubscriptionIdentifier(agreed.subscription),
            _PUBSUB.NewTerminationTime(*_instant(end), _identified()),
        )
        try:
            self._ask(members_of(source)["hub"], request, "RenewResponse")
        except SourceException as error:
            if error.code in _UNCERTAIN:
                raise
            return None
        return _Agreed(agreed.subscription, now, end)

    def _unsubscribe(self, source: Source, agreed: _Agreed) -> None:
        hub = members_of(source)["hub"]
        try:
            request = _PUBSUB.Unsubscribe(_PUBSUB.SubscriptionIdentifier(agreed.subscription))
            self._ask(hub, request, "UnsubscribeResponse")
            LOG.info("publisher unsubscribed publisher=%s", without_query(hub))
        except FeedError as error:
            # It ends by itself, and what is pushed until then is refused as gone.
            LOG.warning("publisher not asked to end publisher=%s why=%s", without_query(hub), error)

    def _ask(self, publisher: str, request: etree._Element, expected: str) -> tuple[Answer, etree._Element]:
        body = wrap(etree.tostring(request), is_old=False)
        answer = self._send(HttpRequest("POST", publisher, _HEADERS, body))
        root = read_document(answer)
        if xml.local_name(root) != expected:
            raise SourceGarbled(f"the publisher answered {xml.local_name(root)}, no {expected}", answer.place)
        return answer, root


def _instant(time: datetime) -> tuple[etree._Element]:
    return (_TIME.timePosition(format_instant(time)),)


def _identified() -> dict[str, str]:
    return {f"{{{_GML}}}id": "end"}


def _read_agreed(root: etree._Element, answer: Answer, now: datetime) -> _Agreed:
    identifier = xml.text_of(root.find(f".//{{{URI}}}SubscriptionIdentifier"))
    position = xml.text_of(root.find(f".//{{{URI}}}TerminationTime/{{{_GML}}}timePosition"))
    if identifier is None:
        raise SourceGarbled("the publisher told no identifier of the subscription", answer.place)
    try:
        end = now + LEASE if position is None else parse_instant(position)
    except ValueError as error:
        raise SourceGarbled(f"the publisher told no time when the subscription ends: {error}", answer.place) from error
    return _Agreed(identifier, now, max(end, now + SHORTEST_LEASE))
