"""Key-value pairs of a URL as OGC services read them (OGC 06-121r9 clause 11.2): names in any case, values in lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlsplit

from weps.errors import SourceRefused, TemplateError
from weps.feeders.guard import DEFAULT_PORTS, Guard

SOS_10 = "1.0.0"
SOS_20 = "2.0.0"
OM_10 = 'text/xml;subtype="om/1.0.0"'
OM_20 = "http://www.opengis.net/om/2.0"
PHENOMENON_TIME = "phenomenonTime"
RESULT_TIME = "resultTime"

# Parameters of a GetObservation, in the order in which we write them.
KNOWN_NAMES = (
    "service",
    "version",
    "request",
    "offering",
    "procedure",
    "observedProperty",
    "featureOfInterest",
    "spatialFilter",
    "temporalFilter",
    "namespaces",
    "responseFormat",
)
# Those that only SOS 1.0.0 has.
OLD_NAMES = ("eventTime", "resultModel", "responseMode", "srsName")
SERIES_NAMES = ("offering", "procedure", "observedProperty", "featureOfInterest")

_BY_LOWER_CASE = {name.lower(): name for name in (*KNOWN_NAMES, *OLD_NAMES)}
_READABLE_FORMATS = frozenset({"http://www.opengis.net/waterml/2.0", "http://www.opengis.net/waterml-dr/2.0"})
_SENSOR_FORMAT = re.compile(r"sensorml/[0-9.]+", re.IGNORECASE)
_PARAMETER = re.compile(r"[\w.-]+=")
_HOST = re.compile(r"[^:/?]*://([^/?]*)")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter by its canonical name; the values of its list are decoded."""

    name: str
    values: tuple[str, ...]

    def encoded(self) -> str:
        """Write it for a URL: commas between the values stay bare, those inside are encoded."""
        return f"{quote(self.name, safe='')}={','.join(quote(value, safe=':/()') for value in self.values)}"


def split_url(text: str) -> tuple[str, str]:
    """
    Part a URL as people print it into address and query, both without line breaks and blanks around.

    A printed URL is broken into lines with indented continuations. An address has no blanks at all, so those inside
    go too, but for those in the host, which nobody can guess the name of; in the query a blank inside a value may be
    meant and stays. What begins with a parameter is all query.
    """
    joined = "".join(line.strip() for line in text.splitlines())
    if "#" in joined:
        raise TemplateError("the URL has a '#', which ends it for a server; write %23 where it belongs to a value")
    address, _, query = joined.partition("?")
    if _PARAMETER.match(address):
        address, query = "", joined
    host = _HOST.match(address)
    if host is not None and _BLANK.search(host[1].rstrip()):
        raise TemplateError(f"the host {host[1][:100]!r} has a blank in it; write a name such as sos.example.org")
    return _BLANK.sub("", address), query.strip()


def read_query(query: str) -> Iterator[Parameter]:
    """Read the parameters of a query; those without a value are left out."""
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        decoded = unquote_plus(name).strip()
        if decoded.lower().startswith("amp;"):
            raise TemplateError("the URL holds '&amp;' where '&' is meant: it was escaped twice")
        values = tuple(token for part in value.split(",") if (token := unquote_plus(part).strip()))
        if decoded and values:
            yield Parameter(_BY_LOWER_CASE.get(decoded.lower(), decoded), values)


def read_parameters(query: str) -> dict[str, Parameter]:
    """Read the parameters of a query by name; a parameter that is there twice must say the same both times."""
    found: dict[str, Parameter] = {}
    for parameter in read_query(query):
        if found.setdefault(parameter.name, parameter) != parameter:
            raise TemplateError("the parameter is there twice with different values; give one list", parameter.name)
    return found


def write_query(parameters: dict[str, Parameter]) -> str:
    """Write parameters in the one order: those of a GetObservation first, then all others by name."""
    known = [parameters[name] for name in KNOWN_NAMES if name in parameters]
    others = [parameters[name] for name in sorted(parameters.keys() - set(KNOWN_NAMES))]
    return "&".join(parameter.encoded() for parameter in (*known, *others))


def canonical_address(address: str) -> str:
    """Give an http(s) address in its one form: scheme and host in lower case, no default port, at least a `/`."""
    try:
        parts = Guard().check_url(address)
    except SourceRefused as error:
        raise TemplateError(f"the SOS address cannot be asked: {error.message}", where=error.where) from error
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{parts.path or '/'}{query}"


def with_query(address: str, query: str) -> str:
    """Append a query to an address that may have one already."""
    if not urlsplit(address).query:
        return f"{address.rstrip('?')}?{query}"
    return f"{address.rstrip('&')}&{query}"


def response_format(version: str, asked: str | None) -> str:
    """
    Give the format to ask for: O&M, or what a template asks for and can be read.

    In SOS 1.0.0 servers name their formats as they like, so that a template's is kept; only that of sensors, which some
    examples have, is none of observations.
    """
    if version == SOS_20:
        return asked if asked in _READABLE_FORMATS else OM_20
    return _SENSOR_FORMAT.sub("om/1.0.0", asked) if asked else OM_10


def time_reference(references: Iterable[str]) -> str:
    """Give the time that filters are over: the result time where all of them are, else the phenomenon time."""
    names = [re.split(r"[:/]", reference.strip())[-1].lower() for reference in references]
    if "validtime" in names:
        raise TemplateError("the time filter is over the valid time; only phenomenon and result time can be polled")
    return RESULT_TIME if names and all(name == "resulttime" for name in names) else PHENOMENON_TIME


def require_one_of_each(selection: Mapping[str, Sequence[str]], operation: str, version: str) -> None:
    """Check what an operation cannot do without: an offering and a property, and for results one of each."""
    for name in ("offering", "observedProperty"):
        found = len(selection.get(name, ()))
        if not found:
            raise TemplateError(f"{operation} of SOS {version} needs {name}; add one", where=name)
        if found > 1 and operation == "GetResult":
            raise TemplateError(f"GetResult takes one {name}, the template has {found}; subscribe to each", where=name)
