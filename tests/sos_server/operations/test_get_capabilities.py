"""What the service tells of itself."""

from __future__ import annotations

import pytest
from lxml import etree

from sos_server.codecs import xml
from sos_server.codecs.sos20.encode import encode
from sos_server.errors import InvalidParameterValue, InvalidUpdateSequence, SosError, VersionNegotiationFailed
from sos_server.model import OM_MEASUREMENT, SAMPLING_POINT, Extent, Offering, OfferingContent
from sos_server.requests import GetCapabilities
from sos_server.time import parse_instant
from tests.sos_server.make import FORMAT, NOW, Asked, insertion, minute, observation, sensor

ALL = {
    "ServiceIdentification",
    "ServiceProvider",
    "OperationsMetadata",
    "FilterCapabilities",
    "Contents",
    "InsertionCapabilities",
}


@pytest.mark.parametrize(
    ("asked", "sections"),
    [
        pytest.param(None, ALL, id="not said"),
        pytest.param(("All",), ALL, id="all"),
        pytest.param((), set(), id="none"),
        pytest.param(("Contents", "ServiceProvider"), {"Contents", "ServiceProvider"}, id="two"),
    ],
)
def test_the_sections_asked_for_are_given(sos: Asked, asked: tuple[str, ...] | None, sections: set[str]) -> None:
    """
    All of them when the client does not say.
    """
    answer = sos.ask(GetCapabilities(sections=asked))

    assert sections == answer.sections


@pytest.mark.parametrize("section", ["Contents", "OperationsMetadata"])
def test_a_section_alone_is_what_it_is_among_others(sos: Asked, section: str) -> None:
    """
    Operations tell which names they take also where the offerings are not told.
    """
    sos.ask(sensor())
    whole = xml.parse(b"".join(encode(sos.ask(GetCapabilities()))))

    alone = xml.parse(b"".join(encode(sos.ask(GetCapabilities(sections=(section,))))))

    (found,) = alone
    (told,) = (each for each in whole if each.tag == found.tag)
    assert etree.tostring(told, method="c14n", exclusive=True) == etree.tostring(found, method="c14n", exclusive=True)
    assert b"thermometer" in etree.tostring(found)


def test_an_offering_is_told_with_everything_that_clients_ask_for(sos: Asked) -> None:
    """
    Properties, types and extent stand at each offering.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(1, 1.0), observation(4, 1.0)))

    answer = sos.ask(GetCapabilities())

    assert (
        OfferingContent(
            Offering("thermometer-offering", "thermometer"),
            ("AirTemperature",),
            (FORMAT,),
            (OM_MEASUREMENT,),
            (SAMPLING_POINT,),
            (),
            Extent(minute(1), minute(4), minute(1), minute(4), (7.0, 51.0, 7.0, 51.0)),
        ),
    ) == answer.contents


@pytest.mark.parametrize(
    ("request_", "error", "locator"),
    [
        pytest.param(
            GetCapabilities(accept_versions=("2000.01.01",)), VersionNegotiationFailed, "AcceptVersions", id="version"
        ),
        pytest.param(GetCapabilities(sections=("Wrong",)), InvalidParameterValue, "section", id="section"),
        pytest.param(
            GetCapabilities(update_sequence="9999999999"), InvalidUpdateSequence, "updateSequence", id="number"
        ),
        pytest.param(
            GetCapabilities(update_sequence="2999-01-01"), InvalidUpdateSequence, "updateSequence", id="later"
        ),
        pytest.param(
            GetCapabilities(accept_formats=("text/html",)), InvalidParameterValue, "AcceptFormats", id="format"
        ),
    ],
)
def test_what_cannot_be_told_is_refused(
    sos: Asked, request_: GetCapabilities, error: type[SosError], locator: str
) -> None:
    """
    With the code and locator of the standard.
    """
    with pytest.raises(error) as caught:
        sos.ask(request_)

    assert locator == caught.value.locator


def test_one_of_several_versions_is_enough(sos: Asked) -> None:
    """
    The client's order does not matter: there is one version.
    """
    answer = sos.ask(GetCapabilities(accept_versions=("3.0.0", "2.0.0")))

    assert "2.0.0" == answer.version


def test_a_client_that_knows_the_capabilities_is_spared_them(sos: Asked) -> None:
    """
    The update sequence moves with each change, and not without.
    """
    sos.ask(sensor(), now=NOW)
    known = sos.ask(GetCapabilities()).update_sequence

    again = sos.ask(GetCapabilities(update_sequence=known))
    sos.ask(insertion(observation(0, 1.0)), now=NOW)
    changed = sos.ask(GetCapabilities(update_sequence=known))

    assert ("2026-01-01T00:00:00Z", frozenset()) == (known, again.sections)
    assert ALL == changed.sections
    assert parse_instant(known) < parse_instant(changed.update_sequence)
