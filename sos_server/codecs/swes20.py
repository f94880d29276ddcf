"""The SWE Service Model 2.0 (OGC 09-001): descriptions of sensors with the times in which they are valid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import gml32, xml
from sos_server.time import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from lxml import etree

    from sos_server.model import ValidDescription


def decode_validity(element: etree._Element) -> tuple[datetime | None, datetime | None]:
    """Read a time of validity: an instant is its begin; an end of a period that is indeterminate is None."""
    if xml.local_name(element) != "TimePeriod":
        time = gml32.decode_time(element)
        return (None, None) if time is None else (time.begin, time.end)
    return gml32.period_end(element, "begin"), gml32.period_end(element, "end")


def add_descriptions(
    root: etree._Element,
    descriptions: Sequence[ValidDescription],
    read: Callable[[ValidDescription], etree._Element] | None = None,
) -> None:
    """
    Append descriptions to a request or an answer, with the times in which they are valid where one is known.

    The descriptions of a procedure mostly have ids in common, a document has each only once: the later ones change.
    `read` gives what goes out of a description; without it that is its document.
    """
    taken = {f"vt_{number}" for number in range(1, len(descriptions) + 1)}
    for number, description in enumerate(descriptions, start=1):
        holder = xml.add(xml.add(root, "swes:description"), "swes:SensorDescription")
        if description.begin is not None or description.end is not None:
            period = _encode_validity(description.begin, description.end, f"vt_{number}")
            xml.add(holder, "swes:validTime").append(period)
        document = xml.parse(description.document) if read is None else read(description)
        xml.make_ids_unique(document, taken, f"_{number}")
        xml.add(holder, "swes:data").append(document)


def _encode_validity(begin: datetime | None, end: datetime | None, gml_id: str) -> etree._Element:
    """Write a time of validity as a period; an open end is indeterminate, as 52°North's service writes it."""
    element = xml.new("gml:TimePeriod")
    element.set(xml.GML_ID, gml_id)
    for name, instant in (("begin", begin), ("end", end)):
        position = xml.add(element, f"gml:{name}Position", None if instant is None else format_instant(instant))
        if instant is None:
            position.set("indeterminatePosition", "unknown")
    return element
