"""
Sources besides SOS: what a client wrote becomes a `Source`, whose template is JSON that says all a feeder needs.

    binding      endpoint                  members of the template
    sta          address of Observations   `query`: the client's own parameters
    sta-mqtt     mqtt://broker:1883        `topic`, `around`: what is known of the Datastream, as SensorThings has it;
                                           of several `streams`: that by their topics
    mqtt         mqtt://broker:1883        `topic`, `mapping`
    push         address of ours           `token`, `secret`, `topic` and `hub` of WebSub, or with `protocol` a
                                           publication and its publisher of OGC Pub/Sub, `mapping`
    http-csv     address of a document     `query`, `mapping`
    http-json    address of a document     `query`, `mapping`

A broker of MQTT 5 is `mqtt://broker:1883?version=5`. Equal sources have equal texts, whatever order they were written
in, because what is equal is read once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from weps.errors import InputError, SourceRefused
from weps.feeders.guard import BROKER_PORTS, Guard
from weps.feeders.kvp import canonical_address
from weps.feeders.mapped import decode_csv, decode_json
from weps.feeders.mapping import canonical_mapping, read_mapping
from weps.feeders.secrets import MASK, is_secret, masked
from weps.model import Source
from weps.mqtt_versions import MQTT_3, read_version

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from weps.model import Observation

STA = "sta"
STA_MQTT = "sta-mqtt"
MQTT = "mqtt"
PUSH = "push"
CSV = "http-csv"
JSON = "http-json"
PUBSUB = "pubsub"
"""How a publisher is asked to push, where it is no hub of WebSub."""

BROKERED = frozenset({MQTT, STA_MQTT})
PUSHED = BROKERED | {PUSH}
"""The bindings whose data come without being asked for."""

SECRET_LENGTH = 200
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_STA = re.compile(
    r"(?P<root>https?://.+?/v1\.[01])(?P<path>(?:/(?:Multi)?Datastreams\([^()/]+\))?)(?:/Observations)?/?",
    re.IGNORECASE,
)
_STA_TOPIC = re.compile(r"(?P<entity>v1\.[01]/(?:Multi)?Datastreams\([^()/+#]+\))/Observations", re.IGNORECASE)
_PUSHED_BY = ("topic", "hub", "protocol", "secret", "mapping")


def detect_type(address: str) -> str:
    """Give the type of a source by its address: `sta`, `sta-mqtt`, `mqtt` or `sos`."""
    if address.lower().startswith(tuple(f"{scheme}://" for scheme in BROKER_PORTS)):
        _, topic = _broker(address)
        return STA_MQTT if _STA_TOPIC.fullmatch(topic) else MQTT
    path = address.partition("?")[0]
    found = _STA.fullmatch(path)
    is_sta = found is not None and (found["path"] or path.rstrip("/").lower().endswith(("/observations", "/v1.1")))
    return STA if is_sta else "sos"


def sta_source(address: str) -> Source:
    """
    Give the source of a Datastream, a MultiDatastream, or all Observations of a SensorThings service.

    The address may have an own `$filter`, and parameters that are no part of SensorThings.
    """
    path, _, query = address.partition("?")
    found = _STA.fullmatch(path)
    if found is None:
        raise InputError(f"{path} is no Datastream and no Observations: …/v1.1/Datastreams(1)/Observations is")
    if "," in re.sub("'[^']*'", "", found["path"]):
        raise InputError(f"{path} is a list; ask …/Observations?$filter=Datastream/id eq 1 or Datastream/id eq 2")
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [name for name in parameters if name.startswith("$") and name != "$filter"]
    if unknown:
        raise InputError(
            f"{unknown[0]} is for the feeder to say; of the parameters of SensorThings only $filter is taken"
        )
    endpoint = canonical_address(found["root"]) + found["path"] + "/Observations"
    return Source(STA, endpoint, _canonical({"query": parameters}))


def mqtt_source(address: str, mapping: str | None) -> Source:
    """
    Give the source of an MQTT topic, `mqtt://broker/sensors/+/temperature`.

    Without a mapping each message is a document that holds observations.
    """
    broker, topic = _broker(address)
    return Source(MQTT, broker, _canonical({"topic": topic, "mapping": _mapped(mapping)}))


def sta_mqtt_source(address: str) -> Source:
    """Give the source of the Observations of one Datastream by their topic, of which nothing else is known."""
    broker, topic = _broker(address)
    found = _STA_TOPIC.fullmatch(topic)
    if found is None:
        raise InputError(f"{topic} is not the topic of a Datastream: v1.1/Datastreams(1)/Observations is")
    kind = "MultiDatastream" if "/multi" in topic.lower() else "Datastream"
    number = found["entity"].rpartition("(")[2].rstrip(")").strip("'")
    return Source(STA_MQTT, broker, _canonical({"topic": topic, "around": {kind: {"@iot.id": number}}}))


def sta_streams_source(broker: str, streams: Mapping[str, Mapping[str, Any]]) -> Source:
    """
    Give the source of the Observations of Datastreams as their service publishes them by MQTT.

    Messages do not tell unit, sensor, property and feature: `streams` does by topic, as entities of SensorThings.
    """
    endpoint, _ = _broker(f"{broker}/+")
    if len(streams) == 1:
        ((topic, around),) = streams.items()
        return Source(STA_MQTT, endpoint, _canonical({"topic": topic, "around": dict(around)}))
    return Source(STA_MQTT, endpoint, _canonical({"streams": dict(streams)}))


def topics_of(source: Source) -> Collection[str]:
    """Give the topics of a source that brokers push."""
    members = members_of(source)
    return members["streams"].keys() if "streams" in members else (members["topic"],)


def around_of(source: Source, topic: str) -> dict[str, Any]:
    """Give what is known of the Datastream that a topic is of."""
    members = members_of(source)
    known: dict[str, Any] = members["streams"].get(topic, {}) if "streams" in members else members["around"]
    return known


def push_source(
    address: str,
    mapping: str | None = None,
    secret: str | None = None,
    topic: str | None = None,
    hub: str | None = None,
    *,
    protocol: str | None = None,
) -> Source:
    """
    Give a new source that is pushed to: `address` of ours, a slash, and a token that cannot be guessed.

    With a `secret` everything must be signed by it; `topic` is the one that a hub of WebSub is to confirm, `hub` the
    address of one that is to be asked for it. With the `protocol` `PUBSUB` they are a publication and its publisher.
    """
    if protocol is not None and (hub is None or secret is not None):
        raise InputError("a publisher of OGC Pub/Sub is asked for a publication, and signs nothing", "protocol")
    if hub is not None and topic is None:
        raise InputError("a hub is asked for a topic; give it too", "topic")
    if secret is not None and not 8 <= len(secret.encode()) < SECRET_LENGTH:
        raise InputError(f"a secret has 8 to {SECRET_LENGTH - 1} octets", "secret")
    token = secrets.token_urlsafe(24)
    members = {
        "token": token,
        "secret": secret,
        "topic": topic,
        "hub": hub,
        "protocol": protocol,
        "mapping": _mapped(mapping),
    }
    return Source(PUSH, push_endpoint(address, token), _canonical(members))


def push_endpoint(address: str, token: str) -> str:
    """Give the endpoint of a pushed source: it tells it from others, but not the token."""
    return f"{address}#{push_digest(token)}"


def push_digest(token: str) -> str:
    """Give what stands behind the `#` of the endpoint, whatever the address is."""
    return hashlib.sha256(token.encode()).hexdigest()[:20]


def push_token(text: str) -> str | None:
    """Give the token in an address that is pushed to, None where there is none."""
    found = _TOKEN.fullmatch(text.rstrip("/").rpartition("/")[2])
    return found[0] if found else None


def push_address(source: Source, address: str) -> str:
    """Give the address that data of a source are to be pushed to, below `address` of ours."""
    return f"{address}/{members_of(source)['token']}"


def is_pushed_by(source: Source, token: str) -> bool:
    """Tell whether a token opens a source."""
    return source.binding == PUSH and hmac.compare_digest(members_of(source)["token"], token)


def is_pushed_alike(source: Source, other: Source) -> bool:
    """Tell whether two sources that are pushed to differ in nothing but their tokens."""
    return source.binding == other.binding and all(
        members_of(source).get(name) == members_of(other).get(name) for name in _PUSHED_BY
    )


def is_of_publisher(source: Source) -> bool:
    """Tell whether a source is pushed by a publisher of OGC Pub/Sub."""
    return members_of(source).get("protocol") == PUBSUB


def document_source(binding: str, address: str, mapping: str | None) -> Source:
    """
    Give the source of a document in CSV or JSON; `{begin}` and `{end}` in its address stand for the time span.

    Without a mapping it must be in one of the formats that are known.
    """
    path, _, query = address.partition("?")
    for name in re.findall(r"\{([^{}]*)\}", unquote(address)):
        if name not in ("begin", "end"):
            raise InputError(f"the address has {{{name}}}; only {{begin}} and {{end}} are put in")
    return Source(binding, canonical_address(path), _canonical({"query": query or None, "mapping": _mapped(mapping)}))


@lru_cache(maxsize=1024)
def members_of(source: Source) -> dict[str, Any]:
    """Give the members of a template; not to be changed."""
    members: dict[str, Any] = json.loads(source.template)
    return members


def shown_source(source: Source) -> dict[str, str]:
    """Give the members of a source as clients are shown it: without keys, and the secret that signs what is pushed."""
    template = source.template
    if source.binding == PUSH:
        template = _canonical({**members_of(source), "secret": None})
    elif source.binding in (STA, CSV, JSON):
        template = _canonical({**members_of(source), "query": _shown_query(members_of(source).get("query"))})
    elif not template.startswith(("<", "{")):
        template = masked(template)
    return {"binding": source.binding, "endpoint": masked(source.endpoint), "template": template}


def _shown_query(query: str | dict[str, str] | None) -> str | dict[str, str] | None:
    if isinstance(query, dict):
        return {name: MASK if is_secret(name) else value for name, value in query.items()}
    return None if query is None else masked(query)


def decode_mapped(source: Source, data: bytes, topic: str = "") -> tuple[Observation, ...] | None:
    """Read data by the mapping of their source, None where it has none. Raises `InputError`."""
    mapping = members_of(source).get("mapping")
    if mapping is None:
        return None
    read = decode_csv if source.binding == CSV else decode_json
    return read(read_mapping(_canonical(mapping)), data, topic)


def _mapped(mapping: str | None) -> dict[str, Any] | None:
    return None if mapping is None else canonical_mapping(mapping)


def _canonical(members: Mapping[str, Any]) -> str:
    known = {name: value for name, value in members.items() if value not in (None, {})}
    return json.dumps(known, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _broker(address: str) -> tuple[str, str]:
    """Part an address into the broker, with its version where that is not 3.1.1, and the topic; `#` is a wildcard."""
    scheme, _, rest = address.strip().partition("://")
    rest, _, query = rest.partition("?")
    host, _, topic = rest.partition("/")
    broker = f"{scheme.lower()}://{host.lower()}"
    try:
        parts = Guard().check_broker(broker)
    except SourceRefused as error:
        raise InputError(error.message) from error
    topic = unquote(topic)
    levels = topic.split("/")
    is_filter = all(one in ("+", "#") or not set("+#") & set(one) for one in levels) and "#" not in levels[:-1]
    if not topic or not is_filter or "\0" in topic or len(topic.encode()) > 65535:
        raise InputError(f"{topic!r} is no topic of MQTT; write mqtt://broker/sensors/+/temperature")
    version = read_version(query)
    spoken = "" if version == MQTT_3 else f"?version={version}"
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{name}:{parts.port or BROKER_PORTS[parts.scheme]}{spoken}", topic
