"""Annotations: parameters and qualities of observations, stored beside them for those that have some."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, exists, insert, select

from sos_server.model import Annotations, NamedValue, Quality
from sos_server.storage.tables import ANNOTATIONS, OBSERVATIONS, SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from sos_server.storage.batches import RowKey

SAME_KEY = and_(
    *(OBSERVATIONS.c[name] == ANNOTATIONS.c[name] for name in ("series_id", "first", "last", "result_time"))
)
# whether one of its observations tells more than its result: one look into an index
IS_ANNOTATED = exists().where(ANNOTATIONS.c.series_id == SERIES.c.id)
_KEY = ("series_id", "first", "last", "result_time")
# the number is that of a new observation only: one that was here already keeps what it tells
_INSERT = insert(ANNOTATIONS).from_select(
    [*_KEY, "annotations"],
    select(
        *(OBSERVATIONS.c[name] for name in _KEY), bindparam("new_annotations", type_=ANNOTATIONS.c.annotations.type)
    ).where(*(OBSERVATIONS.c[name] == bindparam(f"new_{name}") for name in (*_KEY, "id"))),
)


def insert_annotations(connection: Connection, annotated: Sequence[tuple[RowKey, Annotations]]) -> bool:
    """Store what new observations tell; gives whether one of their series had nothing to tell before."""
    if not annotated:
        return False
    series = {key[0] for key, _ in annotated}
    began = connection.execute(select(SERIES.c.id).where(SERIES.c.id.in_(series), ~IS_ANNOTATED)).first() is not None
    rows = [
        {f"new_{name}": value for name, value in zip((*_KEY, "id"), key, strict=True)}
        | {"new_annotations": json.dumps(told, separators=(",", ":"))}
        for key, told in annotated
    ]
    connection.execute(_INSERT, rows)
    return began


def read_annotations(text: str | None) -> Annotations | None:
    """Read what is stored of an observation."""
    if text is None:
        return None
    parameters, qualities = json.loads(text)
    return Annotations(
        tuple(NamedValue(*each) for each in parameters),
        tuple(Quality(*each) for each in qualities),
    )
