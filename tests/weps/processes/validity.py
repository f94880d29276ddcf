"""Every answer that a test gets follows the schemas of OGC, in both of their editions, where these are at hand."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

from lxml import etree

from tests.conftest import SHARED

_OF_WPS = frozenset(
    {
        "http://www.opengis.net/wps/1.0.0",
        "http://www.opengis.net/ows/1.1",
        "http://www.opengis.net/wps/2.0",
        "http://www.opengis.net/ows/2.0",
        "http://www.w3.org/2003/05/soap-envelope",
    }
)


def require_valid(body: bytes) -> None:
    """Look at an answer of a WPS; raw outputs, which follow no schema of it, are left alone."""
    if not SHARED.is_dir() or not body.lstrip().startswith(b"<"):
        return
    if etree.QName(etree.fromstring(body)).namespace in _OF_WPS:
        assert [str(problem) for profile in ("current", "cite") for problem in _validator()(body, profile)] == []


@functools.cache
def _validator() -> Callable[[bytes, str], list[object]]:
    sys.path.insert(0, str(SHARED / "bin"))
    import validate_ogc  # noqa: PLC0415 -- stands beside the checkout, not in it

    return lambda body, profile: list(validate_ogc.validate(body, profile=profile))
