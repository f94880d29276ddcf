"""What every channel is to the delivery: something that takes one alert to one address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from weps.model import Alert


class Channel(Protocol):
    """Pushes alerts. May be asked to send the same alert again; receivers drop doubles by the alert's id."""

    def send(self, alert: Alert, address: str) -> None:
        """Send one alert; raises `DeliveryError` when the target did not take it."""
        ...

    def check(self, address: str) -> None:
        """Refuse an address that can never be sent to; raises `InputError`."""
        ...
