"""What can be done with everything that mutes alerts, be it silences or inhibitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from weps.model import Page


class Muter(Protocol):
    """Something that mutes alerts."""

    @property
    def id(self) -> str:
        """Its identifier, which stands as `silenced` in what it mutes."""
        ...


AnyMuter = TypeVar("AnyMuter", bound=Muter)
Muter_co = TypeVar("Muter_co", bound=Muter, covariant=True)


class Muting(Protocol[Muter_co]):
    """How people look at what mutes alerts, and end it."""

    def page(self, page: Page, *, also_over: bool) -> tuple[Muter_co, ...]:
        """Give a page, newest first: of those that are not over, or of all."""
        ...

    def one(self, identifier: str) -> Muter_co:
        """Give one; raises `NotFoundError`."""
        ...

    def end(self, identifier: str) -> Muter_co:
        """End one now; what was muted is told. One that is over stays as it is. Raises `NotFoundError`."""
        ...
