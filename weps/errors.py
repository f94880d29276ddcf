"""
Everything that can go wrong, and who is to blame.

    WepsError
    ├── InputError          the client sent something wrong      → OWS InvalidParameterValue, exit code 1
    │   ├── MissingInputError   … left something out             → OWS MissingParameterValue
    │   ├── RuleError           … a rule that does not compile (all faults, each with its line)
    │   └── TemplateError       … a GetObservation template that cannot be used
    ├── NotFoundError       no such subscription, feed, alert    → OWS InvalidParameterValue, elsewhere HTTP 404
    ├── FeedError           a source could not be read           → the feed backs off, nothing moves
    │   ├── SourceRefused       … its address is not allowed
    │   ├── SourceDenied        … it has said that it will give us nothing; its subscribers are told at once
    │   ├── SourceUnreachable   … no or late answer
    │   │   └── SourceTooSlow       … not within the time that is waited; it may answer when asked for less
    │   ├── SourceException     … it answered an OWS exception report
    │   └── SourceGarbled       … it answered something that is no observations
    │       └── SourceTooLarge      … or more than is taken at once
    ├── StoreError          the store can do nothing just now     → HTTP 503, to be tried again
    ├── StateError          a stored state does not fit its rule → the rule has to be started anew
    ├── DeliveryError       a target did not take an alert       → the outbox tries again
    └── SettingsError       the configuration is wrong           → the start stops with one line

Inner code raises these; one table at each face (`processes/`, `web.py`, `__main__.py`) turns them into its own words.
"""

from __future__ import annotations

from dataclasses import dataclass


class WepsError(Exception):
    """
    The root of all errors that WEPS raises on purpose.

    `message` says what is wrong and what to do, `where` names the place: an input's identifier, `line 12`, a URL.
    """

    def __init__(self, message: str, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class InputError(WepsError):
    """The client sent something that cannot be used."""


class MissingInputError(InputError):
    """The client left out something that is needed."""


class TemplateError(InputError):
    """A GetObservation template cannot be used."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a rule: what, and what to do, at a 1-based line of the text (0: the whole text)."""

    line: int
    message: str


class RuleError(InputError):
    """A rule does not compile; `faults` has every reason, in the order of their lines."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        ordered = tuple(sorted(faults, key=lambda fault: fault.line))
        text = "; ".join(f"line {fault.line}: {fault.message}" if fault.line else fault.message for fault in ordered)
        super().__init__(text, where="rule")
        self.faults = ordered


class NotFoundError(WepsError):
    """What was asked for does not exist."""


class StoreError(WepsError):
    """The store can do nothing just now, such as on a full disk; nothing of what was asked for is kept."""


class FeedError(WepsError):
    """A source could not be read."""


class SourceRefused(FeedError):
    """The address of a source is not one that WEPS may talk to."""


class SourceDenied(FeedError):
    """A source has said for good that it will give us nothing."""


class SourceUnreachable(FeedError):
    """A source gave no answer, or not in time; `retry_after` is its own wish in seconds, if it stated one."""

    def __init__(self, message: str, where: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, where)
        self.retry_after = retry_after


class SourceTooSlow(SourceUnreachable):
    """A source did not answer in time; ask it for less."""


class SourceException(FeedError):
    """A source answered with an OWS exception report; `code` is its exceptionCode, `locator` what it points at."""

    def __init__(
        self, message: str, where: str | None = None, code: str | None = None, locator: str | None = None
    ) -> None:
        super().__init__(message, where)
        self.code = code
        self.locator = locator


class SourceGarbled(FeedError):
    """A source answered with something that does not hold observations."""


class SourceTooLarge(SourceGarbled):
    """A source answered with more octets than are taken at once; ask it for less."""


class StateError(WepsError):
    """A stored state is of a version that is not known, or of another rule."""


class DeliveryError(WepsError):
    """
    A target did not take an alert; `permanent` when trying again cannot help.

    `status` and `answer` are what it answered, `retry_after` its own wish in seconds, if it stated one. A target that
    is `gone` is not asked again for any alert.
    """

    def __init__(
        self,
        message: str,
        where: str | None = None,
        permanent: bool = False,
        *,
        status: int | None = None,
        answer: str = "",
        retry_after: float | None = None,
        gone: bool = False,
    ) -> None:
        super().__init__(message, where)
        self.permanent = permanent
        self.status = status
        self.answer = answer
        self.retry_after = retry_after
        self.gone = gone


class SettingsError(WepsError):
    """The configuration is wrong."""
