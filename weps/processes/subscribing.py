"""What all processes that handle subscriptions share: faults are told by input, addresses are checked."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from weps.errors import InputError, NotFoundError, SourceRefused
from weps.notify.targets import without_login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from weps.model import NewSubscription, Subscription, Target
    from weps.processes.base import Context


@contextmanager
def told_of(names: Mapping[str, str]) -> Iterator[None]:
    """
    Tell what goes wrong inside as a fault of the input that a client knows.

    `names` has the identifiers of inputs by the places that inner code names; `""` stands for every other place.
    """
    try:
        yield
    except (InputError, NotFoundError) as error:
        error.where = names.get(error.where or "", names.get("", error.where or ""))
        raise


def check_address(context: Context, address: str, where: str) -> None:
    """Refuse an address that WEPS can never talk to; the fault is told as that of the input `where`."""
    try:
        context.fetcher.check(address)
    except SourceRefused as error:
        raise InputError(str(error), where) from error


def check_target(context: Context, target: Target, where: str) -> None:
    """Refuse a target that WEPS can never send to; mailboxes are checked by their channel."""
    address = target.address.strip()
    if address.lower().startswith(("http://", "https://")):
        check_address(context, address, where)
    elif address.lower().startswith(("mqtt://", "mqtts://")):
        # Brokers may be told who we are, and their topics may have blanks.
        check_address(context, "/".join(without_login(address).split("/")[:3]).partition("?")[0], where)


def subscribe(context: Context, new: NewSubscription, names: Mapping[str, str]) -> Subscription:
    """Store a subscription; `names` has the inputs that `rule`, `source`, `samplingRate` and `sink` came in."""
    check_address(context, new.source.endpoint, names["source"])
    for target in new.targets:
        check_target(context, target, names["sink"])
    with told_of(names):
        subscription = context.engine.subscribe(new)
    context.subscribed(subscription)
    return subscription
