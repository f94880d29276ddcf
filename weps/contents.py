"""
What a service announces in its capabilities, and what is not announced any more when it is read again.

Names are all that tells things apart. So something is taken as renamed only where one name went and one came in the
same offering; all else is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from weps.model import SourceChange

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from weps.model import Series

OFFERING, PROCEDURE, PROPERTY = "offering", "procedure", "observedProperty"


@dataclass(frozen=True, slots=True)
class Offering:
    """An offering: `names` are all that it can be asked for by; `begin` and `end` are of its phenomenon times."""

    id: str
    names: tuple[str, ...]
    procedures: tuple[str, ...]
    properties: tuple[str, ...]
    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a service announces."""

    title: str
    offerings: tuple[Offering, ...]

    @property
    def procedures(self) -> frozenset[str]:
        """The procedures of all offerings."""
        return frozenset(name for offering in self.offerings for name in offering.procedures)

    @property
    def properties(self) -> frozenset[str]:
        """The observed properties of all offerings."""
        return frozenset(name for offering in self.offerings for name in offering.properties)

    def offering(self, identifier: str | None) -> Offering | None:
        """Give an offering by its identifier, None where there is none."""
        return next((offering for offering in self.offerings if offering.id == identifier), None)


def compare(before: Contents, after: Contents) -> tuple[SourceChange, ...]:
    """Give what was announced before and is not any more, in the order in which it was announced."""
    successors = _successors(before, after)
    procedures = after.procedures
    changes: list[SourceChange] = []
    for offering in before.offerings:
        successor = successors.get(offering.id)
        if successor is None:
            changes.append(SourceChange(OFFERING, offering.id, offering=offering.id))
            gone = [name for name in offering.procedures if name not in procedures]
            changes += [SourceChange(PROCEDURE, name, offering=offering.id) for name in gone]
            continue
        if successor.id != offering.id:
            changes.append(SourceChange(OFFERING, offering.id, successor.id, offering.id))
        changes += _gone(PROCEDURE, offering.id, offering.procedures, successor.procedures)
        changes += _gone(PROPERTY, offering.id, offering.properties, successor.properties)
    return tuple(changes)


def concerns(
    change: SourceChange,
    before: Contents,
    selection: Mapping[str, tuple[str, ...]],
    observed: Collection[Series],
) -> bool:
    """
    Tell whether a change is one for who asks for a selection, and has observed some series by it.

    What the selection does not name is what was observed. A property matters in the offerings that are asked, or those
    of the procedures that are.
    """
    offering = before.offering(change.offering)
    if offering is None:
        return False
    offerings = selection.get(OFFERING)
    if offerings and not set(offerings) & set(offering.names):
        return False
    if change.kind == OFFERING:
        return bool(offerings)
    if change.kind == PROCEDURE:
        return change.before in (selection.get(PROCEDURE) or {series.procedure for series in observed})
    procedures = set(selection.get(PROCEDURE) or (series.procedure for series in observed))
    properties = selection.get(PROPERTY) or {series.observed_property for series in observed}
    return change.before in properties and (bool(offerings) or bool(procedures & set(offering.procedures)))


def contents_to_json(contents: Contents) -> dict[str, Any]:
    """Give contents as they are kept."""
    return {
        "title": contents.title,
        "offerings": [
            {
                "id": offering.id,
                "names": list(offering.names),
                "procedures": list(offering.procedures),
                "properties": list(offering.properties),
                "begin": offering.begin.isoformat() if offering.begin else None,
                "end": offering.end.isoformat() if offering.end else None,
            }
            for offering in contents.offerings
        ],
    }


def contents_from_json(stored: dict[str, Any]) -> Contents:
    """Give the contents back."""
    return Contents(stored["title"], tuple(_offering(offering) for offering in stored["offerings"]))


def _offering(stored: dict[str, Any]) -> Offering:
    begin, end = (datetime.fromisoformat(stored[name]) if stored[name] else None for name in ("begin", "end"))
    names, procedures, properties = (tuple(stored[name]) for name in ("names", "procedures", "properties"))
    return Offering(stored["id"], names, procedures, properties, begin, end)


def _successors(before: Contents, after: Contents) -> dict[str, Offering]:
    """Give what became of each offering: the one of its name, or the only new one that has all that it had."""
    now = {offering.id: offering for offering in after.offerings}
    known = {offering.id for offering in before.offerings}
    came = [offering for offering in after.offerings if offering.id not in known]
    found = {}
    for offering in before.offerings:
        alike = [one for one in came if one.procedures and _serves(one) == _serves(offering)]
        if offering.id in now:
            found[offering.id] = now[offering.id]
        elif len(alike) == 1:
            found[offering.id] = alike[0]
    return found


def _serves(offering: Offering) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(offering.procedures), frozenset(offering.properties)


def _gone(kind: str, offering: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[SourceChange]:
    gone = [name for name in before if name not in after]
    came = [name for name in after if name not in before]
    renamed = came[0] if len(gone) == len(came) == 1 else None
    for name in gone:
        yield SourceChange(kind, name, renamed, offering)
