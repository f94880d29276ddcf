"""Templates of strangers: a text with names of fields in braces, and nothing else that could be run."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def template_faults(template: str, fields: Collection[str], what: str) -> list[str]:
    """Give what is wrong with a template, and what to do; `what` is how the template is called there."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        return [f"{what} has a single brace ({error}); write {{{{ or }}}} for a brace that is meant"]
    known = ", ".join(fields)
    return [
        f"{what} has {{{field}}}, which is no field; use only the names {known}"
        for _, field, layout, conversion in parts
        if field is not None and (field not in fields or layout or conversion)
    ]


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Fill a checked template: each name in braces is replaced by its value, once."""
    return "".join(text + (values[field] if field else "") for text, field, _, _ in Formatter().parse(template))
