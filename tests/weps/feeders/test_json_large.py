"""Large JSON documents are what `json` makes of them, but their arrays are read as they are gone through."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weps.errors import InputError
from weps.feeders import json_large

TEXTS = st.text(alphabet='a"\\[]{},:\n é😀', max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXTS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=40,
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Limits at which the documents of these tests are large."""
    monkeypatch.setattr(json_large, "LARGE", 20)
    monkeypatch.setattr(json_large, "CHUNK", 7)
    monkeypatch.setattr(json_large, "BATCH", 8)


def whole(value: Any) -> Any:
    """A document without anything that is still to be read."""
    if isinstance(value, dict):
        return {name: whole(member) for name, member in value.items()}
    return [whole(member) for member in value] if isinstance(value, list) else value


def load(text: str | bytes) -> Any:
    return json_large.load(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


@settings(max_examples=100)
@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_a_document_is_read_as_json_reads_it(value, indent, escaped):
    """
    However it is nested, written, and cut in pieces.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)

    assert value == whole(load(text))


@settings(max_examples=100)
@given(VALUES, st.data())
def test_what_is_damaged_is_refused_or_read_as_json_reads_it(value, data):
    """
    One octet is left out or put in somewhere.
    """
    text = json.dumps([value, value, "x" * 20])
    place = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.sampled_from(["", "[", "]", "{", "}", ",", '"', "1", ",,"]))
    damaged = text[:place] + put + text[place + (not put) :]

    try:
        expected = json.loads(damaged)
    except ValueError:
        with pytest.raises(InputError, match="no JSON"):
            whole(load(damaged))
    else:
        assert expected == whole(load(damaged))


def test_a_large_array_is_a_list_that_can_be_gone_through_again():
    """
    Readers look at the first element before they begin.
    """
    rows = [[number, "x"] for number in range(20)]

    found = load(json.dumps({"name": "a", "rows": rows}))["rows"]

    assert isinstance(found, json_large.LargeArray)
    assert isinstance(found, list)
    assert (rows, rows) == (whole(found), whole(found))
    assert (20, True, [0, "x"], [7, "x"]) == (len(found), bool(found), found[0], found[7])
    with pytest.raises(IndexError):
        found[20]


def test_an_array_of_blanks_is_empty():
    """
    However long it is.
    """
    found = load(f"[{' ' * 100}]")

    assert (False, []) == (bool(found), list(found))


def test_what_is_no_number_is_no_value():
    """
    As in documents that are small.
    """
    assert [[None], *[[1, 2, 3, 4]] * 5] == whole(load(f"[[NaN]{',[1, 2, 3, 4]' * 5}]"))


def test_a_mark_of_the_encoding_is_no_fault():
    """
    Some services begin with one.
    """
    assert [1, [2] * 20] == whole(load(b"\xef\xbb\xbf" + json.dumps([1, [2] * 20]).encode()))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"[{'[1, 2, 3], ' * 10}", "it breaks off at octet 111"),
        (f"[{'[1, 2, 3], ' * 10}}}", "} closes nothing at octet 111"),
        (f"[{'[1, 2, 3] ' * 10}]", "Expecting ',' delimiter|a comma is missing"),
        (f"[{'[1, 2, 3], ' * 10}]", "a value is missing"),
        (f"{'[' * 600}1{']' * 600}", "nested too deeply"),
        (f'["{"x" * 100}', "it breaks off"),
    ],
    ids=["breaks off", "bracket", "no comma", "comma at the end", "deep", "text"],
)
def test_what_is_no_json_is_refused_with_its_place(text, why):
    """
    When it is come to.
    """
    with pytest.raises(InputError, match=why):
        whole(load(text))


def test_a_text_without_end_is_not_kept(monkeypatch):
    """
    It could be as large as the document.
    """
    monkeypatch.setattr(json_large, "LONGEST_TEXT", 50)

    with pytest.raises(InputError, match="more than 50 octets"):
        load(f'["{"x" * 100}"]')
