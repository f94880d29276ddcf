"""What all processes that make subscriptions share: addresses are checked, then the subscription is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import InputError, RuleError, SourceRefused

if TYPE_CHECKING:
    from weps.model import NewSubscription, Subscription
    from weps.processes.base import Context


def check_address(context: Context, address: str, where: str) -> None:
    """Refuse an address that WEPS may not talk to; the fault is told as that of the input `where`."""
    try:
        context.fetcher.check(address)
    except SourceRefused as error:
        raise InputError(str(error), where) from error


def subscribe(
    context: Context, new: NewSubscription, *, rule_input: str, source_input: str, target_input: str
) -> Subscription:
    """Store a subscription; what is wrong with a part of it is told as a fault of the input that the part came in."""
    check_address(context, new.source.endpoint, source_input)
    for target in new.targets:
        check_address(context, target.address, target_input)
    try:
        return context.engine.subscribe(new)
    except RuleError as error:
        error.where = rule_input
        raise
