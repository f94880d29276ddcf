"""Printing a rule back to EML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from tests.conftest import SHARED
from tests.weps.rules.eml.build import EVENT, compare, eml, select, simple
from tests.weps.rules.eml.documents import documents
from tests.weps.rules.eml.guards import ALLEN, CRS84, SQUARE, distance, instant, period, quantity, value_reference
from weps.rules.eml import compile_eml, print_document

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = sorted((SHARED / "eml" / "examples").glob("*.xml")) + sorted((SHARED / "eml" / "imis").glob("*Rule.xml"))

GUARDS = {
    "quantity": compare("LessThan", "input/value", quantity(0.1, "cm")),
    "case": compare("EqualTo", "value", "a").replace("EqualTo>", 'EqualTo matchCase="false">', 1),
    "function": "<fes:PropertyIsEqualTo><fes:Function name='div'><fes:Literal>1</fes:Literal>"
    f"{value_reference('value')}</fes:Function><fes:Literal>2</fes:Literal></fes:PropertyIsEqualTo>",
    "between": f"<fes:PropertyIsBetween>{value_reference('value')}<fes:LowerBoundary><fes:Literal>1</fes:Literal>"
    "</fes:LowerBoundary><fes:UpperBoundary><fes:Literal>2</fes:Literal></fes:UpperBoundary></fes:PropertyIsBetween>",
    "like": f"<fes:PropertyIsLike wildCard='*' singleChar='?' escapeChar='!'>{value_reference('value')}"
    "<fes:Literal>a* &lt;</fes:Literal></fes:PropertyIsLike>",
    "nil": f"<fes:Not><fes:PropertyIsNil>{value_reference('value')}</fes:PropertyIsNil></fes:Not>",
    "square": f"<fes:Within>{value_reference('geometry')}{SQUARE}</fes:Within>",
    "longitude first": f"<fes:Within>{value_reference('geometry')}{SQUARE.replace('EPSG/0/4326', 'OGC/1.3/CRS84')}"
    "</fes:Within>",
    "date line": f'<fes:BBOX><gml:Envelope srsName="{CRS84}"><gml:lowerCorner>170 -10</gml:lowerCorner>'
    "<gml:upperCorner>-170 10</gml:upperCorner></gml:Envelope></fes:BBOX>",
    "lines": f"<fes:Crosses>{value_reference('geometry')}<gml:MultiCurve><gml:curveMember><gml:LineString>"
    "<gml:posList>0 0 1 1</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve></fes:Crosses>",
    "distance": distance("Beyond", "5", "nautical mile"),
    "instant": f"<fes:After>{value_reference('validTime')}{instant(5)}</fes:After>",
    **{
        relation: f"<fes:{relation}>{value_reference('startTime')}{period(5, 10)}</fes:{relation}>"
        for relation, _, _ in ALLEN
    },
}


@given(document=documents())
@settings(max_examples=80, deadline=None)
def test_printed_rule_is_the_same_rule(document: str) -> None:
    """
    What is printed compiles to a document with equal values.
    """
    rule = compile_eml(document)

    again = compile_eml(print_document(rule.document))

    assert again.document == rule.document


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_printed_guard_is_the_same_guard(guard: str) -> None:
    """
    Every kind of condition is printed as what it was read from.
    """
    rule = compile_eml(eml(simple("p", select(EVENT, "", "out"), guard=guard)))

    again = compile_eml(print_document(rule.document))

    assert again.document == rule.document


@pytest.mark.shared
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_printed_example_is_the_same_rule(path: Path) -> None:
    """
    Rules of others, of both versions, are printed as what they say.
    """
    rule = compile_eml(path.read_text())

    again = compile_eml(print_document(rule.document))

    assert again.document == rule.document
