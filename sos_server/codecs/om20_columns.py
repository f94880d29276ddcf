"""Placeholder until measured."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from sos_server.model import Observation


def decode(root: etree._Element) -> Iterator[Observation] | None:
    """Nothing yet."""
    return None
