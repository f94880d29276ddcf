"""Key-value pairs of a URL as OGC services read them (OGC 06-121r9 clause 11.2): names in any case, values in lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlsplit

from weps.errors import SourceRefused, TemplateError
from weps.feeders.guard import DEFAULT_PORTS, Guard

SOS_20 = "2.0.0"
OM_20 = "http://www.opengis.net/om/2.0"

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
SERIES_NAMES = ("offering", "procedure", "observedProperty", "featureOfInterest")

_BY_LOWER_CASE = {name.lower(): name for name in KNOWN_NAMES}
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
    go too; in the query a blank inside a value may be meant and stays.
    """
    joined = "".join(line.strip() for line in text.splitlines())
    if "#" in joined:
        raise TemplateError("the URL has a '#', which ends it for a server; write %23 where it belongs to a value")
    address, _, query = joined.partition("?")
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
