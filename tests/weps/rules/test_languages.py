"""The table of rule languages, and how a text is recognised."""

from __future__ import annotations

import pytest

from weps.errors import RuleError
from weps.model import RuleText
from weps.rules.languages import EML_001, EML_002, LANGUAGES, THRESHOLD, compile_rule, detect_language

NO_DATA = '{"type": "noData", "after": "PT1H"}'


@pytest.mark.parametrize(
    ("text", "mime_type", "expected"),
    [
        (NO_DATA, None, THRESHOLD),
        ("\ufeff\n " + NO_DATA, "application/json", THRESHOLD),
        ('<?xml version="1.0"?><EML xmlns="http://www.opengis.net/eml/0.0.1"/>', "text/xml", EML_001),
        ('<eml:EML xmlns:eml="http://www.opengis.net/eml/0.0.2"/>', None, EML_002),
    ],
    ids=["json", "json with a byte order mark", "eml 0.0.1", "eml 0.0.2"],
)
def test_language_is_told_by_the_text(text, mime_type, expected):
    """
    By its first character, and XML by its namespace.
    """
    assert expected == detect_language(text, mime_type)


@pytest.mark.parametrize(
    ("text", "mime_type", "message"),
    [
        ("", None, "the rule is empty"),
        ("value > 5", None, "a rule does not begin with 'v'"),
        ("<!-- a --><fes:Filter/>", None, "this is XML (Filter) but no EML"),
        (NO_DATA, "text/xml", "declared as text/xml but is JSON"),
        ("<EML/>", "application/json", "declared as application/json but is XML"),
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
