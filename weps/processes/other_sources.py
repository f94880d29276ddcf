"""Sources that are no SOS, as clients name them, by type or address. A new type is a line in `_TYPES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weps.errors import FeedError, InputError, MissingInputError
from weps.feeders import sources
from weps.feeders.secrets import masked
from weps.feeders.sta_streams import StreamReader, read_wanted
from weps.feeders.topics import read_topic
from weps.processes.base import JSON, Complex, Format, InputSpec, Kind, Literal
from weps.processes.subscribing import check_address, told_of

if TYPE_CHECKING:
    from weps.model import Source, Subscription
    from weps.processes.base import Context
    from weps.processes.inputs import Inputs

SOS = "sos"
WEBSUB = "websub"
_PUSH_INPUTS = ("pushSecret", "pushTopic", "pushHub", "pushProtocol")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client says of a source: its address, and how what it gives is read."""

    address: str | None
    mapping: str | None = None
    secret: str | None = None
    topic: str | None = None
    hub: str | None = None
    protocol: str | None = None

    def needed(self) -> str:
        """Give the address; raises `MissingInputError` where it was left out."""
        if self.address is None:
            raise MissingInputError("Give the address of the source as sosEndpoint.", "sosEndpoint")
        return self.address


def _sta(wish: Wish, context: Context) -> Source:
    return sources.sta_source(wish.needed())


def _sta_mqtt(wish: Wish, context: Context) -> Source:
    """
    Give the source of Datastreams by MQTT: the topic of one at a broker, or the address of some at the service.

    In the latter case the service is asked for its broker, and for what its messages do not tell.
    """
    address = wish.needed()
    if not address.lower().startswith("http"):
        return sources.sta_mqtt_source(address)
    wanted = read_wanted(address)
    check_address(context, wanted.root, "sosEndpoint")
    reader = StreamReader(context.fetcher)
    try:
        broker = next(iter(reader.brokers(wanted)), None)
        streams = reader.streams(wanted)
    except FeedError as error:
        raise InputError(f"The service cannot be asked: {error}", "sosEndpoint") from error
    if broker is None:
        raise InputError(
            "The service names no broker of MQTT; give mqtt://broker/v1.1/Datastreams(1)/Observations", "sosEndpoint"
        )
    return sources.sta_streams_source(broker, streams)


def _mqtt(wish: Wish, context: Context) -> Source:
    return sources.mqtt_source(wish.needed(), wish.mapping)


def _push(wish: Wish, context: Context) -> Source:
    """
    Give a source that is pushed to: a new one, that of a topic of WebSub, or the one that an address of ours is.

    Who wants the same topic of a hub in the same way has the same source.
    """
    address = push_base(context)
    if wish.address is not None and wish.address.startswith(f"{address}/"):
        return _pushed_to(wish.address, wish, context)
    if wish.address is not None:
        wish = _discovered(wish.address, wish, context)
    if wish.hub is not None:
        check_address(context, wish.hub, "pushHub")
    protocol = None if wish.protocol in (None, WEBSUB) else wish.protocol
    made = sources.push_source(address, wish.mapping, wish.secret, wish.topic, wish.hub, protocol=protocol)
    known = context.engine.store.feeds_of((sources.PUSH,)) if wish.hub else ()
    return next((feed.source for feed in known if sources.is_pushed_alike(feed.source, made)), made)


def _pushed_to(address: str, wish: Wish, context: Context) -> Source:
    token = sources.push_token(address)
    feeds = context.engine.store.feeds_of((sources.PUSH,)) if token else ()
    found = next((feed.source for feed in feeds if token and sources.is_pushed_by(feed.source, token)), None)
    if found is None:
        raise InputError("Nothing is pushed to this address; leave it out for a new one.", "sosEndpoint")
    if wish.mapping or wish.secret or wish.topic or wish.hub or wish.protocol:
        raise InputError("The address has its mapping, secret and topic already; leave them out.", "sosEndpoint")
    return found


def _discovered(address: str, wish: Wish, context: Context) -> Wish:
    """Ask a topic of WebSub for its hub, and for how the hub knows it."""
    if wish.topic is not None or wish.hub is not None or wish.protocol == sources.PUBSUB:
        raise InputError("The address is the topic, which names its hub; leave pushTopic and pushHub out.", "pushTopic")
    check_address(context, address, "sosEndpoint")
    try:
        topic = read_topic(context.fetcher.get(address))
    except FeedError as error:
        raise InputError(f"The topic cannot be asked for its hub: {error}", "sosEndpoint") from error
    if topic is None:
        raise InputError(
            "The topic names no hub of WebSub, neither in its headers nor in its document; give pushTopic and pushHub, "
            "or leave sosEndpoint out and post to the address that you are told.",
            "sosEndpoint",
        )
    return replace(wish, address=None, topic=topic.url, hub=topic.hub)


def _document(binding: str) -> Callable[[Wish, Context], Source]:
    return lambda wish, context: sources.document_source(binding, wish.needed(), wish.mapping)


@dataclass(frozen=True, slots=True)
class _Type:
    """How a source of a type is read, and which inputs it has besides the address."""

    read: Callable[[Wish, Context], Source]
    takes: tuple[str, ...] = ()


_TYPES = {
    "sta": _Type(_sta),
    "sta-mqtt": _Type(_sta_mqtt),
    "mqtt": _Type(_mqtt, ("mapping",)),
    "push": _Type(_push, ("mapping", *_PUSH_INPUTS)),
    "csv": _Type(_document(sources.CSV), ("mapping",)),
    "json": _Type(_document(sources.JSON), ("mapping",)),
}

OTHER_SOURCE_INPUTS = (
    InputSpec(
        "sourceType",
        "What kind of source it is",
        Literal(allowed=(SOS, *_TYPES)),
        "sos; sta and sta-mqtt (SensorThings by asking and by MQTT), mqtt (a topic), push (observations are posted to "
        "an address that the answer tells; where sosEndpoint is a topic of WebSub, by its hub), csv and json (a "
        "document that is read again and again). Told by sosEndpoint where it is left out, except push, csv and json.",
    ),
    InputSpec(
        "mapping",
        "Where in the data the parts of an observation stand",
        Complex((Format(JSON),)),
        'For mqtt, push, csv and json: {"time": "/when", "value": "/temp", "uom": {"constant": "Cel"}, "procedure": …, '
        '"observedProperty": …} with JSON pointers or names of columns. Without it the data must be in a format of '
        "observations that is known.",
    ),
    InputSpec(
        "pushSecret",
        "The secret that signs what is pushed",
        Literal(),
        "For push: everything must have the X-Hub-Signature of WebSub.",
    ),
    InputSpec(
        "pushTopic",
        "The topic of WebSub, or the publication, that is pushed",
        Literal(published_type="anyURI"),
        "For push.",
    ),
    InputSpec(
        "pushHub",
        "The hub of WebSub, or the publisher, that pushes",
        Literal(Kind.URL),
        "For push: it is asked for pushTopic, and again before its lease is over. Left out where others ask it.",
    ),
    InputSpec(
        "pushProtocol",
        "How pushHub is asked",
        Literal(allowed=(WEBSUB, sources.PUBSUB)),
        "For push: websub (default), or pubsub: Subscribe of OGC Pub/Sub 1.0 in SOAP, with pushTopic as the "
        "identifier of the publication.",
    ),
)


def read_other_source(inputs: Inputs, context: Context, not_with: tuple[str, ...]) -> Source | None:
    """
    Give the source where it is no SOS, else None; inputs that are not for its type, or among `not_with`, are refused.

    Raises `InputError` with the input.
    """
    address = inputs.text("sosEndpoint")
    with told_of({"": "sosEndpoint"}):
        name = inputs.text("sourceType") or _detected(inputs, context, address, not_with)
    kind = _TYPES.get(name)
    others = () if kind is None else not_with
    for identifier in (*others, "mapping", *_PUSH_INPUTS):
        if identifier in inputs and (kind is None or identifier not in kind.takes):
            raise InputError(f"{identifier} is not for a source of the type {name}; see sourceType.", identifier)
    if kind is None:
        return None
    mapping = inputs.document("mapping")
    wish = Wish(address, mapping.text if mapping else None, *(inputs.text(name) for name in _PUSH_INPUTS))
    names = {"mapping": "mapping", "secret": "pushSecret", "topic": "pushTopic", "protocol": "pushProtocol"}
    with told_of({"": "sosEndpoint", **names, **{name: name for name in _PUSH_INPUTS}}):
        return kind.read(wish, context)


def _detected(inputs: Inputs, context: Context, address: str | None, not_with: tuple[str, ...]) -> str:
    if address is None or any(identifier in inputs for identifier in not_with):
        return SOS
    return "push" if address.startswith(f"{push_base(context)}/") else sources.detect_type(address)


def push_base(context: Context) -> str:
    """Give the address of ours that things are pushed to, without a token."""
    return f"{context.engine.base_url}/push"


def push_hint(subscription: Subscription, context: Context) -> str:
    """Tell people where to push observations to; empty for sources that are not pushed to."""
    if subscription.source.binding != sources.PUSH:
        return ""
    address = sources.push_address(subscription.source, push_base(context))
    members = sources.members_of(subscription.source)
    if "hub" in members:
        return f"; {masked(members['hub'])} is asked to push {masked(members['topic'])} to {address}"
    return f"; observations are to be POSTed to {address}"
