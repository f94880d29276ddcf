"""Series that a source does not know: whoever named them is told what there is instead."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from weps.errors import FeedError, InputError, SourceException
from weps.feeders.contents import ContentsReader
from weps.feeders.http import without_query
from weps.feeders.sos import is_unknown_series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weps.contents import Contents
    from weps.model import Source
    from weps.processes.base import Context

MOST_NAMED = 20


@contextmanager
def known_series(context: Context, source: Source, where: str) -> Iterator[None]:
    """
    Tell a series that its source refuses inside as a fault of the input `where`, with the names that it announces.

    All else that goes wrong with the source stays what it is.
    """
    try:
        yield
    except SourceException as error:
        if not is_unknown_series(error):
            raise
        raise InputError(f"{error.message}{_offered(context, source, error.locator or '')}", where) from error


def _offered(context: Context, source: Source, locator: str) -> str:
    try:
        contents = ContentsReader(context.fetcher).read(source)
    except FeedError:
        return ""
    kind, names = _names(contents, locator.lower())
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"; {without_query(source.endpoint)} has the {kind} {', '.join(sorted(names)[:MOST_NAMED])}{more}"


def _names(contents: Contents, locator: str) -> tuple[str, frozenset[str]]:
    """Give what is announced of the kind that was refused; features are not announced by all services."""
    if locator == "procedure":
        return "procedures", contents.procedures
    if locator == "observedproperty":
        return "observed properties", contents.properties
    return "offerings", frozenset(each.id for each in contents.offerings) if locator == "offering" else frozenset()
