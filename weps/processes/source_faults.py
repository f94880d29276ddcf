"""Sources that cannot be read as a client has named them: what is told of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from weps.errors import FeedError, InputError, SourceException
from weps.feeders.contents import ContentsReader
from weps.feeders.http import without_query
from weps.feeders.sos import is_unknown_series
from weps.notify.text import without_keys
from weps.processes.source_inputs import SELECTORS, source_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weps.contents import Contents
    from weps.model import Source, Subscription
    from weps.processes.base import Context
    from weps.processes.inputs import Inputs

MOST_NAMED = 20


@contextmanager
def known_series(context: Context, source: Source, inputs: Inputs) -> Iterator[None]:
    """
    Tell a series that its source refuses inside as a fault of the input that names it, with the names that there are.

    All else that goes wrong with the source stays what it is.
    """
    try:
        yield
    except SourceException as error:
        if not is_unknown_series(error):
            raise
        locator = (error.locator or "").lower()
        named = (name for name in SELECTORS if name.lower() == locator and name in inputs)
        where = next(named, source_input(inputs))
        raise InputError(f"{error.message}{_offered(context, source, locator)}", where) from error


def failure_hint(subscription: Subscription, context: Context) -> str:
    """Tell why the source of a subscription cannot be read at present, if that is so."""
    feed = context.engine.store.feed(subscription.feed_id)
    if not feed.failures or feed.last_error is None:
        return ""
    return f". Its source could not be read, and is asked again: {without_keys(feed.last_error)}"


def _offered(context: Context, source: Source, locator: str) -> str:
    try:
        contents = ContentsReader(context.fetcher).read(source)
    except FeedError:
        return ""
    kind, names = _names(contents, locator)
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
