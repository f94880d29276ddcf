"""The plain thresholds of a network, in groups that are looked up together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.rules.index import Group

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from weps.model import Json
    from weps.rules.network_routes import Routes
    from weps.rules.threshold.simple import SimpleRule

SLOT_BITS = 32
MOST_SLOTS = (1 << SLOT_BITS) - 1


class Groups:
    """
    Which plain threshold is where.

    The place of a subscription is one number, made of the group's and the slot there: there may be a million of them.
    """

    def __init__(self, routes: Routes, orders: Iterator[int]) -> None:
        self._routes = routes
        self._orders = orders
        self._places: dict[str, int] = {}
        self._groups: dict[int, Group] = {}
        self._shapes: dict[SimpleRule, int] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, subscription_id: object) -> bool:
        return subscription_id in self._places

    def add(self, subscription_id: str, rule: SimpleRule, shape: SimpleRule, states: Mapping[str, Json]) -> None:
        """Put a plain threshold into the group of its shape."""
        number = self._shapes.get(shape)
        if number is None:
            number = self._shapes[shape] = next(self._orders)
            self._groups[number] = Group(shape)
            self._routes.open(shape.selection.selector).groups[number] = self._groups[number]
        group = self._groups[number]
        slot = group.add(subscription_id, next(self._orders), rule)
        if states:
            group.restore(slot, states)
        self._places[subscription_id] = number << SLOT_BITS | slot

    def remove(self, subscription_id: str) -> None:
        """Take a plain threshold out, and its group if it was the last."""
        place = self._places.pop(subscription_id)
        number, slot = place >> SLOT_BITS, place & MOST_SLOTS
        group = self._groups[number]
        group.remove(slot)
        if group.empty == len(group.subscriptions):
            selector = group.shape.selection.selector
            del self._groups[number], self._shapes[group.shape], self._routes.open(selector).groups[number]
            self._routes.close(selector)
        elif group.wasteful:
            group.compact()
            for place, kept in enumerate(group.subscriptions):
                self._places[str(kept)] = number << SLOT_BITS | place
