"""
The structures of SWE Common, 1.0.1 (OGC 07-000) and 2.0 (OGC 08-094r1), of any service: what the values mean.

Both versions, and the namespaces that services made of them, differ in the names of a few elements only; so elements
are known by their local names. A structure is a tree of records, arrays, choices and scalar fields. `swe_values` reads
values by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from sos_server.codecs import xml
from sos_server.codecs.uom import decode_swe_uom
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from lxml import etree

UNKNOWN = "unknown"
DEEPEST = 30
QUALITY = "Quality"  # the kind of the field of a quality that stands inside of another field

SCALARS = frozenset({"Quantity", "Count", "Boolean", "Category", "Text", "Time"})
RANGES = frozenset({"QuantityRange", "CountRange", "TimeRange", "CategoryRange"})
ARRAYS = frozenset({"DataArray", "SimpleDataArray", "Matrix", "SquareMatrix", "Curve", "DataStream"})
RECORDS = frozenset({"DataRecord", "SimpleDataRecord", "ConditionalData", "Vector", "Position"})
_PARTS = frozenset({"field", "coordinate", "item", "member", "component", "location"})


@dataclass(frozen=True, slots=True)
class Field:
    """
    A scalar: a column of an array or a field of a record.

    `nil_values` gives the reason for each value that stands for none; `value` is an inline value, in an array a
    constant that uses no token; `in_vector` marks coordinates; `quality` is the id of the field that holds the quality
    of this one, or the code itself where it is constant; `reference_time` that from which a time is counted in `uom`.
    """

    kind: str
    name: str
    definition: str | None = None
    uom: str | None = None
    nil_values: Mapping[str, str] = field(default_factory=dict, hash=False)
    value: str | None = None
    in_vector: bool = False
    identifier: str | None = None
    quality: str | None = None
    reference_time: str | None = None
    optional: bool = False

    @property
    def meaning(self) -> str:
        """Give the definition, else the name."""
        return self.definition or self.name

    @property
    def is_time(self) -> bool:
        """Tell whether it holds a time."""
        return self.kind in ("Time", "TimeRange")

    @property
    def tokens(self) -> int:
        """Give the number of tokens that it uses in a row."""
        return 0 if self.value is not None else 2 if self.kind in RANGES else 1


@dataclass(frozen=True)
class Record:
    """Fields one after the other; a vector too, whose fields are coordinates."""

    name: str
    parts: tuple[Node, ...]
    identifier: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Choice:
    """One of several items, each value of which begins with the name of the item."""

    name: str
    items: tuple[Node, ...]
    optional: bool = False


@dataclass(frozen=True)
class Array:
    """
    Many elements of one form; `count` None: their number is told before them.

    `source` is the array's own element where it holds values itself, which are then not those of what it stands in.
    """

    name: str
    element: Node
    count: int | None
    source: etree._Element
    optional: bool = False

    @cached_property
    def flat(self) -> tuple[Field, ...] | None:
        """Give the columns of a plain table; None where an element holds a choice, an array or what may be left out."""
        return flatten(self.element)


Node: TypeAlias = Field | Record | Choice | Array


def flatten(node: Node) -> tuple[Field, ...] | None:
    """Give the fields of a node in their order; None where they are not always the same."""
    if isinstance(node, Choice | Array) or node.optional:
        return None
    if isinstance(node, Field):
        return (node,)
    parts = [flatten(part) for part in node.parts]
    return None if None in parts else tuple(each for part in parts for each in part or ())


def has_time(node: Node) -> bool:
    """Tell whether there is a time anywhere in a node."""
    if isinstance(node, Field):
        return node.is_time
    if isinstance(node, Array):
        return has_time(node.element)
    return any(map(has_time, node.parts if isinstance(node, Record) else node.items))


def decode_structure(
    element: etree._Element, name: str = "", depth: int = 0, known: dict[str, etree._Element] | None = None
) -> Node:
    """Read a component of any kind; `known` are the components that were referred to before."""
    if depth > DEEPEST:
        raise InvalidRequest(f"The structure at {xml.where(element)} lies too deep inside others.")
    known = {} if known is None else known
    kind = xml.local_name(element)
    optional = element.get("optional") in ("true", "1")
    if kind in ARRAYS:
        return _array(element, name, depth, known, optional=optional)
    if kind == "DataChoice":
        items = tuple(_parts(element, depth, known, may_be_empty=True))
        if not items:
            raise InvalidRequest(f"The choice at {xml.where(element)} has no items.")
        return Choice(name, items, optional)
    if kind in RECORDS:
        parts = tuple(_parts(element, depth, known))
        if kind in ("Vector", "Position"):
            parts = tuple(_as_coordinate(part) for part in parts)
        return Record(name, parts, _identifier(element), optional)
    if kind in SCALARS or kind in RANGES:
        return _with_quality(element, _field(element, kind, name, optional=optional))
    raise InvalidRequest(f"A component {kind} is not supported ({xml.where(element)}).")


def _parts(
    element: etree._Element, depth: int, known: dict[str, etree._Element], *, may_be_empty: bool = False
) -> Iterator[Node]:
    """Read what stands in a record or choice, inline or by reference inside the document."""
    for index, holder in enumerate(each for each in element.iterchildren("*") if xml.local_name(each) in _PARTS):
        inner = _content(holder, known)
        if inner is None:
            if may_be_empty:
                continue  # a choice needs two items, so that IOOS adds an empty one to a single one
            raise InvalidRequest(f"The component at {xml.where(holder)} is empty; define it inline.")
        yield decode_structure(inner, holder.get("name") or f"field{index}", depth + 1, known)


def _as_coordinate(node: Node) -> Node:
    if isinstance(node, Record):
        return replace(node, parts=tuple(_as_coordinate(part) for part in node.parts))
    return replace(node, in_vector=True) if isinstance(node, Field) else node


def _content(holder: etree._Element | None, known: dict[str, etree._Element]) -> etree._Element | None:
    """
    Give what a property holds, inline or by reference inside the document.

    What is no scalar is referred to once, so that references that lead to references cannot make many of few.
    """
    inner = xml.first_element(holder)
    reference = xml.href(holder) or ""
    if holder is None or inner is not None or not reference.startswith("#"):
        return inner
    found = known[reference] if reference in known else find_by_id(holder, reference[1:])
    if found is not None and reference in known and xml.local_name(found) not in SCALARS | RANGES:
        raise InvalidRequest(f"{reference} is referred to once more at {xml.where(holder)}; define it inline.")
    if found is not None:
        known[reference] = found
    return found


def _array(
    element: etree._Element, name: str, depth: int, known: dict[str, etree._Element], *, optional: bool
) -> Array:
    holder = child(element, "elementType")
    inner = _content(holder, known)
    if inner is not None and holder is not None:
        content = decode_structure(inner, holder.get("name") or "", depth + 1, known)
    elif child(element, "field") is not None:
        # a dialect of NOAA's: the fields of a stream stand in it without elementType and record
        content = Record("", tuple(_parts(element, depth, known)))
    else:
        raise InvalidRequest(f"The array at {xml.where(element)} has no element type inline.")
    return Array(name, content, _count(element), element, optional)


def _count(element: etree._Element) -> int | None:
    """Give the declared number of elements; None where there is none, or it is told with the values."""
    holder = child(element, "elementCount")
    found = None if holder is None else next((each for each in holder.iter("{*}value")), None)
    text = xml.text_of(found)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _field(element: etree._Element, kind: str, name: str, *, optional: bool) -> Field:
    value = child(element, "value")
    text = None if value is None else " ".join("".join(value.itertext()).split()) if kind in RANGES else value.text
    return Field(
        kind=kind,
        name=name,
        definition=element.get("definition") or None,
        uom=_uom(element),
        nil_values=_nil_values(element),
        value=(text or "").strip() or None,
        identifier=_identifier(element),
        quality=_quality(element),
        reference_time=element.get("referenceTime"),
        optional=optional,
    )


def _with_quality(element: etree._Element, told: Field) -> Node:
    """
    Give a field, and after it the field of its quality where that stands inside of it without a value.

    Such a quality has a token of its own in the profile of IOOS, as every component without a value.
    """
    inner = xml.first_element(child(element, "quality"))
    if inner is None or told.value is not None or told.quality is not None or xml.local_name(inner) not in SCALARS:
        return told
    identifier = f"{told.name}#quality"
    quality = Field(QUALITY, identifier, inner.get("definition"), identifier=identifier)
    return Record(told.name, (replace(told, quality=identifier), quality), told.identifier)


def _uom(element: etree._Element) -> str | None:
    """Give the unit: its code, else what it refers to, else its title."""
    holder = child(element, "uom")
    if holder is None:
        return element.get("uom") or None
    return decode_swe_uom(holder) or holder.get(xml.XLINK_TITLE) or xml.text_of(holder)


def _nil_values(element: etree._Element) -> dict[str, str]:
    holder = child(element, "nilValues")
    if holder is None:
        return {}
    reference = xml.href(holder) or ""
    source = find_by_id(element, reference[1:]) if reference.startswith("#") else holder
    return {} if source is None else {
        (nil.text or "").strip(): nil.get("reason") or UNKNOWN for nil in source.iter("{*}nilValue")
    }  # fmt: skip


def _quality(element: etree._Element) -> str | None:
    """Give the id of the component that tells the quality, or the quality itself where it has a value."""
    holder = child(element, "quality")
    reference = xml.href(holder)
    if reference is not None:
        return reference.removeprefix("#")
    inner = xml.first_element(holder)
    return None if inner is None else _identifier(inner) or xml.text_of(child(inner, "value"))


def _identifier(element: etree._Element) -> str | None:
    names = ("id", xml.GML_ID, "{http://www.opengis.net/gml}id")
    return next((str(value) for name in names if (value := element.get(name))), None)


def find_by_id(element: etree._Element, identifier: str) -> etree._Element | None:
    """Find the element of an id in the document of an element."""
    return next((each for each in element.getroottree().iter("*") if _identifier(each) == identifier), None)


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """Give the first child of a local name, whatever its namespace."""
    if element is None:
        return None
    found: etree._Element | None = element.find(f"{{*}}{name}")
    return found
