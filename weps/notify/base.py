"""What every channel is to the delivery: something that takes one alert to one address, and says what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weps.ledger import Receipt
    from weps.model import Alert


class Channel(Protocol):
    """Pushes alerts. May be asked to send the same alert again; receivers drop doubles by the alert's id."""

    def send(self, alert: Alert, address: str) -> Receipt:
        """Send one alert; raises `DeliveryError` when the target did not take it."""
        ...

    def check(self, address: str) -> None:
        """Refuse an address that can never be sent to; raises `InputError`."""
        ...


@dataclass(frozen=True, slots=True)
class Portion:
    """How many of the waiting alerts go out together now; with none, when to ask again in seconds."""

    count: int
    wait: float = 0.0


@runtime_checkable
class Gathering(Protocol):
    """What a channel also is that may take several alerts at once, or make them wait for one another."""

    def portion(self, address: str, waiting: int) -> Portion:
        """Tell how many of the waiting alerts to send together now."""
        ...

    def send_all(self, alerts: Sequence[Alert], address: str) -> Receipt:
        """Send alerts as one; raises `DeliveryError` when the target did not take them."""
        ...


@runtime_checkable
class Signing(Protocol):
    """What a channel also is that signs what it sends."""

    def secret(self, subscription_id: str, address: str) -> str:
        """Give the secret that the messages of a subscription to an address are signed with."""
        ...


def beginning(body: bytes, limit: int = 200) -> str:
    """Give the beginning of an answer as text that can be kept and shown."""
    text = body[: 4 * limit].decode("utf-8", "replace")
    return "".join(character if character.isprintable() else " " for character in text)[:limit].strip()
