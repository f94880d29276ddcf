"""
What services write for units where UCUM has another code: `°C`, `cumec`, `m³/s`, `Mio.m³`, `urn:ogc:def:uom:OGC:m`.

Only what can mean but one thing is in the table. What is neither UCUM nor here stays a text of its own, which is equal
to nothing but itself.
"""

from __future__ import annotations

import re

_NAMES = {
    "-": "1",
    "unitless": "1",
    "dimensionless": "1",
    "percent": "%",
    "°": "deg",
    "degree": "deg",
    "degrees": "deg",
    "degrees_true": "deg",
    "°c": "Cel",
    "ºc": "Cel",
    "degc": "Cel",
    "deg_c": "Cel",
    "degree_celsius": "Cel",
    "degrees_celsius": "Cel",
    "degreescelsius": "Cel",
    "celsius": "Cel",
    "grad celsius": "Cel",
    "°f": "[degF]",
    "degf": "[degF]",
    "degree_fahrenheit": "[degF]",
    "fahrenheit": "[degF]",
    "kelvin": "K",
    "meter": "m",
    "meters": "m",
    "metre": "m",
    "metres": "m",
    "mnn": "m",
    "m+nn": "m",
    "mnhn": "m",
    "m ü. nn": "m",
    "m a.s.l.": "m",
    "millimeter": "mm",
    "millimeters": "mm",
    "millimetres": "mm",
    "cumec": "m3/s",
    "cumecs": "m3/s",
    "cms": "m3/s",
    "cfs": "[ft_i]3/s",
    "feet": "[ft_i]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "inches": "[in_i]",
    "mph": "[mi_i]/h",
    "kmh": "km/h",
    "km_h": "km/h",
    "kph": "km/h",
    "knot": "[kn_i]",
    "knots": "[kn_i]",
    "mps": "m/s",
    "m s-1": "m/s",
    "m.s-1": "m/s",
    "mio.m3": "10*6.m3",
    "mio. m3": "10*6.m3",
    "mio m3": "10*6.m3",
    "millibar": "mbar",
    "millibars": "mbar",
    "hectopascal": "hPa",
    "seconds": "s",
    "minutes": "min",
    "hours": "h",
    "ppm": "[ppm]",
    "ppb": "[ppb]",
    "ph": "[pH]",
    "l_m^2": "L/m2",
    "klux": "klx",
    "lux": "lx",
    "volt": "V",
    "volts": "V",
    "µg/l": "ug/L",
}
# feet, which nobody means as the femtotonnes that they are in UCUM
_FEET = {"ft": "[ft_i]", "ft/s": "[ft_i]/s", "ft2": "[ft_i]2", "ft3": "[ft_i]3", "ft3/s": "[ft_i]3/s"}
_MICRO = str.maketrans({"µ": "u", "μ": "u"})
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER = re.compile(r"\^(-?[0-9])")
_OGC = re.compile(
    r"urn:(?:x-)?ogc:def:(?:uom|unit):[^:]*:(?:[0-9.]*:)?([^:]+)|https?://.*[/#=](?:uom|UCUM|unit)[/#](?:.*[/#])?([^/#]+)"
)


def ucum_candidates(name: str) -> tuple[str, ...]:
    """Give what a name of a unit may be in UCUM; the first that is UCUM is meant, first of all the name itself."""
    found = _OGC.fullmatch(name.strip())
    short = (found[1] or found[2]) if found else name.strip()
    plain = _POWER.sub(r"\1", short.translate(_RAISED))
    named = _NAMES.get(plain.lower()) or _NAMES.get(short.lower())
    if plain in _FEET:
        return (_FEET[plain],)
    return (name, short, *([named] if named else []), plain, plain.translate(_MICRO))
