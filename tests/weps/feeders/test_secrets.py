"""Keys in the addresses of sources: known by their names, and not shown."""

from __future__ import annotations

import pytest

from weps.feeders.secrets import is_secret, masked
from weps.feeders.sources import document_source, shown_source, sta_source
from weps.feeders.template import read_kvp
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
