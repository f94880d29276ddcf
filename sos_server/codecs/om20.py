"""
Observations and Measurements 2.0 in XML (OGC 10-025r1): reading the observations of any document that holds them.

`decode_observations` takes a GetObservationResponse, an InsertObservation, a bare observation or any collection, of any
service. An array or record result gives one observation for each value; its column's definition is the observed
property where there are several. A geometry as result has no scalar value: it is in `geometry`, and `value` is None.
With `whole` records and geometries stay what they are: each is one value, as `model.Observation` tells.
Writing observations is in `om20_encode`, the fast way to read many observations of the same form in `om20_runs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sos_server.codecs import gml32, om20_annotations, om20_result, om20_runs, sampling20, xml
from sos_server.errors import InvalidRequest, MissingParameterValue
from sos_server.model import OM_OBSERVATION, Feature, Observation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from lxml import etree

    from sos_server.model import Annotations, ResultTemplate

NAMESPACE = xml.NAMESPACES["om"]
RESPONSE_FORMAT = NAMESPACE

_OBSERVATION = xml.tag("om:OM_Observation")
_REPEATED = frozenset({xml.tag("om:parameter"), xml.tag("om:resultQuality")})


def decode_observations(root: etree._Element, *, strict: bool = False, whole: bool = False) -> Iterator[Observation]:
    """
    Read all observations of a document; raises `InvalidRequest` with the line of what cannot be read.

    What does not touch the values is left out where it cannot be understood, but refused with `strict`: a shape in a
    coordinate reference system that cannot be turned into longitude and latitude, a result time that refers to nothing.
    """
    document = _Document(root, strict=strict, whole=whole)
    yield from om20_runs.decode(root, document.decode, document.times)


def decode_one_by_one(root: etree._Element, *, strict: bool = False) -> Iterator[Observation]:
    """Read all observations of a document as `decode_observations` does, the general way throughout."""
    document = _Document(root, strict=strict)
    for element in root.iter(_OBSERVATION):
        yield from document.decode(element)


class Shared(NamedTuple):
    """What a template says of all observations that are made by it; None: each says it itself."""

    procedure: str
    observed_property: str
    feature_of_interest: str | None
    feature: Feature | None
    observation_type: str | None


def decode_template(element: etree._Element) -> Shared:
    """Read an observation template (OGC 12-006 clause 9.4): an observation without times and result."""
    children = {child.tag: child for child in element.iterchildren("*")}
    holder = children.get(xml.tag("om:featureOfInterest"))
    if holder is None:
        raise _missing_feature(element)
    is_open = holder.get("nilReason") or holder.get(xml.XSI_NIL) in ("true", "1")
    identifier, feature = (None, None) if is_open else _Document(element, strict=True).read_feature(holder)
    return Shared(
        procedure=_reference(element, children, "procedure", optional=False) or "",
        observed_property=_reference(element, children, "observedProperty", optional=False) or "",
        feature_of_interest=identifier,
        feature=feature,
        observation_type=_observation_type(children.get(xml.tag("om:type"))),
    )


def encode_template(template: ResultTemplate) -> etree._Element:
    """Write an observation template."""
    element = xml.new("om:OM_Observation")
    element.set(xml.GML_ID, "template")
    xml.add(element, "om:type", **{xml.XLINK_HREF: template.observation_type})
    for name in ("phenomenonTime", "resultTime"):
        xml.add(element, f"om:{name}", nilReason="template")
    xml.add(element, "om:procedure", **{xml.XLINK_HREF: template.procedure})
    xml.add(element, "om:observedProperty", **{xml.XLINK_HREF: template.observed_property})
    holder = xml.add(element, "om:featureOfInterest")
    if template.feature is not None:
        holder.append(sampling20.encode_feature(template.feature, "feature"))
    elif template.feature_of_interest is not None:
        holder.set(xml.XLINK_HREF, template.feature_of_interest)
    else:
        holder.set("nilReason", "template")
    xml.add(element, "om:result")
    return element


class _Common(NamedTuple):
    """What all values of one O&M observation share."""

    procedure: str
    observed_property: str | None
    feature_of_interest: str
    feature: Feature | None
    phenomenon_time: gml32.Time | None
    result_time: datetime | None
    valid_time: tuple[datetime, datetime] | None
    observation_type: str | None
    offering: str | None
    identifier: str | None
    geometry: Mapping[str, Any] | None
    quality: str | None
    annotations: Annotations | None


class _Document:
    """One document while it is read: its times and features may be referred to from anywhere in it."""

    def __init__(self, root: etree._Element, *, strict: bool, whole: bool = False) -> None:
        self._root = root
        self._strict = strict
        self._whole = whole
        self.times = gml32.Times(root)
        self._features: dict[str, Feature] = {}
        self._indexed = False

    def decode(self, element: etree._Element) -> Iterator[Observation]:
        children = {child.tag: child for child in element.iterchildren("*") if child.tag not in _REPEATED}
        common = self._common(element, children)
        result = children.get(xml.tag("om:result"))
        if result is None:
            raise InvalidRequest(f"The observation at {xml.where(element)} has no om:result.", "result")
        for value in om20_result.decode_result(result, common.observation_type, whole=self._whole):
            yield _observation(common, value, element)

    def _common(self, element: etree._Element, children: dict[str, etree._Element]) -> _Common:
        holder = children.get(xml.tag("om:featureOfInterest"))
        if holder is None:
            raise _missing_feature(element)
        feature_of_interest, feature = self.read_feature(holder)
        offering, geometry = self._parameters(element)
        quality, annotations = om20_annotations.decode_annotations(element, strict=self._strict)
        valid = self.times.read(children.get(xml.tag("om:validTime")))
        result_time = self._result_time(children.get(xml.tag("om:resultTime")))
        return _Common(
            procedure=_reference(element, children, "procedure", optional=False) or "",
            observed_property=_reference(element, children, "observedProperty", optional=True),
            feature_of_interest=feature_of_interest,
            feature=feature,
            phenomenon_time=self.times.read(children.get(xml.tag("om:phenomenonTime"))),
            result_time=None if result_time is None else result_time.begin,
            valid_time=None if valid is None else (valid.begin, valid.end or valid.begin),
            observation_type=_observation_type(children.get(xml.tag("om:type"))),
            offering=offering,
            identifier=xml.text_of(children.get(xml.tag("gml:identifier"))),
            geometry=geometry,
            quality=quality,
            annotations=annotations,
        )

    def _result_time(self, holder: etree._Element | None) -> gml32.Time | None:
        try:
            return self.times.read(holder)
        except InvalidRequest:
            if self._strict or xml.first_element(holder) is not None:
                raise
            return None

    def read_feature(self, holder: etree._Element) -> tuple[str, Feature | None]:
        """Read a feature of interest, inline or by reference: its identifier, and itself where the document has it."""
        inline = xml.first_element(holder)
        if inline is not None:
            feature = sampling20.decode_feature(inline, strict=self._strict)
            return feature.identifier, feature
        reference = xml.href(holder)
        if reference is None:
            raise _missing_feature(holder)
        if not reference.startswith("#"):
            return reference, None
        known = self._find_feature(reference[1:])
        return (reference, None) if known is None else (known.identifier, known)

    def _find_feature(self, gml_id: str) -> Feature | None:
        """Look for a feature of the document, the first of its gml:id; one that is nowhere keeps its reference."""
        if not self._indexed:
            self._indexed = True
            for holder in self._root.iter(xml.tag("om:featureOfInterest")):
                inline = xml.first_element(holder)
                identifier = None if inline is None else inline.get(xml.GML_ID)
                if inline is not None and identifier is not None and identifier not in self._features:
                    feature = sampling20.decode_feature(inline, strict=self._strict)
                    self._features[identifier] = feature
        return self._features.get(gml_id)

    def _parameters(self, element: etree._Element) -> tuple[str | None, Mapping[str, Any] | None]:
        """Read the named values that mean something here: 52°North's offering and the sampling geometry."""
        offering, geometry = None, None
        for named in xml.grandchildren(element, "om:parameter", "om:NamedValue"):
            name, value = xml.href(xml.child(named, "om:name")), xml.child(named, "om:value")
            if name == om20_annotations.OFFERING:
                offering = xml.text_of(value)
            elif name is not None and om20_annotations.is_sampling_geometry(name):
                shape = xml.first_element(value)
                geometry = self._geometry(shape) if shape is not None else None
        return offering, geometry

    def _geometry(self, shape: etree._Element) -> Mapping[str, Any] | None:
        try:
            return gml32.decode_geometry(shape)
        except InvalidRequest:
            if self._strict:
                raise
            return None


def _missing_feature(element: etree._Element) -> MissingParameterValue:
    return MissingParameterValue(f"There is no om:featureOfInterest at {xml.where(element)}.", "featureOfInterest")


def _reference(
    element: etree._Element, children: dict[str, etree._Element], name: str, *, optional: bool
) -> str | None:
    """Give what a property refers to: its href, else the identifier of what stands inline."""
    holder = children.get(xml.tag(f"om:{name}"))
    reference = xml.href(holder)
    inline = xml.first_element(holder)
    if reference is None and inline is not None:
        reference = xml.text_of(xml.child(inline, "gml:identifier")) or inline.get(xml.GML_ID)
    nil = holder is not None and (holder.get(xml.XSI_NIL) or holder.get("nilReason"))
    if reference is None and not (optional and nil):
        raise MissingParameterValue(f"The observation at {xml.where(element)} has no om:{name}.", name)
    return reference


def _observation_type(holder: etree._Element | None) -> str | None:
    reference = xml.href(holder)
    if holder is not None and reference is None and holder.get(xml.XLINK_HREF) is not None:
        raise MissingParameterValue(f"om:type is empty ({xml.where(holder)}).", "observationType")
    # it says nothing of the result, which is then what it looks like
    return None if reference == OM_OBSERVATION else reference


def _observation(common: _Common, value: om20_result.ResultValue, element: etree._Element) -> Observation:
    time = value.phenomenon_time or common.phenomenon_time
    if time is None:
        raise InvalidRequest(f"The observation at {xml.where(element)} has no phenomenon time.", "phenomenonTime")
    observed_property = common.observed_property if value.of_observation else None
    observed_property = observed_property or value.observed_property or common.observed_property
    if observed_property is None:
        raise MissingParameterValue(
            f"The observation at {xml.where(element)} has no om:observedProperty.", "observedProperty"
        )
    return Observation(
        phenomenon_time=time.begin,
        procedure=common.procedure,
        observed_property=observed_property,
        feature_of_interest=common.feature_of_interest,
        value=value.value,
        uom=value.uom,
        phenomenon_time_end=time.end,
        result_time=value.result_time or common.result_time,
        observation_type=value.observation_type or common.observation_type,
        offering=common.offering,
        nil_reason=value.nil_reason,
        feature=common.feature,
        identifier=common.identifier,
        valid_time=common.valid_time,
        geometry=value.geometry or common.geometry,
        quality=common.quality,
        annotations=common.annotations,
    )
