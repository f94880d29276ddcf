"""
A second evaluator of EML, written from the text of the semantics alone, to check the engine against.

It shares no code with `weps.rules`. It keeps every event, plays the whole history of a view again at every step, and
cares for nothing but being read beside the text. The numbers in the docstrings are sections of that text.
"""

from __future__ import annotations

from tests.weps.rules.eml.reference.document import read_document
from tests.weps.rules.eml.reference.evaluator import Evaluator, Found

__all__ = ["Evaluator", "Found", "read_document"]
