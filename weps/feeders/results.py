"""
GetResult: rows of values, whose structure and encoding are read once by GetResultTemplate and kept.

Rows tell neither procedure nor, often, feature: those are what the service says is available for the template, asked
again once a day, because what is of a new feature must not be taken as of the one that was alone before. Rows
that do not fit what was kept are read once more with a new template, because a service may have changed it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from sos_server.codecs import om20, swe20_rows, xml
from sos_server.codecs.sampling20 import UNKNOWN
from sos_server.codecs.swe20_encoding import read_named
from sos_server.codecs.swe20_results import ResultForm, read_form
from sos_server.errors import SosError
from sos_server.model import Observation, ResultTemplate
from weps.errors import SourceException, SourceGarbled
from weps.feeders import template
from weps.feeders.answers import read_content, read_document
from weps.feeders.http import without_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.feeders.http import Answer, HttpRequest
    from weps.model import Source

_MOST_KEPT = 4096
SECONDS_KEPT = 24 * 3600.0


class _Series(NamedTuple):
    """Whose results they are; `features` are those that the service has for the template."""

    procedure: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """
    What is kept of a source: what its results mean, and whose they are, as it said when it was `asked`.

    `form` None: rows have several values.
    """

    form: ResultForm | None
    structure: bytes
    encoding: bytes
    series: _Series
    asked: float


class ResultReader:
    """Reads results; asks services through `send` for what they mean. May be used by many threads at once."""

    def __init__(self, send: Callable[[HttpRequest], Answer], clock: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self._clock = clock
        self._known: dict[Source, _Known] = {}
        self._lock = threading.Lock()

    def read(self, source: Source, root: etree._Element) -> list[Observation]:
        """Read the observations of a GetResultResponse; raises `SosError` or a `FeedError` for what cannot be read."""
        values = root.find(xml.tag("sos:resultValues"))
        if values is None:
            raise SourceGarbled("the GetResultResponse has no resultValues", where=without_query(source.endpoint))
        if not "".join(values.itertext()).strip():
            return []
        kept = self._known.get(source)
        if kept is not None:
            if self._clock() - kept.asked > SECONDS_KEPT:
                kept = self._keep(source, replace(kept, series=self._learn_series(source), asked=self._clock()))
            try:
                return _decode(source, kept, values)
            except SosError:
                pass
        return _decode(source, self._keep(source, self._learn(source)), values)

    def _keep(self, source: Source, known: _Known) -> _Known:
        with self._lock:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[source] = known
        return known

    def _learn(self, source: Source) -> _Known:
        answer = self._send(template.build_result_template_request(source))
        root = read_document(answer)
        parts = [xml.first_element(root.find(xml.tag(f"sos:{name}"))) for name in ("resultStructure", "resultEncoding")]
        if xml.local_name(root) != "GetResultTemplateResponse" or None in parts:
            raise SourceGarbled(f"the server answered {root.tag} to GetResultTemplate", where=answer.place)
        structure, encoding = (etree.tostring(part, with_tail=False) for part in parts if part is not None)
        try:
            form = read_form(structure, encoding)
        except SosError:
            form = None
        return _Known(form, structure, encoding, self._learn_series(source), self._clock())

    def _learn_series(self, source: Source) -> _Series:
        """Ask whose the results are: by GetDataAvailability, else by the capabilities."""
        try:
            request = template.build_availability_request(source)
            root = None if request is None else read_content(self._send(request)).root
        except (SourceException, SourceGarbled):
            root = None
        members = [] if root is None else list(root.iter("{*}dataAvailabilityMember"))
        procedures = {name for one in members if (name := xml.href(one.find("{*}procedure")))}
        features = {name for one in members if (name := xml.href(one.find("{*}featureOfInterest")))}
        if len(procedures) == 1:
            return _Series(procedures.pop(), tuple(sorted(features)))
        return _Series(self._procedure_of_offering(source) or UNKNOWN, tuple(sorted(features)))

    def _procedure_of_offering(self, source: Source) -> str | None:
        """Give the procedure of the offering: SOS 2.0 has one for each."""
        try:
            root = read_document(self._send(template.build_capabilities_request(source)))
        except (SourceException, SourceGarbled):
            return None
        (asked,) = template.read_selection(source)["offering"]
        for offering in root.iter("{*}ObservationOffering"):
            if xml.text_of(offering.find("{*}identifier")) == asked:
                return xml.text_of(offering.find("{*}procedure"))
        return None


def _decode(source: Source, known: _Known, values: etree._Element) -> list[Observation]:
    selection = template.read_selection(source)
    (offering,), (observed_property,) = selection["offering"], selection["observedProperty"]
    features = selection.get("featureOfInterest") or known.series.features
    tells_feature = known.form is not None and known.form.feature is not None
    if len(features) > 1 and not tells_feature:
        raise SourceGarbled(
            f"the results of {len(features)} features cannot be told apart; name one featureOfInterest in the template",
            where=without_query(source.endpoint),
        )
    feature = features[0] if features else UNKNOWN
    shared = ResultTemplate(
        "", offering, known.series.procedure, observed_property, feature, "", known.structure, known.encoding
    )
    if known.form is None:
        return [one._replace(offering=offering) for one in om20.decode_observations(_as_observation(shared, values))]
    named = xml.first_element(values) is not None
    text = "".join(values.itertext())
    if not named and _is_none(known.form, text):
        return []
    return swe20_rows.decode_rows(known.form, shared, read_named(values) if named else text)


def _is_none(form: ResultForm, text: str) -> bool:
    """Tell whether values say that there are none: the number of rows alone, as some servers write it in front."""
    separator = getattr(form.encoding, "block_separator", "\n")
    return form.tokens > 1 and text.strip().removesuffix(separator.strip()).strip() == "0"


def _as_observation(shared: ResultTemplate, values: etree._Element) -> etree._Element:
    """Write rows of several values as the array of an observation, which the reader of observations knows."""
    root = xml.new("om:OM_Observation")
    xml.add(root, "om:phenomenonTime", nilReason="template")
    xml.add(root, "om:resultTime", nilReason="template")
    xml.add(root, "om:procedure", **{xml.XLINK_HREF: shared.procedure})
    xml.add(root, "om:observedProperty", **{xml.XLINK_HREF: shared.observed_property})
    xml.add(root, "om:featureOfInterest", **{xml.XLINK_HREF: shared.feature_of_interest or UNKNOWN})
    structure = xml.parse(shared.structure)
    array = xml.add(xml.add(root, "om:result"), "swe:DataArray")
    if structure.tag == xml.tag("swe:DataArray"):
        structure = xml.required_child(structure, "swe:elementType")
        array.append(structure)
    else:
        xml.add(array, "swe:elementType", name="row").append(structure)
    xml.add(array, "swe:encoding").append(xml.parse(shared.encoding))
    xml.add(array, "swe:values", "".join(values.itertext()))
    return root
