"""Why a text is no JSON, as it can be told to whoever wrote it."""

from __future__ import annotations

import json


def json_fault(error: Exception) -> str:
    """Give the reason of what `json.loads` raised, without the inside of Python."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not in UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if "int_max_str_digits" in str(error):
        return "a number has too many digits"
    return str(error)
