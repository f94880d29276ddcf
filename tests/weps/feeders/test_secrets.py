"""Keys in the addresses of sources: known by their names, and not shown."""

from __future__ import annotations

import json
from itertools import count

import pytest

from tests import misbehaving_sos as misbehaving
from weps.errors import SourceException
from weps.feeders.secrets import is_secret, masked
from weps.feeders.sources import document_source, shown_source, sta_source
from weps.feeders.sta_requests import get, pages
from weps.feeders.template import read_kvp, read_pox
from weps.model import Source

NAMES = {
    **dict.fromkeys(("key", "api_key", "apikey", "API-KEY", "access_token", "token", "subscription-key"), True),
    **dict.fromkeys(("Ocp-Apim-Subscription-Key", "client_secret", "password", "pwd", "sig", "auth", "appid"), True),
    **dict.fromkeys(("offering", "procedure", "observedProperty", "keyword", "monkey", "service", "passage"), False),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES)
def test_keys_are_known_by_their_names(name: str, expected: bool):
    """
    What servers call their keys is one, words that only look like it are not.
    """
    assert is_secret(name) is expected


ADDRESSES = {
    "no query": ("https://sos.example.org/sos", "https://sos.example.org/sos"),
    "key": ("https://sos.example.org/sos?api_key=S3CRET", "https://sos.example.org/sos?api_key=..."),
    "among others": ("service=SOS&token=S3CRET&version=2.0.0", "service=SOS&token=...&version=2.0.0"),
    "none": ("service=SOS&version=2.0.0", "service=SOS&version=2.0.0"),
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_is_shown_without_the_values_of_its_keys(address: str, expected: str):
    """
    That there is a key may be seen, what it is may not.
    """
    assert masked(address) == expected


SOS = "https://sos.example.org/sos?service=SOS&version=2.0.0&request=GetObservation&procedure=p&api_key=S3CRET"
SOURCES = {
    "kvp": read_kvp(SOS),
    "pox": Source("pox", "https://sos.example.org/sos?api_key=S3CRET", "<GetObservation/>"),
    "sta": sta_source("https://sta.example.org/v1.1/Datastreams(1)/Observations?apikey=S3CRET"),
    "csv": document_source("http-csv", "https://example.org/table.csv?token=S3CRET&from={begin}", None),
    "json": document_source("http-json", "https://example.org/table.json?access_token=S3CRET", None),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_clients_are_shown_sources_without_their_keys(source: Source):
    """
    Whoever lists the subscriptions gets neither of them the key that another has for a service.
    """
    shown = shown_source(source)

    assert "S3CRET" in source.endpoint + source.template
    assert "S3CRET" not in "".join(shown.values())
    assert "..." in shown["endpoint"] + shown["template"]


def test_a_source_without_an_end_is_told_without_its_key(server, fetcher):
    """
    Errors are logged, and told to subscribers.
    """
    numbers = count()

    def page(exchange):
        link = f"{server.url('/v1.1/x')}?$skip={next(numbers)}"
        misbehaving.answer(json.dumps({"value": [], "@iot.nextLink": link}).encode())(exchange)

    server.behaviours["/v1.1/x"] = page

    with pytest.raises(SourceException) as raised:
        list(pages(fetcher.send, get(server.url("/v1.1/x"), {"key": "abc123"}), {"key": "abc123"}, 3, 1000))

    assert str(raised.value) == f"{server.url('/v1.1/x')}: more than 3 pages"


OLD = (
    '<GetObservation xmlns="http://www.opengis.net/sos/1.0" service="SOS" version="1.0.0"><offering>o</offering>'
    "<observedProperty>t</observedProperty><responseFormat>text/xml</responseFormat></GetObservation>"
)


def test_a_source_that_knows_no_newest_is_told_without_its_key(feeder):
    """
    Although its key is a part of the address.
    """
    source = read_pox(OLD, "http://sos.example/sos?key=abc123")

    with pytest.raises(SourceException) as raised:
        feeder.latest(source)

    assert str(raised.value) == "http://sos.example/sos: SOS 1.0.0 has no time filter latest"
