"""The page about detectors says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

from benchmarks.nab import SETTINGS
from weps.rules.threshold import compile_threshold
from weps.rules.threshold.schema import json_schema
from weps.rules.threshold.spec import FUNCTIONS, Aggregate, Model, StuckSpec

PAGE = (Path(__file__).resolve().parents[5] / "docs" / "detectors.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
DETECTORS: dict[str, type[Model]] = {name: model for name, model in FUNCTIONS.items() if model is not Aggregate}


def name_of(rule):
    return rule["of"]["function"] if "of" in rule else rule["type"]


def test_each_detector_has_an_example_that_works():
    """
    Every example compiles and is valid by the schema.
    """
    for rule in EXAMPLES:
        compile_threshold(json.dumps(rule))
        jsonschema.Draft202012Validator(json_schema()).validate(rule)

    assert {"stuck", *DETECTORS} == {name_of(rule) for rule in EXAMPLES}


def test_each_member_is_named_with_its_default():
    """
    The table of the page lists what the models read.
    """
    lines = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}

    own = ("after", "tolerance", "uom", "min_count")
    for name, model in {**DETECTORS, "stuck": StuckSpec}.items():
        for member, field in model.model_fields.items():
            if member not in ("function",) and (model is not StuckSpec or member in own):
                assert f"`{field.alias or member}`" in lines[name]
                default = "" if field.is_required() or field.default is None else f" ({field.default}"
                assert f"`{field.alias or member}`{default}" in lines[name]


def test_the_settings_of_the_evaluation_are_those_of_the_examples():
    """
    Whoever copies an example gets what the table tells.
    """
    examples = {name_of(rule): rule for rule in EXAMPLES}
    members = ("of", "condition", "threshold", "reset", "after")

    for name, rule in SETTINGS.items():
        assert [rule.get(member) for member in members] == [examples[name].get(member) for member in members]
