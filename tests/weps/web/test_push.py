"""The address that others push observations to."""

from __future__ import annotations

import hmac
import json

import pytest
from starlette.applications import Starlette

from tests.weps.asgi import Client
from tests.weps.intake_bench import HIGH, IntakeBench
from weps.feeders.sources import push_address, push_source
from weps.web.push import create_push_routes

BASE = "http://weps.example/push"
SECRET = "a secret of a hub"
MAPPING = json.dumps({"time": "t", "value": "v", "procedure": "p", "observedProperty": {"constant": "Level"}})
READING = b'{"t": "2024-03-01T11:00:00Z", "v": 31, "p": "A"}'
OM = b"""<om:OM_Observation xmlns:om="http://www.opengis.net/om/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" gml:id="o">
<om:type xlink:href="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"/>
<om:phenomenonTime><gml:TimeInstant gml:id="t"><gml:timePosition>2024-03-01T11:00:00Z</gml:timePosition>
</gml:TimeInstant></om:phenomenonTime><om:resultTime xlink:href="#t"/><om:procedure xlink:href="gauge"/>
<om:observedProperty xlink:href="Level"/><om:featureOfInterest xlink:href="river"/>
<om:result xsi:type="gml:MeasureType" uom="m">31.5</om:result></om:OM_Observation>"""
NOTIFY = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<w:Notify xmlns:w="http://docs.oasis-open.org/wsn/b-2"><w:NotificationMessage><w:Message>'
    + OM
    + b"</w:Message></w:NotificationMessage></w:Notify></s:Body></s:Envelope>"
)
STA = json.dumps({"@iot.id": 1, "phenomenonTime": "2024-03-01T11:00:00Z", "result": 33, "Datastream": {"name": "d"}})


@pytest.fixture
def bench(tmp_path):
    with IntakeBench(tmp_path) as made:
        yield made


@pytest.fixture
def client(bench):
    return Client(Starlette(routes=create_push_routes(bench.store, bench.intake, bench.hubs, body_limit=10_000)))


def make(bench, mapping=MAPPING, secret=None, topic=None):
    source = push_source(BASE, mapping, secret, topic)
    return bench.subscribe(source, HIGH), push_address(source, BASE).removeprefix("http://weps.example")


def sign(body: bytes, method: str = "sha256", secret: str = SECRET) -> str:
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


def test_what_is_pushed_is_evaluated_before_it_is_answered(bench, client):
    """
    Its alert is stored; the same document pushed again is known.
    """
    subscription, address = make(bench)

    answers = [client.post(address, READING) for _ in range(2)]

    assert [(200, "1 observations")] * 2 == [(answer.status, answer.text) for answer in answers]
    assert [31] == bench.values(subscription)


@pytest.mark.parametrize(
    ("document", "value"),
    [(OM, 31.5), (NOTIFY, 31.5), (STA.encode(), 33)],
    ids=["o-and-m", "ws-notify", "sensorthings"],
)
def test_any_document_that_holds_observations_may_be_pushed(bench, client, document, value):
    """
    Without a mapping its format is told by its content: also the notification of OGC Pub/Sub in SOAP.
    """
    subscription, address = make(bench, mapping=None)

    answers = [client.post(address, document) for _ in range(2)]

    assert [200, 200] == [answer.status for answer in answers]
    assert [value] == bench.values(subscription)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_with_a_secret_what_is_signed_is_taken(bench, client, method):
    """
    With any of the methods of WebSub.
    """
    subscription, address = make(bench, secret=SECRET)

    answer = client.post(address, READING, x_hub_signature=sign(READING, method))

    assert (200, [31]) == (answer.status, bench.values(subscription))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_hub_signature": sign(READING, secret="another secret")},
        {"x_hub_signature": sign(READING + b" ")},
        {"x_hub_signature": sign(READING).replace("sha256", "md5")},
        {"x_hub_signature": "sha256="},
    ],
    ids=["none", "secret", "body", "method", "empty"],
)
def test_with_a_secret_nothing_else_is_taken(bench, client, headers):
    """
    It is refused, and no alert comes of it.
    """
    subscription, address = make(bench, secret=SECRET)

    answer = client.post(address, READING, **headers)

    assert (403, []) == (answer.status, bench.values(subscription))


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"", 400), (b'{"t": 1}', 400), (b"x" * 10_001, 413)],
    ids=["no-json", "empty", "no-value", "large"],
)
def test_what_cannot_be_read_is_refused_and_stops_nothing(bench, client, body, status):
    """
    Who pushes is told; the next document is taken.
    """
    subscription, address = make(bench)

    refused, taken = client.post(address, body), client.post(address, READING)

    assert (status, 200, [31]) == (refused.status, taken.status, bench.values(subscription))


@pytest.mark.parametrize(
    "change",
    [{"p": "\ud800"}, {"p": "\x00"}, {"v": 10**301}, {"v": "\udc00"}, {"t": "0001-01-01"}, {"t": "9999-12-31"}],
    ids=["half-a-pair", "nul", "digits", "value", "first-year", "last-year"],
)
def test_what_no_database_or_rule_can_take_is_refused(bench, client, change):
    """
    It neither fails nor stays in the way.
    """
    subscription, address = make(bench)
    reading = json.dumps({**json.loads(READING), **change}).encode()

    refused, taken = client.post(address, reading), client.post(address, READING)

    assert (400, 200, [31]) == (refused.status, taken.status, bench.values(subscription))


def test_an_address_lives_as_long_as_somebody_watches(bench, client):
    """
    What is pushed to subscriptions that are over is refused as gone; tokens that are wrong are not found.
    """
    subscription, address = make(bench)
    bench.engine.cancel(subscription.id)

    statuses = [client.post(path, READING).status for path in (address, "/push/short", f"/push/{'x' * 32}")]

    assert [410, 404, 404] == statuses


def test_a_hub_is_answered_its_challenge(bench, client):
    """
    For the topic that is wanted; for another, or an end while somebody watches, it is told that nobody wants it.
    """
    _, address = make(bench, topic="http://sos.example/topic")
    ask = f"{address}?hub.challenge=c1&hub.lease_seconds=60&hub.mode="

    wanted = client.get(f"{ask}subscribe&hub.topic=http://sos.example/topic")
    others = [
        client.get(f"{ask}subscribe&hub.topic=http://sos.example/other").status,
        client.get(f"{ask}unsubscribe&hub.topic=http://sos.example/topic").status,
        client.get(f"/push/{'x' * 32}?hub.challenge=c1&hub.mode=subscribe").status,
    ]

    assert (200, "c1", "nosniff") == (wanted.status, wanted.text, wanted.headers["x-content-type-options"])
    assert [404, 404, 404] == others


def test_a_hub_may_end_what_nobody_watches(bench, client):
    """
    After the subscription was cancelled, the end is confirmed.
    """
    subscription, address = make(bench)
    bench.engine.cancel(subscription.id)

    answer = client.get(f"{address}?hub.challenge=c2&hub.mode=unsubscribe&hub.topic=x")

    assert (200, "c2") == (answer.status, answer.text)


def test_a_denial_is_noted_and_a_plain_get_is_told_what_to_do(bench, client):
    """
    Neither is an error of the service.
    """
    _, address = make(bench)

    denied, plain = client.get(f"{address}?hub.mode=denied&hub.topic=x&hub.reason=no"), client.get(address)

    assert (200, 405) == (denied.status, plain.status)
