"""The threshold language: conditions on values, windows and silence, alone or together, written as JSON."""

from weps.rules.threshold.compile import compile_threshold

__all__ = ["compile_threshold"]
