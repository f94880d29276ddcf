"""GetResult and merged observations beside the service's own O&M: how many observations a second of CPU gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import sos_data, station
from benchmarks.frame import Case, Line, Scale, at_least, compare, require_equal
from benchmarks.http import get_observation
from benchmarks.server import SOS, XML, Server, serving_sos
from sos_server.codecs import om20, xml
from sos_server.codecs.sos20.encode import encode_request
from sos_server.codecs.swe20_results import usual_form, write_form
from sos_server.model import OM_MEASUREMENT, ResultTemplate
from sos_server.requests import InsertResultTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

_OBSERVATIONS = 100_000
_ENCODINGS: dict[str, Mapping[str, str]] = {"": {}, ", with gzip": {"Accept-Encoding": "gzip"}}


def template(identifier: str) -> ResultTemplate:
    """Give a template for the results of the sensor: phenomenon time and value."""
    structure, encoding = write_form(usual_form(station.SERIES))
    place = station.FEATURE
    return ResultTemplate(
        identifier,
        station.OFFERING,
        station.PROCEDURE,
        station.PROPERTY,
        place.identifier,
        OM_MEASUREMENT,
        structure,
        encoding,
        place,
    )


def run(scale: Scale) -> list[Line]:
    """Ask for the same observations one by one, as results and as an array, plain and compressed."""
    with serving_sos(sos_data.large(scale)) as server:
        server.ask(SOS, encode_request(InsertResultTemplate(template("compared"))), XML)
        size = min(scale.of(_OBSERVATIONS), sos_data.rows(scale))
        single = get_observation(0, size)
        results = single.replace("request=GetObservation", "request=GetResult")
        merged = f"{single}&MergeObservationsIntoDataArray=true"
        _check(server, size, single, results, merged)
        lines: list[Line] = []
        for name, headers in _ENCODINGS.items():
            lines += compare(_cases(server, size, headers, name, (single, results, merged)), scale)
        return lines


def _check(server: Server, size: int, single: str, results: str, merged: str) -> None:
    expected = [station.value(number) for number in range(size)]
    for name, address in (("GetObservation", single), ("merged observations", merged)):
        root = xml.parse(server.ask(address), limit=2**30)
        require_equal(f"the values of {name}", expected, [each.value for each in om20.decode_observations(root)])
    texts = xml.texts(xml.parse(server.ask(results), limit=2**30), "sos:resultValues")
    found = [float(row.rpartition(",")[2]) for row in "".join(texts).split("@@")]
    require_equal("the values of GetResult", expected, found)


def _cases(
    server: Server, size: int, headers: Mapping[str, str], name: str, addresses: tuple[str, str, str]
) -> list[Case]:
    single, results, merged = addresses
    baseline = f"an observation out of {size}{name}: O&M"

    def case(title: str, address: str, *, compared: bool = True) -> Case:
        return Case(
            title,
            lambda: server.read_through(address, headers),
            size,
            clock=server.cpu_seconds,
            against=baseline if compared else None,
            target=at_least(4) if compared else None,
        )

    return [
        case(baseline, single, compared=False),
        case(f"an observation of GetResult{name}", results),
        case(f"an observation of a merged array{name}", merged),
    ]
