"""How alerts are to be told, as clients say it: the language, templates of title and text, and what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from weps.model import AlertUse, Language
from weps.notify.telling import FIELDS
from weps.processes.base import InputSpec, Literal

if TYPE_CHECKING:
    from weps.processes.inputs import Inputs

_TEMPLATE = f"Names of fields in braces stand for what is known: {', '.join(f'{{{field}}}' for field in FIELDS)}."

TELLING_INPUTS = (
    InputSpec(
        "language",
        "The language of the alerts",
        Literal(allowed=tuple(language.value for language in Language)),
        "English (en) if left out.",
    ),
    InputSpec("titleTemplate", "The titles of the alerts", Literal(), _TEMPLATE),
    InputSpec(
        "messageTemplate",
        "The texts of the alerts",
        Literal(),
        f"{_TEMPLATE} {{message}} is the sentence and {{facts}} the lines that stand there without a template.",
    ),
    InputSpec(
        "alertStatus",
        "What the alerts are for, told in CAP messages",
        Literal(allowed=tuple(use.value for use in AlertUse)),
        "Test if left out: only the owner can say that people are to act on them.",
    ),
)
TELLING_PLACES = {name: name for name in ("titleTemplate", "messageTemplate")}


class Telling(TypedDict, total=False):
    """What was given of `TELLING_INPUTS`, by the members of subscriptions and changes."""

    language: Language
    title_template: str
    message_template: str
    alert_status: AlertUse


def read_telling(inputs: Inputs) -> Telling:
    """Give what was sent, as members of a new subscription or of changes."""
    given = Telling()
    if language := inputs.text("language"):
        given["language"] = Language(language)
    if title := inputs.text("titleTemplate"):
        given["title_template"] = title
    if message := inputs.text("messageTemplate"):
        given["message_template"] = message
    if use := inputs.text("alertStatus"):
        given["alert_status"] = AlertUse(use)
    return given
