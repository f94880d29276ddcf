"""
Writing the observations of each series as one `OM_SWEArrayObservation` (52°North's MergeObservationsIntoDataArray).

The array has as many columns as its rows need; identifiers and valid times are not told. The frame of the array is
built with lxml, its rows are written as a stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import gml32, om20_block, swe20, xml
from sos_server.codecs.swe20_results import merged_form
from sos_server.codecs.swe20_writer import RowWriter
from sos_server.model import SWE_ARRAY
from sos_server.time import from_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sos_server.codecs.swe20_results import ResultForm
    from sos_server.model import ResultRows, RowSummary, SeriesInfo

# a private character, which cannot be in what it stands among: those are identifiers, names and URIs
_MARK = "\ue000"


def encode_merged(
    series: Iterable[tuple[SeriesInfo, RowSummary, Iterator[ResultRows]]],
) -> Iterator[bytes]:
    """Write a GetObservationResponse with one observation for each series."""
    root = etree.Element(xml.tag("sos:GetObservationResponse"), nsmap=om20_block.NAMESPACES)
    root.text = _MARK
    head, _, tail = xml.serialize(root).partition(_MARK.encode())
    yield head
    shown: set[str] = set()
    for number, (info, summary, chunks) in enumerate(series, start=1):
        form = merged_form(info, summary)
        before, _, after = _frame(info, summary, form, number, shown).rpartition(_MARK)
        yield before.encode()
        writer = RowWriter(form, info)
        for count, rows in enumerate(chunks):
            yield (writer.between * (count > 0) + writer.write(rows)).encode()
        yield after.encode()
    yield tail


def _frame(info: SeriesInfo, summary: RowSummary, form: ResultForm, number: int, shown: set[str]) -> str:
    """Write an observation with a mark where its rows go; a feature stands inline where it is not shown yet."""
    root = etree.Element("root", nsmap=om20_block.NAMESPACES)
    element = xml.add(xml.add(root, "sos:observationData"), "om:OM_Observation", **{xml.GML_ID: f"o_{number}"})
    xml.add(element, "om:type", **{xml.XLINK_HREF: SWE_ARRAY})
    begin, end = from_microseconds(summary.begin), from_microseconds(summary.end)
    xml.add(element, "om:phenomenonTime").append(
        gml32.encode_instant(begin, f"pt_{number}") if begin == end else gml32.encode_period(begin, end, f"pt_{number}")
    )
    known = from_microseconds(summary.result_time)
    xml.add(element, "om:resultTime").append(gml32.encode_instant(known, f"rt_{number}"))
    xml.add(element, "om:procedure", **{xml.XLINK_HREF: info.procedure})
    if info.geometry is not None:
        om20_block.add_sampling_geometry(element, info.geometry, f"sg_{number}")
    xml.add(element, "om:observedProperty", **{xml.XLINK_HREF: info.observed_property})
    is_new = info.feature.geometry is not None and info.feature.identifier not in shown
    om20_block.add_feature(element, info.feature, f"ssf_{number}" if is_new else None)
    shown.add(info.feature.identifier)
    result = xml.add(element, "om:result", **{xml.XSI_TYPE: "swe:DataArrayPropertyType"})
    result.append(swe20.encode_array("defs", form.components, summary.count, form.encoding, _MARK))
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(om20_block.NAMESPACES))
    text: str = etree.tostring(root, encoding="unicode")
    return text[text.index(">") + 1 : text.rindex("</")]
