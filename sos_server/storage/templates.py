"""Templates of results in the database."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from sos_server.errors import InvalidParameterValue
from sos_server.model import Feature, ResultTemplate
from sos_server.storage.base import insert_row
from sos_server.storage.tables import OFFERINGS, PROCEDURES, RESULT_TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Row, Select


def insert_template(
    connection: Connection, template: ResultTemplate, agree: Callable[[ResultTemplate, ResultTemplate], bool]
) -> None:
    """Store a template; raises where its identifier is taken, or it does not agree with those of its place."""
    offering = connection.scalar(select(OFFERINGS.c.id).where(OFFERINGS.c.identifier == template.offering))
    if offering is None:
        raise InvalidParameterValue(f"The offering {template.offering!r} was just deleted.", "offering")
    others = templates_of(connection, template.offering, template.observed_property)
    if others and not agree(template, others[0]):
        raise InvalidParameterValue(
            f"The template {others[0].identifier!r} has another structure or encoding for the same offering and "
            "property; use that, or an offering of your own.",
            "proposedTemplate",
        )
    if find_template(connection, template.identifier) is not None:
        raise InvalidParameterValue(
            f"There is a template {template.identifier!r} already; give another identifier, or none.", "identifier"
        )
    feature = None if template.feature is None else json.dumps(asdict(template.feature), separators=(",", ":"))
    values = {
        "identifier": template.identifier,
        "offering_id": offering,
        "observed_property": template.observed_property,
        "observation_type": template.observation_type,
        "feature_of_interest": template.feature_of_interest,
        "feature": feature,
        "structure": template.structure,
        "encoding": template.encoding,
    }
    insert_row(connection, RESULT_TEMPLATES, values)


def find_template(connection: Connection, identifier: str) -> ResultTemplate | None:
    """Give a template, None where there is none of this identifier."""
    found = connection.execute(_templates().where(RESULT_TEMPLATES.c.identifier == identifier)).one_or_none()
    return None if found is None else _read(found)


def templates_of(connection: Connection, offering: str, observed_property: str) -> tuple[ResultTemplate, ...]:
    """Give the templates for a property in an offering, in the order they came."""
    query = _templates().where(
        OFFERINGS.c.identifier == offering, RESULT_TEMPLATES.c.observed_property == observed_property
    )
    return tuple(map(_read, connection.execute(query)))


def delete_templates(
    connection: Connection, identifiers: Sequence[str], places: Sequence[tuple[str, str]]
) -> tuple[str, ...]:
    """Delete templates by their identifiers or their places; gives the identifiers, raises where there is none."""
    for identifier in identifiers:
        if find_template(connection, identifier) is None:
            raise InvalidParameterValue(f"There is no template {identifier!r} here.", "resultTemplate")
    found = list(identifiers)
    for place in places:
        of_place = [template.identifier for template in templates_of(connection, *place)]
        if not of_place:
            raise InvalidParameterValue(f"There is no template for {place[1]!r} in {place[0]!r}.", "resultTemplate")
        found += of_place
    connection.execute(delete(RESULT_TEMPLATES).where(RESULT_TEMPLATES.c.identifier.in_(found)))
    return tuple(dict.fromkeys(found))


def _templates() -> Select[Any]:
    return (
        select(RESULT_TEMPLATES, OFFERINGS.c.identifier.label("offering"), PROCEDURES.c.identifier.label("procedure"))
        .join(OFFERINGS, RESULT_TEMPLATES.c.offering_id == OFFERINGS.c.id)
        .join(PROCEDURES, OFFERINGS.c.procedure_id == PROCEDURES.c.id)
        .order_by(RESULT_TEMPLATES.c.id)
    )


def _read(row: Row[Any]) -> ResultTemplate:
    return ResultTemplate(
        identifier=row.identifier,
        offering=row.offering,
        procedure=row.procedure,
        observed_property=row.observed_property,
        feature_of_interest=row.feature_of_interest,
        observation_type=row.observation_type,
        structure=row.structure,
        encoding=row.encoding,
        feature=None if row.feature is None else Feature(**json.loads(row.feature)),
    )
