"""Eventing templates: an EML text with parameters, filled with values that never become markup."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import level
from weps.errors import RuleError
from weps.rules.eventing_template import compile_template

EML = """\
<EML xmlns="http://www.opengis.net/eml/0.0.1" xmlns:fes="http://www.opengis.net/fes/2.0">
<!-- tells when it is above ${nothing} -->
<SimplePatterns><SimplePattern inputName="input" patternID="over">
<SelectFunctions><SelectFunction newEventName="over" outputName="${output}"><SelectEvent eventName="input"/>
</SelectFunction></SelectFunctions>
<Guard><fes:Filter><fes:PropertyIsGreaterThan><fes:ValueReference>input/doubleValue</fes:ValueReference>
<fes:Literal>${level}</fes:Literal></fes:PropertyIsGreaterThan></fes:Filter></Guard>
<PropertyRestrictions><PropertyRestriction><name>procedure</name><value>${sensor}</value></PropertyRestriction>
</PropertyRestrictions></SimplePattern></SimplePatterns><ComplexPatterns/><TimerPatterns/><RepetitivePatterns/></EML>
"""
VALUES = {"output": "too high", "level": 2.5, "sensor": "gauge-1"}
FILTER = (
    '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"><fes:PropertyIsLike wildCard="*" singleChar="?" '
    'escapeChar="!"><fes:ValueReference>procedure</fes:ValueReference><fes:Literal>${pattern}</fes:Literal>'
    "</fes:PropertyIsLike></fes:Filter>"
)


def filled(values, template=EML):
    return compile_template(json.dumps({"template": template, "parameters": values}))


def outputs(found):
    return [(one.output, one.value) for one in found]


def test_a_filled_template_is_the_rule_that_it_makes(play):
    """
    Texts and numbers stand where their names stood, in elements and in attributes.
    """
    rule = filled(VALUES)

    found = play(rule, [level(0, 2.5), level(1, 2.6), level(2, 9, procedure="gauge-2")])

    assert [("too high", 2.6)] == outputs(found)


def test_documents_of_the_eventing_service_are_read(play):
    """
    A template document with declared parameters and an escaped text, and values as a list of objects.
    """
    escaped = EML.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    document = {
        "id": "over",
        "label": "Too high",
        "parameters": [{"name": "level", "dataType": "number"}, {"name": "sensor", "dataType": "text"}],
        "definition": {"content": escaped, "contentType": "application/xml"},
    }
    values = [{"level": 2}, {"sensor": "gauge-1"}, {"output": "too high"}]

    rule = compile_template(json.dumps({"template": document, "parameters": values}))

    assert [("too high", 3)] == outputs(play(rule, [level(0, 3)]))


def test_filters_can_be_templates(play):
    """
    A Filter Encoding text is filled in the same way.
    """
    rule = filled({"pattern": "gauge-*"}, FILTER)

    assert ["firing"] == [one.event for one in play(rule, [level(0, 1), level(1, 1, procedure="other")])]


@pytest.mark.parametrize(
    "value",
    [
        'a" b="c',
        "</value><value>x",
        "<!-- x -->",
        "&amp; &",
        "]]>",
        "line\nbreak\ttab",
        "${level}",
        "it's",
        "ünïcode 🌊",
    ],
)
def test_values_are_text_and_never_markup(play, value):
    """
    Whatever is in a value, it is found again as it was written, in attributes as well as in elements.
    """
    rule = filled({**VALUES, "output": value, "sensor": value})

    found = play(rule, [level(0, 3, procedure=value.strip())])

    assert [(value.strip(), 3)] == outputs(found)


def test_values_in_character_data_stay_there(play):
    """
    In a CDATA section a value is written as it is, and cannot end the section.
    """
    template = EML.replace("<value>${sensor}</value>", "<value><![CDATA[${sensor}]]></value>")

    found = play(filled({**VALUES, "sensor": "a]]><b>&"}, template), [level(0, 3, procedure="a]]><b>&")])

    assert [("too high", 3)] == outputs(found)


def test_rules_without_parameters_need_no_values(play):
    """
    A template without places is the EML that it is.
    """
    text = EML.replace("${output}", "x").replace("${level}", "2").replace("${sensor}", "gauge-1")

    assert [("x", 3)] == outputs(play(compile_template(json.dumps({"template": text})), [level(0, 3)]))


def lines(*members):
    """A rule whose members stand each on a line of its own, from line 2 on."""
    return "{\n" + ",\n".join(members) + "\n}"


TEMPLATE = f'"template": {json.dumps(EML)}'
FAULTS = {
    "missing value": (
        lines(TEMPLATE, '"parameters": {"output": "x", "level": 1}'),
        2,
        "template, line 8: ${sensor} has no value; give sensor in parameters",
    ),
    "unknown parameter": (
        lines(TEMPLATE, '"parameters": {"output": "x", "level": 1, "sensor": "a",\n"sensr": "b"}'),
        4,
        "the template has no parameter sensr; it has level, output, sensor",
    ),
    "parameter of a comment only": (
        lines(TEMPLATE, f'"parameters": {json.dumps(VALUES | {"nothing": 1})}'),
        3,
        "the template has no parameter nothing",
    ),
    "given twice": (
        lines(TEMPLATE, '"parameters": [{"output": "x", "level": 1, "sensor": "a"},\n{"level": 2}]'),
        4,
        "the parameter level is given twice",
    ),
    "no text": (
        lines(TEMPLATE, '"parameters": {"output": "x", "sensor": "a",\n"level": [1]}'),
        4,
        "the parameter level is [1]; write a text or a number",
    ),
    "not in XML": (
        lines(TEMPLATE, '"parameters": {"output": "x", "level": 1,\n"sensor": "\\u0001"}'),
        4,
        "the parameter sensor has characters that cannot be written in XML",
    ),
    "no object": (lines(TEMPLATE, '"parameters": "level=1"'), 3, "parameters is an object of names and values"),
    "no template": (lines('"template": 5'), 2, "template is an EML text"),
    "document without text": (lines('"template": {"definition":\n{}}'), 3, "template is an EML text"),
    "unknown member": (lines(TEMPLATE, '"values": {}', '"parameters": {}'), 3, "values is no member of a template"),
    "no name": (lines('"template": "<EML>${1 + 1}</EML>"'), 2, "template, line 1: ${1 + 1} is no parameter"),
    "place as a tag": (
        lines('"template": "<EML>\\n<${kind}/></EML>"', '"parameters": {"kind": "SimplePatterns"}'),
        2,
        "template, line 2: The document is not well-formed XML",
    ),
    "fault in the EML": (
        lines(
            """"template": "<EML xmlns='http://www.opengis.net/eml/0.0.1'>\\n<Rule>${a}</Rule></EML>\"""",
            '"parameters": {"a": 1}',
        ),
        2,
        "template, line 1: EML has no SimplePatterns; add one",
    ),
    "neither EML nor filter": (lines('"template": "<Rule/>"'), 2, "template, line 1: the root is Rule; it must be EML"),
    "wrong type": (
        lines(
            '"template": {"parameters": [{"name": "a", "dataType": "number"}],',
            '"definition": {"content": "<a>${a}</a>"}}',
            '"parameters": {"a":\n"high"}',
        ).replace("],,", "],"),
        5,
        "the parameter a is 'high', but declared as number",
    ),
    "odd declaration": (
        lines('"template": {"parameters": {"a": {"type": "date"}}, "definition": {"content": "<a>${a}</a>"}}'),
        2,
        "a parameter is declared with a name and a dataType of text",
    ),
}


@pytest.mark.parametrize(("text", "line", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_are_told_with_their_line(text, line, message):
    """
    Faults of parameters at their line; faults inside the template at the template's, with the line inside it.
    """
    with pytest.raises(RuleError) as refused:
        compile_template(text)

    fault = refused.value.faults[0]
    assert (line, message) == (fault.line, message if message in fault.message else fault.message)


def test_all_faults_of_the_parameters_are_told_at_once():
    """
    What is missing and what is unknown, in one refusal.
    """
    with pytest.raises(RuleError) as refused:
        filled({"output": "x", "lvel": 1})

    assert [
        "template, line 7: ${level} has no value; give level in parameters",
        "template, line 8: ${sensor} has no value; give sensor in parameters",
        "the template has no parameter lvel; it has level, output, sensor",
    ] == [fault.message for fault in refused.value.faults]


SCRAPS = (
    st.none() | st.booleans() | st.integers() | st.sampled_from(["<EML>${a}</EML>", "&lt;a/&gt;", "${a}", "number"])
)
MEMBERS = st.sampled_from(["template", "parameters", "definition", "content", "name", "dataType", "type", "a"])


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        SCRAPS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4), max_leaves=8
    )
)
def test_any_json_compiles_or_is_refused_in_words(found):
    """
    Nothing but a `RuleError` comes of JSON that is no template.
    """
    with contextlib.suppress(RuleError):
        compile_template(json.dumps(found))
    with contextlib.suppress(RuleError):
        compile_template(json.dumps({"template": found, "parameters": found}))
    with contextlib.suppress(RuleError):
        compile_template(json.dumps({"template": EML, "parameters": found}))
