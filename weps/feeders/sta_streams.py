"""
Datastreams that are watched by MQTT (OGC 18-088 clause 14): which there are, what they are, and at which broker.

    …/v1.1/Datastreams(1)         one          …/v1.1/Things(1)                   all of a Thing
    …/v1.1/Datastreams(1,2,'a')   a list       …/v1.1/Datastreams?$filter=…       all that a filter leaves
    …/v1.1                        all          …/v1.1/Things(1)/Datastreams?$filter=…

The same with MultiDatastreams. Messages hold an Observation without the entities around it, so these are read once,
when the source is made, together with the topics.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from weps.errors import InputError, SourceGarbled
from weps.feeders.answers import read_content
from weps.feeders.kvp import canonical_address
from weps.feeders.sta_requests import NEWEST, THING, get, pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from weps.feeders.http import Fetcher

MOST_STREAMS = 1000
MOST_OCTETS = 64 * 1024 * 1024
_ID = r"(?:'[^']*'|[^(),'/]+)"
_ADDRESS = re.compile(
    r"(?P<root>https?://.+?/(?P<version>v1\.[01]))"
    rf"(?:/Things\((?P<thing>{_ID})\))?"
    rf"(?:/(?P<kind>(?:Multi)?Datastreams)(?:\((?P<ids>{_ID}(?:,{_ID})*)\)(?:/Observations)?)?)?/?",
    re.IGNORECASE,
)
_SELECTED = ("$filter",)
_SCHEMES = {"mqtt": "mqtt", "tcp": "mqtt", "mqtts": "mqtts", "ssl": "mqtts", "tls": "mqtts"}
_KEPT: Mapping[str, tuple[str, ...]] = {
    "Sensor": ("@iot.id", "name"),
    "ObservedProperty": ("@iot.id", "name", "definition"),
    "ObservedProperties": ("@iot.id", "name", "definition"),
    "Thing": ("@iot.id", "name", "Locations"),
    "Locations": ("location",),
    "FeatureOfInterest": ("@iot.id", "name", "feature"),
}
_STREAM_KEPT = ("@iot.id", "@iot.selfLink", "name", "unitOfMeasurement", "unitOfMeasurements")


class Wanted(NamedTuple):
    """What an address names: Datastreams of a service, by their ids or by a query."""

    root: str
    version: str
    path: str
    kind: str
    ids: tuple[str, ...]
    own: Mapping[str, str]


def read_wanted(address: str) -> Wanted:
    """Take an address apart; raises `InputError`."""
    path, _, query = address.partition("?")
    found = _ADDRESS.fullmatch(path)
    if found is None or (found["thing"] and found["ids"]):
        raise InputError(
            f"{path} names no Datastreams: …/v1.1/Datastreams(1), …/v1.1/Datastreams(1,2), …/v1.1/Things(1) and "
            "…/v1.1/Datastreams?$filter=… do"
        )
    own = dict(parse_qsl(query, keep_blank_values=True))
    ids = tuple(re.findall(_ID, found["ids"] or ""))
    unknown = [name for name in own if name.startswith("$") and (ids or name not in _SELECTED)]
    if unknown:
        raise InputError(f"{unknown[0]} is for the feeder to say; only $filter is taken, where no ids are given")
    kind = "MultiDatastreams" if (found["kind"] or "").lower().startswith("multi") else "Datastreams"
    inner = f"/Things({found['thing']})/{kind}" if found["thing"] else f"/{kind}"
    return Wanted(canonical_address(found["root"]), found["version"], inner, kind, ids, own)


class StreamReader:
    """Asks services for their brokers and Datastreams."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def brokers(self, wanted: Wanted) -> tuple[str, ...]:
        """
        Read the brokers that a service names in its settings (18-088 clause 14.2), as `mqtt://` and `mqtts://`.

        Raises a `FeedError`.
        """
        answer = self._fetcher.send(get(wanted.root, _keys(wanted)))
        document = read_content(answer).json
        settings = document.get("serverSettings") if isinstance(document, dict) else None
        told = [
            members.get("endpoints")
            for name, members in (settings if isinstance(settings, dict) else {}).items()
            if name.endswith("receive-updates-via-mqtt/receive-updates") and isinstance(members, dict)
        ]
        named = (str(one).partition("://") for endpoints in told if isinstance(endpoints, list) for one in endpoints)
        return tuple(
            f"{_SCHEMES[scheme.lower()]}://{rest.rstrip('/')}"
            for scheme, _, rest in named
            if scheme.lower() in _SCHEMES and rest
        )

    def streams(self, wanted: Wanted) -> dict[str, dict[str, Any]]:
        """
        Read what is around the Observations of each Datastream, by the topic that they are published to.

        Raises a `FeedError`, and `InputError` where there are none, or more than `MOST_STREAMS`.
        """
        found: dict[str, dict[str, Any]] = {}
        for stream in self._entities(wanted):
            found[f"{wanted.version}/{_entity(stream, wanted)}/Observations"] = _around(stream, wanted.kind)
            if len(found) > MOST_STREAMS:
                raise InputError(f"the service has more than {MOST_STREAMS} such Datastreams; narrow it by $filter")
        if not found:
            raise InputError("the service has no such Datastreams")
        return found

    def _entities(self, wanted: Wanted) -> Iterator[dict[str, Any]]:
        properties = "ObservedProperties" if wanted.kind == "MultiDatastreams" else "ObservedProperty"
        options = {**wanted.own, "$expand": f"{NEWEST},Sensor,{properties},{THING}"}
        for number in wanted.ids:
            answer = self._fetcher.send(get(f"{wanted.root}/{wanted.kind}({number})", options))
            if answer.status == 404:
                raise InputError(f"the service has no {wanted.kind}({number})")
            yield _checked(read_content(answer).json, answer.place)
        if not wanted.ids:
            request = get(f"{wanted.root}{wanted.path}", options)
            for answer, document in pages(self._fetcher.send, request, _keys(wanted), MOST_STREAMS, MOST_OCTETS):
                for one in document["value"]:
                    yield _checked(one, answer.place)


def _keys(wanted: Wanted) -> dict[str, str]:
    return {name: value for name, value in wanted.own.items() if not name.startswith("$")}


def _checked(entity: Any, place: str) -> dict[str, Any]:
    if not isinstance(entity, dict) or "Sensor" not in entity:
        raise SourceGarbled("the service answered no Datastream with its sensor", place)
    return entity


def _entity(stream: Mapping[str, Any], wanted: Wanted) -> str:
    """Give the name of a Datastream in topics, which is that in addresses: texts stand in quotes."""
    linked = re.search(rf"/({wanted.kind}\({_ID}\))/?\Z", str(stream.get("@iot.selfLink", "")), re.IGNORECASE)
    if linked:
        return unquote(linked[1])
    number = stream.get("@iot.id")
    return f"{wanted.kind}('{number}')" if isinstance(number, str) else f"{wanted.kind}({number})"


def _around(stream: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Give what is around an Observation; the feature is that of the newest one."""
    known = {name: stream[name] for name in _STREAM_KEPT if name in stream}
    known |= {name: _trimmed(name, stream[name]) for name in _KEPT if name in stream}
    around: dict[str, Any] = {kind.removesuffix("s"): known}
    newest: Any = next(iter(stream.get("Observations") or ()), None)
    if isinstance(newest, dict) and "FeatureOfInterest" in newest:
        around["FeatureOfInterest"] = _trimmed("FeatureOfInterest", newest["FeatureOfInterest"])
    return around


def _trimmed(name: str, entity: Any) -> Any:
    """Leave out what tells nothing of an Observation, such as descriptions and properties."""
    if isinstance(entity, list):
        return [_trimmed(name, one) for one in entity]
    if not isinstance(entity, dict):
        return entity
    return {
        member: _trimmed(member, value) if member in _KEPT else value
        for member, value in entity.items()
        if member in _KEPT[name]
    }
