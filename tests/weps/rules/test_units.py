"""Units as UCUM codes."""

from __future__ import annotations

import pytest

from weps.rules.units import conversion, convert, find_unit, is_unit, ucum_of


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


@pytest.mark.parametrize(("source", "target"), [("m", "s"), ("m", "furlongs"), ("", "1"), ("°C", "m"), ("[pH]", "1")])
def test_units_of_different_kinds_are_refused(source, target):
    """
    Also texts that are no UCUM code.
    """
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


@pytest.mark.parametrize(
    ("value", "code", "kind", "expected"),
    [
        (3, "m+NN", "m", 3),
        (20, "Cel", "K", 293.15),
        (68, "[degF]", "Cel", 293.15),
        (500, "mL", "L", 0.0005),
        (0.5, "L", "mL", 0.0005),
        (10, "dB", "1", pytest.approx(10)),
        (1, "10*3", "%", 1000),
    ],
    ids=str,
)
def test_base_units_are_exact(value, code, kind, expected):
    """
    Half a litre is exactly 500 millilitres, and the kinds tell what can be compared; a datum is left out.
    """
    unit, other = find_unit(code), find_unit(kind)

    assert unit.kind == other.kind
    assert expected == unit.to_base(value)


@pytest.mark.parametrize("code", ["10*999999999", "m999999999", "10*-99999", "", "furlongs", "m" * 101])
def test_what_is_no_unit_is_found_out_quickly(code):
    """
    Also powers that nobody needs, whose exact value would take all memory.
    """
    assert find_unit(code) is None
    assert not is_unit(code)
    assert conversion("m", code) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("°C", "Cel"),
        ("degC", "Cel"),
        ("DEGREE_CELSIUS", "Cel"),
        ("cumec", "m3/s"),
        ("m³/s", "m3/s"),
        ("m^3/s", "m3/s"),
        ("ft3/s", "[ft_i]3/s"),
        ("Mio.m³", "10*6.m3"),
        ("µS/cm", "uS/cm"),
        ("µg/l", "ug/L"),
        ("mNN", "m"),
        ("-", "1"),
        ("urn:ogc:def:uom:OGC:m", "m"),
        ("urn:ogc:def:uom:UCUM:1.8:Cel", "Cel"),
        ("urn:ogc:def:uom:udunits:2:Cel", "Cel"),
        ("http://www.opengis.net/def/uom/UCUM/0/hPa", "hPa"),
        ("Cel", "Cel"),
        ("FNU", None),
        ("test_unit_9_3", None),
        ("PSU", None),
        ("", None),
    ],
)
def test_units_are_known_as_services_write_them(written, expected):
    """
    What can mean but one thing has its code; all else stays a text that is equal to itself only.
    """
    assert expected == ucum_of(written)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [(25.0, "°C", "Cel", 25.0), (1.5, "cumec", "L/s", 1500.0), (2.0, "Mio.m³", "m3", 2e6), (100, "ft3/s", "cfs", 100)],
)
def test_values_in_units_as_services_write_them_are_converted(value, source, target, expected):
    """
    A threshold in UCUM holds for a service that writes its own units.
    """
    assert expected == convert(value, source, target)
