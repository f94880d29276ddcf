"""Simple types are read strictly and written shortest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sos_server.codecs import xsd
from sos_server.time import format_instant, from_microseconds

YEAR_1, YEAR_9999 = -62135596800000000, 253402300799999999


@pytest.mark.parametrize("text", ["", "abc", "1,5", "nan", "INF", "-inf", "1_000", "0x10", "1e999", "1 2", "\u0661"])
def test_what_is_no_finite_number_is_refused(text):
    """
    Neither words for infinity nor forms that only Python reads are numbers.
    """
    with pytest.raises(ValueError, match="number"):
        xsd.read_double(text)


@pytest.mark.parametrize(
    ("text", "number"), [(" 20.5\n", 20.5), ("-1e-3", -0.001), (".5", 0.5), ("5.", 5.0), ("+7", 7.0)]
)
def test_a_number_is_read_in_all_forms_of_the_standard(text, number):
    """
    White space around a number, signs and exponents are allowed.
    """
    assert xsd.read_double(text) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_equal(number):
    """
    What is written has enough digits.
    """
    assert xsd.read_double(xsd.write_double(number)) == number


@given(st.integers(YEAR_1, YEAR_9999))
def test_microseconds_are_written_as_instants_are(microseconds):
    """
    The fast way gives the same text as the general one.
    """
    assert xsd.write_microseconds(microseconds) == format_instant(from_microseconds(microseconds))


@given(
    st.lists(st.integers(YEAR_1, YEAR_9999) | st.integers(1451606400, 1451606400 + 200_000).map((1_000_000).__mul__))
)
def test_many_microseconds_are_written_as_one(instants):
    """
    Whatever their order, with and without a fraction.
    """
    assert [xsd.write_microseconds(instant) for instant in instants] == xsd.write_instants(instants)


@given(
    st.integers(-1000, 2_000_000_000).map((1_000_000).__mul__) | st.integers(-1000, 10**15),
    st.sampled_from([1, 7, 60, 900, 3600, 86_400, 172_800]) | st.just(0.5),
    st.integers(1, 300),
)
def test_regular_microseconds_are_written_as_one(begin, step, count):
    """
    Also where the step divides the day, whatever the time of day they begin at.
    """
    instants = tuple(begin + number * int(step * 1_000_000) for number in range(count))

    assert [xsd.write_microseconds(instant) for instant in instants] == xsd.write_instants(instants)
    # one that breaks the rule in the midst of others
    broken = (*instants[: count // 2], begin + 3_000_000, *instants[count // 2 + 1 :])
    assert [xsd.write_microseconds(instant) for instant in broken] == xsd.write_instants(broken)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), (" false ", False), ("0", False)])
def test_a_boolean_has_four_forms(text, value):
    """
    Words and digits mean the same.
    """
    assert xsd.read_boolean(text) is value


@pytest.mark.parametrize("text", ["True", "yes", "", "2"])
def test_other_words_are_no_boolean(text):
    """
    Nothing else is true or false.
    """
    with pytest.raises(ValueError, match="neither true nor false"):
        xsd.read_boolean(text)
