"""
GML 3.1.1 (OGC 03-105r1) beside GML 3.2.1, as far as observations need it: times, features and their places.

Both versions have other namespaces and the same names for what is read here, so what is of the old one is renamed and
read as the new one.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING, Any

from sos_server.codecs import gml32, xml
from sos_server.codecs.sampling20 import UNKNOWN
from sos_server.errors import InvalidRequest
from sos_server.model import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml import etree

OLD = "http://www.opengis.net/gml"
_OLD_ID = f"{{{OLD}}}id"
_NEW = xml.NAMESPACES["gml"]
SHAPES = ("Point", "LineString", "Curve", "Polygon", "Surface", "MultiPoint", "MultiCurve", "MultiSurface")
_TIMES = ("TimeInstant", "TimePeriod")
_MEMBERS = ("{*}featureMember", "{*}samplingFeatureMember")
_HOLDERS = ("{*}featureOfInterest", *_MEMBERS)
_LAST = 16  # of a part, to which the next may refer
_MOST = 1 << 16  # times and features that are remembered of what was read before


def as_new(element: etree._Element) -> etree._Element:
    """Rename what is of GML 3.1.1 in an element to GML 3.2.1, and give the element."""
    for each in element.iter(f"{{{OLD}}}*"):
        each.tag = f"{{{_NEW}}}{xml.local_name(each)}"
        identifier = each.get(_OLD_ID)
        if identifier is not None:
            each.set(xml.GML_ID, identifier)
    return element


def name_of(element: etree._Element) -> str | None:
    """Give what an object is known by: its identifier, gml:id or name."""
    identifier = xml.text_of(element.find("{*}identifier"))
    return identifier or element.get(xml.GML_ID) or element.get(_OLD_ID) or xml.text_of(element.find("{*}name"))


class UnknownReference(InvalidRequest):
    """A reference leads to nothing that has been read of the document; it may stand in another part of it."""


class Times:
    """
    The times of one document, which may come in parts: decodes them, and finds those that others refer to.

    A time may be referred to from anywhere in the part it stands in, and from parts that come soon after it; where it
    is not found and the document comes in parts (`whole` is False), that raises `UnknownReference`.
    """

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._known: OrderedDict[str, gml32.Time | None] = OrderedDict()
        self._root: etree._Element | None = None
        self._part: dict[str, etree._Element] = {}

    def begin_part(self, root: etree._Element) -> None:
        """Read a part next."""
        self._root = root

    def end_part(self) -> None:
        """Remember of a part, which is given up then, the times that were referred to, and the last ones."""
        for element in islice(_times(self._root, reverse=True), _LAST):
            self._remember(id_of(element), element)
        self._root, self._part = None, {}

    def _remember(self, identifier: str | None, element: etree._Element) -> None:
        if identifier is not None and identifier not in self._known:
            self._known[identifier] = _try_time(element)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)

    def try_read(self, holder: etree._Element | None) -> gml32.Time | None:
        """Read a property that values do not depend on; None where it cannot be understood."""
        try:
            return self.read(holder)
        except InvalidRequest as error:
            if isinstance(error, UnknownReference) and not self._whole:
                raise
            return None

    def read(self, holder: etree._Element | None) -> gml32.Time | None:
        """Read a property such as `om:phenomenonTime`: inline or by `xlink:href`; None where it is nil or absent."""
        if holder is None:
            return None
        element = xml.first_element(holder)
        if element is not None:
            return decode_time(element)
        reference = xml.href(holder)
        if reference is not None and reference.startswith("#"):
            return self._referenced(reference[1:], holder)
        text = xml.text_of(holder)
        if text is not None:
            return gml32.Time(gml32.decode_instant(text, holder))
        if reference is None or holder.get("nilReason") or "nil" in reference or reference == "template":
            return None
        raise InvalidRequest(f"The time {reference} is not in this document ({xml.where(holder)}); give it inline.")

    def _referenced(self, identifier: str, holder: etree._Element) -> gml32.Time | None:
        # most refer to another time of the same observation
        for element in _times(holder.getparent()):
            if id_of(element) == identifier:
                return decode_time(element)
        if identifier not in self._known and not self._part and self._root is not None:
            # a reference may point forward; the first one of a gml:id counts
            for element in _times(self._root):
                self._part.setdefault(id_of(element) or "", element)
        if identifier in self._part:
            self._remember(identifier, self._part[identifier])
        if identifier not in self._known:
            raise UnknownReference(
                f"There is no time with gml:id {identifier!r} in this document ({xml.where(holder)})."
            )
        return self._known[identifier]


def _times(root: etree._Element | None, *, reverse: bool = False) -> Iterator[etree._Element]:
    """Give the times of a part, from its begin or from its end."""
    tags = [f"{{{space}}}{name}" for space in (_NEW, OLD) for name in _TIMES]
    if root is None:
        return iter(())
    if not reverse:
        found: Iterator[etree._Element] = root.iter(*tags)
        return found
    return (time for child in root.iterchildren(reversed=True) for time in reversed(list(child.iter(*tags))))


def id_of(element: etree._Element) -> str | None:
    """Give the gml:id of an element."""
    found: str | None = element.get(xml.GML_ID) or element.get(_OLD_ID)
    return found


def _try_time(element: etree._Element) -> gml32.Time | None:
    try:
        return decode_time(element)
    except InvalidRequest:
        return None


def decode_time(element: etree._Element) -> gml32.Time | None:
    """Read an instant or period of either version; None where its position is unknown."""
    return gml32.decode_time(as_new(element))


class Features:
    """
    The features that a document has told of so far, by the names that others refer to them by.

    Where a document comes in parts (`whole` is False), a reference into it that is not known yet cannot be followed.
    """

    def __init__(self, *, whole: bool) -> None:
        self._known: OrderedDict[str, Feature] = OrderedDict()
        self._root: etree._Element | None = None
        self._whole = whole

    def begin_part(self, root: etree._Element) -> None:
        """Read a part next, all of which may be referred to."""
        self._root = root

    def end_part(self) -> None:
        """Remember the features of a part, which is given up then; those of its observations are known already."""
        self._index(_MEMBERS)

    def add(self, feature: Feature, gml_id: str | None = None) -> None:
        """Remember a feature."""
        for name in {feature.identifier, gml_id}:
            if name and name != UNKNOWN:
                self._known.setdefault(name, feature)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)

    def find(self, reference: str) -> Feature | None:
        """Give the feature of an identifier, or of a reference into the document; None where it is not known."""
        if not reference.startswith("#"):
            return self._known.get(reference)
        if reference[1:] not in self._known:
            self._index()
        found = self._known.get(reference[1:])
        if found is None and not self._whole:
            raise UnknownReference(f"There is no feature with gml:id {reference[1:]!r} in this document.")
        return found

    def _index(self, holders: tuple[str, ...] = _HOLDERS) -> None:
        root, self._root = self._root, None
        for holder in () if root is None else root.iter(*holders):
            inner = xml.first_element(holder)
            if inner is not None and xml.local_name(inner) != "FeatureCollection":
                self.add(read_feature(inner), id_of(inner))


def read_features(element: etree._Element) -> Iterator[Feature]:
    """Read a feature, or the features of a collection; one that only says where it is stands for a feature unknown."""
    if xml.local_name(element) != "FeatureCollection":
        yield read_feature(element)
        return
    members = [
        inner for holder in element.iterchildren("{*}featureMember", "{*}featureMembers", "{*}member")
        for inner in holder.iterchildren("*")
    ]  # fmt: skip
    if members:
        yield from map(read_feature, members)
        return
    # NOAA's dialect: the places of stations as named points, without features
    points = {name: point for point in element.iter("{*}Point") if (name := xml.text_of(point.find("{*}name")))}
    for name, point in points.items():
        yield Feature(name, geometry=try_geometry(point))
    if not points:
        yield read_feature(element)


def read_feature(element: etree._Element) -> Feature:
    """Read a feature of any type: by what it is known, its name, and its shape where it can be understood."""
    shape = next(element.iter(*(f"{{*}}{name}" for name in SHAPES)), None)
    if shape is None:
        shape = next(element.iter("{*}Envelope"), None)
    return Feature(
        identifier=name_of(element) or UNKNOWN,
        name=xml.text_of(element.find("{*}name")),
        geometry=None if shape is None else try_geometry(shape),
    )


def try_geometry(shape: etree._Element) -> Mapping[str, Any] | None:
    """Read a shape; None where it cannot be turned into longitude and latitude."""
    try:
        return gml32.decode_geometry(as_new(shape))
    except InvalidRequest:
        return None
