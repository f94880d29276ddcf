"""Units as UCUM codes."""

from __future__ import annotations

import pytest

from weps.rules.units import comparable, convert, is_unit


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (32, "[degF]", "Cel", 0.0),
        (0.0, "Cel", "K", 273.15),
        (60, "[mi_i]/h", "m/s", 26.8224),
        (50.0, "ug/m3", "mg/m3", 0.05),
        (5, "%", "1", 0.05),
        (105, "[ppb]", "[ppm]", 0.105),
        (0.1, "m", "cm", 10.0),
        (7.2, "furlongs", "furlongs", 7.2),
    ],
)
def test_conversion_is_exact(value, source, target, expected):
    """
    The result is the float nearest to the true value; a unit that is not known is only itself.
    """
    assert expected == convert(value, source, target)


@pytest.mark.parametrize(("source", "target"), [("m", "s"), ("m", "furlongs"), ("", "1"), ("°C", "Cel"), ("[pH]", "1")])
def test_units_of_different_kinds_are_refused(source, target):
    """
    Also texts that are no UCUM code.
    """
    assert not comparable(source, target)
    with pytest.raises(ValueError, match="cannot be converted"):
        convert(1, source, target)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("m/s", True),
        ("[ppb]", True),
        ("degC", False),
        ("", False),
        ("10*12/L", True),
        ("10*-9.m", True),
        ("/100{WBC}", True),
        ("m[H2O]", True),
        ("10*999999999", False),
        ("m^1000", False),
        ("m999999999", False),
        ("(m)99999", False),
        ("m." * 60 + "m", False),
    ],
)
def test_codes_are_recognised(code, expected):
    """
    Case matters in UCUM; a power that nobody needs is not computed.
    """
    assert expected is is_unit(code)
