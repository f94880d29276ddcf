"""The JSON Schema of the threshold language."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given, settings

from tests.weps.rules.threshold.test_faults import FAULTS
from tests.weps.rules.threshold.test_random import joined, members, sequences, shown
from weps.rules.threshold import compile_threshold
from weps.rules.threshold.schema import json_schema

SCHEMA = jsonschema.Draft202012Validator(json_schema())
FORM = [
    "no object",
    "no type",
    "unknown type",
    "no condition",
    "unknown condition",
    "unknown member",
    "no threshold",
    "number as text",
    "bounds missing",
    "duration",
    "duration of months",
    "run of zero",
    "trigger",
    "pending that is neither",
    "severity",
    "function",
    "window missing",
    "no function",
    "member of another function",
    "window of a detector",
    "too many days",
    "negative tolerance",
    "quality",
    "no flag",
    "flag that is none",
    "member of quality",
    "unflagged",
    "quality of several",
    "too many exclusions",
    "half an area",
    "no after",
    "one rule",
    "rule in a rule",
    "sequence without within",
]


def test_the_schema_is_one():
    """
    It is valid for its own dialect, and as JSON.
    """
    jsonschema.Draft202012Validator.check_schema(json_schema())

    assert "https://json-schema.org/draft/2020-12/schema" == json.loads(json.dumps(json_schema()))["$schema"]


@settings(max_examples=150, deadline=None)
@given(members | shown() | joined | sequences)
def test_rules_that_compile_are_valid(rule):
    """
    Whatever they are made of.
    """
    compile_threshold(json.dumps(rule))

    assert [] == [error.message for error in SCHEMA.iter_errors(rule)]


@pytest.mark.parametrize("name", FORM)
def test_what_the_compiler_refuses_for_its_form_is_not_valid(name):
    """
    A client that looks at the schema learns of it without asking.
    """
    rule = json.loads(FAULTS[name][0])

    assert not SCHEMA.is_valid(rule)
