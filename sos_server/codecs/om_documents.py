"""
All observations of a document, whatever holds them: O&M 1.0 and 2.0 in answers, insertions, collections and envelopes.

A document is read as a whole, or in parts as it comes (`decode_parts`), so that memory does not grow with it. In parts
a reference to what stands far away cannot be followed: then the document has to be read as a whole.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import gml32, gml_any, om20_runs, om_results, swe_values, waterml20, xml, xml_parts
from sos_server.codecs.gml_any import UnknownReference
from sos_server.codecs.om_members import OBSERVATIONS_10
from sos_server.codecs.sampling20 import UNKNOWN
from sos_server.codecs.swe_structure import ARRAYS, RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sos_server.codecs.om_results import Elsewhere
    from sos_server.model import Observation

_NEW = xml.tag("om:OM_Observation")
_NAMESPACES_10 = ("http://www.opengis.net/om/1.0", "http://www.opengis.net/om")
_OLD = tuple(f"{{{namespace}}}{name}" for namespace in _NAMESPACES_10 for name in OBSERVATIONS_10)
OBSERVATIONS = (_NEW, *_OLD)
# what may come without observations in it
_EMPTY = frozenset(
    {"GetObservationResponse", "GetObservationByIdResponse", "InsertObservation", "ObservationCollection"}
)
# what many observations stand in, one in each
_MEMBERS = ("observationData", "observation", "member", "observationMember")

__all__ = ["OBSERVATIONS", "UnknownReference", "decode_observations", "decode_parts", "holds_observations"]


def decode_observations(root: etree._Element, elsewhere: Elsewhere = om_results.unheard) -> Iterator[Observation]:
    """
    Read all observations of a document; raises `InvalidRequest` with the line of what cannot be read.

    `elsewhere` is told where values are that the document only refers to: they are left out.
    """
    times, features = gml_any.Times(whole=True), gml_any.Features(whole=True)
    return _decode_part(root, times, features, elsewhere)


def holds_observations(root: etree._Element) -> bool:
    """Tell whether a document is one of observations, of which there may be none."""
    inner = _inside(root)
    if xml.local_name(inner) in _EMPTY or _is_bare(inner):
        return True
    return next(root.iter(*OBSERVATIONS), None) is not None


def _inside(root: etree._Element) -> etree._Element:
    """Give what stands in a SOAP envelope, any other root as it is."""
    body = next(root.iterchildren("{*}Body"), None) if xml.local_name(root) == "Envelope" else None
    inner = xml.first_element(body)
    return root if inner is None else inner


def _is_bare(element: etree._Element) -> bool:
    """Tell whether an element is values of SWE Common, or a series of WaterML, that stand for themselves."""
    namespace = xml.namespace(element) or ""
    if waterml20.is_timeseries(element) and "waterml" in namespace:
        return True
    is_container = namespace.startswith("http://www.opengis.net/swe") and xml.local_name(element) in ARRAYS | RECORDS
    return is_container and next(element.iter("{*}values"), None) is not None


def _decode_part(
    root: etree._Element, times: gml_any.Times, features: gml_any.Features, elsewhere: Elsewhere
) -> Iterator[Observation]:
    times.begin_part(root)
    features.begin_part(root)
    decode = partial(om_results.decode_observation, times=times, features=features, elsewhere=elsewhere)
    if next(root.iter(_NEW), None) is not None:
        return om20_runs.decode(root, decode, gml32.Times(root))
    # not by generators, which would cost as much for each value as reading it from an array does
    inner = _inside(root)
    found = (_around(inner),) if _is_bare(inner) else root.iter(*_OLD)
    return chain.from_iterable(map(decode, found))


def _around(values: etree._Element) -> etree._Element:
    """Give an observation of which nothing is known but its values."""
    observation = etree.Element(_OLD[0])
    observation.sourceline = values.sourceline
    told = ("procedure", "featureOfInterest", *(["observedProperty"] if waterml20.is_timeseries(values) else []))
    for name in told:
        etree.SubElement(observation, f"{{{_NAMESPACES_10[0]}}}{name}").set(xml.XLINK_HREF, UNKNOWN)
    etree.SubElement(observation, f"{{{_NAMESPACES_10[0]}}}result").append(values)
    return observation


def decode_parts(chunks: Iterable[bytes], elsewhere: Elsewhere = om_results.unheard) -> Iterator[Observation]:
    """
    Read all observations of a document that comes in chunks, some at a time.

    Raises `InvalidRequest` for what cannot be read when it is come to, also for a document that cannot be read in
    parts; and `UnknownReference` where a reference leads to what has not come yet, or was given up long ago. Lines are
    those of the part: who wants the right ones, or all the rest, reads the document as a whole.
    """
    times, features = gml_any.Times(whole=False), gml_any.Features(whole=False)
    for part in xml_parts.parse_parts(chunks, _MEMBERS, swe_values.separator_of):
        yield from _decode_part(part, times, features, elsewhere)
        times.end_part()
        features.end_part()
