"""Event Pattern Markup Language 0.0.1 and 0.0.2."""

from weps.rules.eml.compile import compile_eml
from weps.rules.eml.print import print_document

__all__ = ["compile_eml", "print_document"]
