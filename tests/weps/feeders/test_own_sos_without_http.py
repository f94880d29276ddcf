"""The SOS of the same process: asked without HTTP it answers what it answers over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.flaky_sos import FlakySos
from tests.weps.bench import NOON, at
from weps.errors import SourceException, SourceTooLarge
from weps.feeders import template
from weps.feeders.http import Fetcher, HttpRequest
from weps.feeders.own_sos import OwnSos
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp, read_pox

BEGIN, END = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
GET = (
    '<sos:GetObservation xmlns:sos="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">'
    "<sos:procedure>ws</sos:procedure></sos:GetObservation>"
)
SOAP = (
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>'
    f"{GET.replace('ws<', '{0}<')}</e:Body></e:Envelope>"
)


class NoNetwork:
    """Fails for everything that would have gone to the network."""

    def send(self, request: HttpRequest, deadline: float | None = None):
        raise AssertionError(f"{request.url} was asked over the network")


@pytest.fixture
def sos(tmp_path):
    (tmp_path / "sos").mkdir()
    with FlakySos(tmp_path / "sos") as running:
        running.insert_sensor()
        running.insert((at(0), 31.5), (at(10), 29.0))
        yield running


@pytest.fixture
def http():
    return Fetcher(frozenset({"127.0.0.1"}), timeout=10)


def own(sos: FlakySos, **options) -> OwnSos:
    return OwnSos(NoNetwork(), sos._app.state.service, (sos.url.rstrip("/"),), **options)


def kvp(sos: FlakySos, query: str, path: str = "") -> HttpRequest:
    return HttpRequest("GET", f"{sos.url}{path}?service=SOS&version=2.0.0&{query}")


def post(sos: FlakySos, document: str, path: str = "", content_type: str = "application/xml") -> HttpRequest:
    return HttpRequest("POST", sos.url + path, {"Content-Type": content_type}, document.encode())


@pytest.mark.parametrize(
    "request_of",
    [
        lambda sos: kvp(sos, "request=GetObservation&procedure=ws"),
        lambda sos: kvp(sos, "request=GetObservation&procedure=ws", "kvp"),
        lambda sos: kvp(sos, "request=GetObservation&procedure=nobody"),
        lambda sos: kvp(sos, "request=GetDataAvailability&procedure=ws"),
        lambda sos: kvp(sos, "request=GetCapabilities"),
        lambda sos: kvp(sos, "request=Nothing"),
        lambda sos: kvp(sos, "request=GetObservation&procedure=ws", "pox"),
        lambda sos: post(sos, GET),
        lambda sos: post(sos, GET, "pox"),
        lambda sos: post(sos, GET, "kvp"),
        lambda sos: post(sos, "<broken"),
        lambda sos: post(sos, SOAP.format("ws"), "soap", "application/soap+xml"),
        lambda sos: post(sos, SOAP.format("nobody"), "", "application/soap+xml"),
    ],
    ids=[
        "kvp",
        "kvp-path",
        "nobody",
        "availability",
        "capabilities",
        "nothing",
        "kvp-at-pox",
        "pox",
        "pox-path",
        "pox-at-kvp",
        "broken",
        "soap",
        "fault",
    ],
)
def test_answers_are_the_same_octets_as_over_http(sos, http, request_of):
    """
    Answers and refusals in every binding, with their status and media type.
    """
    request = request_of(sos)

    direct, sent = own(sos).send(request), http.send(request)

    assert (sent.status, sent.content_type, sent.body) == (direct.status, direct.content_type, direct.body)


@pytest.mark.parametrize("read", ["kvp", "pox"])
def test_the_feeder_gives_the_same_batches_as_over_http(sos, http, read):
    """
    Polls, the newest, whether a series exists; and there is no request to the network.
    """
    source = read_kvp(sos.template()) if read == "kvp" else read_pox(GET, sos.url)
    direct, sent = SosFeeder(own(sos)), SosFeeder(http)

    batch = direct.fetch(source, BEGIN, END)

    assert [31.5, 29.0] == [one.value for one in batch.observations]
    assert sent.fetch(source, BEGIN, END) == batch
    assert sent.latest(source) == direct.latest(source)
    assert sent.series_exists(source) is direct.series_exists(source) is True


def test_what_is_refused_is_the_same_error(sos, http):
    """
    A server's report is read from the same document.
    """
    source = read_kvp(f"{sos.url}?service=SOS&version=2.0.0&request=GetObservation&offering=nobody")

    with pytest.raises(SourceException) as direct:
        SosFeeder(own(sos)).fetch(source, BEGIN, END)
    with pytest.raises(SourceException) as sent:
        SosFeeder(http).fetch(source, BEGIN, END)

    assert str(sent.value) == str(direct.value)


def test_an_answer_that_is_too_large_is_to_be_asked_for_less(sos):
    """
    As over HTTP.
    """
    request = template.build_request(read_kvp(sos.template()), BEGIN, END)

    with pytest.raises(SourceTooLarge):
        own(sos, limit=1000).send(request)


def test_other_addresses_go_to_the_network(sos):
    """
    Only our own SOS is asked directly.
    """
    with pytest.raises(AssertionError, match="asked over the network"):
        own(sos).send(HttpRequest("GET", "http://sos.example/sos?service=SOS"))
