"""The table of rule languages, and how a text is recognised."""

from __future__ import annotations

import jsonschema
import pytest

from weps.errors import RuleError
from weps.model import RuleText
from weps.rules.languages import (
    CQL2_JSON,
    CQL2_TEXT,
    EML_001,
    EML_002,
    FES,
    LANGUAGES,
    TEMPLATE,
    THRESHOLD,
    compile_rule,
    detect_language,
)

NO_DATA = '{"type": "noData", "after": "PT1H"}'
CQL = '{"op": ">", "args": [{"property": "value"}, 5]}'


@pytest.mark.parametrize(
    ("text", "mime_type", "expected"),
    [
        (NO_DATA, None, THRESHOLD),
        ("\ufeff\n " + NO_DATA, "application/json", THRESHOLD),
        ('{"typo": 5}', None, THRESHOLD),
        ('{"type": ', None, THRESHOLD),
        ('{"type": "threshold", "op": 5}', None, THRESHOLD),
        ('<?xml version="1.0"?><EML xmlns="http://www.opengis.net/eml/0.0.1"/>', "text/xml", EML_001),
        ('<eml:EML xmlns:eml="http://www.opengis.net/eml/0.0.2"/>', None, EML_002),
        ('<!-- <EML> --><fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"/>', "text/xml", FES),
        ("value > 5", None, CQL2_TEXT),
        (" (value > 5)", "text/plain; charset=utf-8", CQL2_TEXT),
        (CQL, "application/json", CQL2_JSON),
        ('{"template": "<EML/>"}', None, TEMPLATE),
    ],
    ids=[
        "json",
        "json with a byte order mark",
        "json of no language",
        "json that is none",
        "json with a type",
        "eml 0.0.1",
        "eml 0.0.2",
        "filter",
        "cql2 text",
        "cql2 text in brackets",
        "cql2 json",
        "template",
    ],
)
def test_language_is_told_by_the_text(text, mime_type, expected):
    """
    By its first sign: JSON then by a member that no other language has, XML by its root and namespace.
    """
    assert expected == detect_language(text, mime_type)


@pytest.mark.parametrize(
    ("text", "mime_type", "message"),
    [
        ("", None, "the rule is empty"),
        (" \n", "text/xml", "the rule is empty"),
        ("<!-- a --><fes:Filter/>", None, "this is XML (Filter) but neither EML nor a filter"),
        ("<EML/>", None, "this is XML (EML) but neither EML nor a filter"),
        (NO_DATA, "text/xml", "declared as text/xml but is JSON"),
        ("<EML/>", "application/json", "declared as application/json but is XML"),
        ("value > 5", "application/json", "declared as application/json but is text"),
    ],
)
def test_text_in_no_known_language_is_refused(text, mime_type, message):
    """
    The refusal names the languages that can be used.
    """
    with pytest.raises(RuleError) as refused:
        detect_language(text, mime_type)

    assert message in str(refused.value)
    assert all(key in str(refused.value) for key in LANGUAGES)


def test_rule_is_compiled_in_its_language():
    """
    The key of the table decides; an unknown key is refused.
    """
    rule = compile_rule(RuleText(THRESHOLD, NO_DATA))

    assert "no observation for PT1H" == rule.name
    with pytest.raises(RuleError, match="'sieve' is no rule language"):
        compile_rule(RuleText("sieve", NO_DATA))


@pytest.mark.parametrize("key", LANGUAGES)
def test_language_says_what_it_supports(key):
    """
    In words, and where it can as a schema: published for the languages of the OGC, made here for our own.
    """
    language = LANGUAGES[key]

    assert language.title
    assert all(line and "\n" not in line for line in language.supported)
    assert language.mime_type in {"application/json", "text/xml", "text/plain"}
    assert (language.json_schema is not None) == (key in {THRESHOLD, TEMPLATE})
    assert (language.schema_url is not None) == (key in {EML_001, FES, CQL2_TEXT, CQL2_JSON})


def test_languages_of_conditions_look_at_once():
    """
    A condition that holds already is told at once; EML and what becomes EML begin with nothing seen.
    """
    assert {THRESHOLD, FES, CQL2_TEXT, CQL2_JSON} == {key for key, one in LANGUAGES.items() if one.first_look}


@pytest.mark.parametrize(
    ("key", "rule", "valid"),
    [
        (THRESHOLD, {"type": "threshold", "condition": "lessThan", "threshold": 5}, True),
        (THRESHOLD, {"type": "threshold", "condition": "lessThan"}, False),
        (TEMPLATE, {"template": "<EML>${a}</EML>", "parameters": {"a": 5}}, True),
        (TEMPLATE, {"template": {"definition": {"content": "<EML/>"}}, "parameters": [{"a": "b"}]}, True),
        (TEMPLATE, {"template": "<EML/>", "parameters": {"a": {}}}, False),
        (TEMPLATE, {"parameters": {"a": 5}}, False),
    ],
)
def test_schemas_tell_right_from_wrong(key, rule, valid):
    """
    The schemas of our own languages take what compiles.
    """
    schema = LANGUAGES[key].json_schema()

    jsonschema.Draft202012Validator.check_schema(schema)
    assert valid is jsonschema.Draft202012Validator(schema).is_valid(rule)
