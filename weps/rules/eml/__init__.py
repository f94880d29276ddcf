"""Event Pattern Markup Language 0.0.1 and 0.0.2."""

from weps.rules.eml.compile import compile_eml

__all__ = ["compile_eml"]
