"""
What a process is to WEPS, whichever protocol it is called over: a description, and a handler of plain values.

A handler knows no WPS version. It gets the inputs that the client sent, checked against the description, and gives
the outputs by identifier. Descriptions are values, from which each binding builds its own documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from weps.engine import Engine
    from weps.feeders.http import Fetcher
    from weps.model import Subscription
    from weps.processes.inputs import Inputs

XML = "text/xml"
JSON = "application/json"


class Kind(StrEnum):
    """How the text of a literal is read; the value is the name of its XML Schema type for clients."""

    TEXT = "string"
    URL = "anyURI"
    NUMBER = "double"
    COUNT = "integer"
    INSTANT = "dateTime"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Format:
    """A format that complex data can have."""

    mime_type: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """
    Literal data: how it is read, which texts are allowed (none listed: any), and in which units.

    `uoms` starts with the unit of a value that came without one. `published_type` is the data type that clients are
    shown where it is not the one of the kind (a duration that may be a plain number is a `string` or a `long`).
    `unlimited` is the text of a duration that means "without end". A text that `may_be_empty` says something then;
    elsewhere an empty one is a value that is missing. `longest` counts characters.
    """

    kind: Kind = Kind.TEXT
    allowed: tuple[str, ...] = ()
    uoms: tuple[str, ...] = ()
    default: str | None = None
    published_type: str | None = None
    unlimited: str | None = None
    may_be_empty: bool = False
    longest: int = 100_000


@dataclass(frozen=True, slots=True)
class Complex:
    """Complex data: its formats, the default first."""

    formats: tuple[Format, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """Bounding boxes: their coordinate reference systems, the default first."""

    crs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InputSpec:
    """An input that a process takes."""

    identifier: str
    title: str
    data: Literal | Complex | Box
    abstract: str = ""
    min_occurs: int = 0
    max_occurs: int = 1


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """An output that a process gives."""

    identifier: str
    title: str
    data: Literal | Complex | Box
    abstract: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A literal as a client sent it."""

    text: str
    uom: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """
    Complex data as a client sent it, with the format it claims to have.

    `is_element`: it stood there as an XML element, and the text is what lxml wrote of it.
    """

    text: str
    mime_type: str | None = None
    schema: str | None = None
    is_element: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """Data that a client left on another server; `body`, or what `body_href` refers to, makes it a POST."""

    href: str
    mime_type: str | None = None
    schema: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    body_href: str | None = None


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A bounding box as a client sent it: corners as numbers with white space between them."""

    lower_corner: str
    upper_corner: str
    crs: str | None = None


Value: TypeAlias = Text | Document | BoundingBox
"""One value of an input, at hand."""

Given: TypeAlias = Value | Reference
"""One value of an input as a client sent it, in any binding."""

Output: TypeAlias = str | Mapping[str, str] | BoundingBox
"""A literal's text, the texts of a complex output by MIME type, or a bounding box."""

Outputs: TypeAlias = Mapping[str, Output]
"""What a handler gives, by the identifiers of its description."""


@dataclass(frozen=True, slots=True)
class Context:
    """
    What handlers work with besides their inputs.

    `fetcher` gets what clients refer to, `sos_endpoint` is the SOS that is asked when a client names none.
    `subscribed` is told of a subscription that was made. A handler that works long tells `progress` the percentage
    that is done; it raises `Dismissed` (`weps.processes.faults`) when nobody wants the result any more.
    """

    engine: Engine
    fetcher: Fetcher
    sos_endpoint: str
    subscribed: Callable[[Subscription], None] = lambda _subscription: None
    progress: Callable[[float], None] = lambda _percent: None


Handler: TypeAlias = "Callable[[Inputs, Context], Outputs]"
Outcome: TypeAlias = "Callable[[Subscription, Context], Outputs]"


@dataclass(frozen=True, slots=True)
class Link:
    """Something that describes a process further: a title for people, and what it is about as a URI."""

    title: str
    href: str


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """
    A process: what clients are told about it, and what it does. `metadata` is about what it takes and gives.

    A process with an `outcome` makes a subscription, which is the job of its asynchronous executions; the outcome
    gives the outputs for such a subscription at any later time.
    """

    identifier: str
    title: str
    abstract: str
    version: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    handler: Handler
    outcome: Outcome | None = None
    metadata: tuple[Link, ...] = ()

    def input(self, identifier: str) -> InputSpec | None:
        """Give the input of an identifier, None where the process has none."""
        return next((spec for spec in self.inputs if spec.identifier == identifier), None)

    def output(self, identifier: str) -> OutputSpec | None:
        """Give the output of an identifier, None where the process has none."""
        return next((spec for spec in self.outputs if spec.identifier == identifier), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent to the client, in any binding."""

    body: bytes
    media_type: str = XML
    status: int = 200
