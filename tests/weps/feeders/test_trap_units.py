"""The units of all real documents: known by their UCUM code, or a text that is equal to itself only."""

from __future__ import annotations

import pytest

from tests.weps.feeders.test_expected_documents import content, names
from weps.feeders.documents import read_observations
from weps.rules.units import ucum_of

KNOWN = {
    "°C": "Cel",
    "DEGREE_CELSIUS": "Cel",
    "Celsius": "Cel",
    "degC": "Cel",
    "urn:ogc:def:uom:udunits:2:Cel": "Cel",
    "Mio.m³": "10*6.m3",
    "m³/s": "m3/s",
    "m^3/s": "m3/s",
    "ft3/s": "[ft_i]3/s",
    "l_m^2": "L/m2",
    "km_h": "km/h",
    "klux": "klx",
    "meters": "m",
    "mNN": "m",
    "m+NN": "m",
    "urn:ogc:def:uom:OGC:m": "m",
    "ppm": "[ppm]",
    "µS/cm": "uS/cm",
    "µg/l": "ug/L",
    "-": "1",
}
AS_THEY_ARE = frozenset(
    {"%", "Cel", "V", "[degF]", "[ppth]", "cm", "deg", "hPa", "m", "m/s", "mbar", "min", "mm", "pH"},
)
UNKNOWN = frozenset({"FNU", "PSU", "psu", "\\xc2\\xb0C"})


@pytest.mark.shared
def test_units_of_real_documents_are_known_or_stay_text():
    """
    Also one that is only a title, a dash, or bytes that were written as text; those of examples are unknown.
    """
    written = {each.uom for name in names() for each in read_observations(content(name), include_nil=True)} - {None}

    found = {unit: ucum_of(unit) for unit in written if not unit.startswith("test_unit_")}

    assert KNOWN | {unit: unit for unit in AS_THEY_ARE} | dict.fromkeys(UNKNOWN) == found
