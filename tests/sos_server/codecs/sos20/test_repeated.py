"""What differs from earlier documents in its slots is read without parsing, and as the general way reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sos_server.codecs import xml
from sos_server.codecs.sos20 import repeated
from sos_server.codecs.sos20.decode import decode
from sos_server.codecs.sos20.encode import encode_request
from sos_server.codecs.sos20.repeated import RepeatedInsertions
from sos_server.errors import SosError
from sos_server.model import OM_COUNT
from tests.sos_server.make import insertion, minute, observation

if TYPE_CHECKING:
    from sos_server.requests import InsertObservation

FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "named": {"identifier": "urn:observation:0"},
    "a feature by reference": {"feature": None},
    "known later": {"result_time": minute(900)},
    "without a result time": {"result_time": None},
    "with a place of its own": {"geometry": {"type": "Point", "coordinates": [7.5, 51.5]}},
}
NASTY = st.text(st.sampled_from("<>&\"'; \x00\x0b\x1f\r\n\t\ufffe\u2028]0159eE+-.:TZ#é😀"), max_size=4)
HELD = st.sampled_from(
    (
        *("NaN", "INF", "-INF", "1e999", "5", " 5 ", "0x1", "5<!-- -->", "&#53;", "\x1f5", "\x0c5", "5]]>", "now", ""),
        *("2016-01-01", "2016-01-01T00:00:00", "2016-01-01T00:00:00+01:00", "2016-01-01T00:00:00Z\r", "a&b", "a&amp;b"),
    )
)


def document(number: float, *, by_reference: bool = False, **changes: Any) -> str:
    """A request that publishes the observation of a minute; its result time may refer to its phenomenon time."""
    text = encode_request(insertion(observation(number, **{"value": number + 0.5} | changes))).decode()
    if by_reference:
        begin, _, rest = text.partition("<om:resultTime>")
        text = f'{begin}<om:resultTime xlink:href="#pt_1"/>{rest.partition("</om:resultTime>")[2]}'
    return text


def general(text: str) -> InsertObservation | None:
    """Read a document the general way; None where it is refused."""
    try:
        return decode(xml.parse(text.encode()))
    except SosError:
        return None


def taught(*texts: str) -> RepeatedInsertions:
    """What has read documents the general way, one after the other."""
    insertions = RepeatedInsertions()
    for text in texts:
        insertions.learn(text, xml.parse(text.encode()), general(text))
    return insertions


@pytest.mark.parametrize("by_reference", [False, True], ids=["instants", "by reference"])
@pytest.mark.parametrize("changes", [pytest.param(changes, id=name) for name, changes in FORMS.items()])
def test_from_the_third_on_documents_of_a_form_are_read_without_parsing(changes: dict[str, Any], by_reference: bool):
    """
    Each gives the request that the general way gives: other times, value and identifier, the rest as it was.
    """
    ones = [document(number, by_reference=by_reference, **changes) for number in (1, 2)]
    insertions = taught(*ones)
    others = [
        document(
            number,
            by_reference=by_reference,
            **changes | {key: f"urn:{number}" for key in changes if key == "identifier"},
        )
        for number in (3, 4.25, -7)
    ]

    found = [insertions.read(text) for text in others]

    assert None not in found
    assert found == [general(text) for text in others]


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(list(FORMS)),
    st.booleans(),
    st.integers(0, 10_000),
    st.integers(0, 3),
    NASTY,
)
@example("plain", False, 10_000, 0, "\n")
def test_however_a_document_is_changed_it_is_read_as_the_general_way_reads_it(
    name: str, by_reference: bool, place: int, length: int, put: str
):
    """
    A few characters are replaced anywhere: what the fast way reads is what the general way reads, or would refuse.
    """
    insertions = taught(*(document(number, by_reference=by_reference, **FORMS[name]) for number in (1, 2)))
    text = document(3, by_reference=by_reference, **FORMS[name])
    place = min(place, len(text))
    changed = text[:place] + put + text[place + length :]

    found = insertions.read(changed)

    assert found is None or found == general(changed)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(FORMS)), st.booleans(), st.data(), st.one_of(HELD, NASTY))
def test_whatever_stands_in_a_slot_is_read_as_the_general_way_reads_it(
    name: str, by_reference: bool, data: st.DataObject, put: str
):
    """
    Times, values, identifiers and gml:ids of all kinds, also such as XML does not take.
    """
    insertions = taught(*(document(number, by_reference=by_reference, **FORMS[name]) for number in (1, 2)))
    text = document(3, by_reference=by_reference, **FORMS[name])
    slots = [slot for slot in ("2016-01-01T00:03:00Z", "3.5", "urn:observation:0", "o_1", "pt_1") if slot in text]
    slot = data.draw(st.sampled_from(slots))
    changed = text.replace(slot, put)
    assume(changed != text)

    found = insertions.read(changed)

    assert found is None or found == general(changed)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        pytest.param(document(1, value=5, observation_type=OM_COUNT, uom=None), None, id="a count"),
        pytest.param(document(1, value=None, nil_reason="missing"), None, id="nil"),
        pytest.param(
            document(1, phenomenon_time_end=minute(2)), document(3, phenomenon_time_end=minute(4)), id="a period"
        ),
        pytest.param(document(1).replace("UTF-8", "ISO-8859-1"), None, id="another encoding"),
        pytest.param(document(1).replace("<om:result ", "<!-- note --><om:result "), None, id="a comment"),
        pytest.param(document(1).replace('"', "'"), None, id="other quotes"),
        pytest.param(document(1), document(2).replace("Cel", "K"), id="another unit"),
        pytest.param(document(1), document(2).replace("station", "well"), id="another feature"),
        pytest.param(document(1), document(2).replace("thermometer", "hygrometer"), id="another sensor"),
    ],
)
def test_what_a_form_cannot_tell_is_left_to_the_general_way(text: str, other: str | None):
    """
    However often it came; and so is what differs in more than the slots.
    """
    insertions = taught(text, text, text)

    assert insertions.read(other or text) is None


def test_so_much_is_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch):
    """
    A flood of documents that all begin in another way takes room that is bounded; later it is free again.
    """
    monkeypatch.setattr(repeated, "_ROOM", 20)
    monkeypatch.setattr(repeated, "_SECONDS_KEPT", 0)
    insertions = RepeatedInsertions()
    remembered = []

    for number in range(200):
        text = document(number).replace("thermometer-offering", f"offering-{number}")
        insertions.learn(text, xml.parse(text.encode()), general(text))
        remembered.append(len(insertions._known))

    assert max(remembered) == 20
    assert remembered[20] == 1
