"""Documents that nobody has thought of: requests of WPS 2.0 with their elements and attributes shuffled."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.weps.processes.requests20 import (
    ECHO,
    TEST_ELEMENT,
    THRESHOLD,
    Client20,
    data,
    echo,
    execute,
    literals,
    of_job,
    output,
    reference,
    request,
)
from tests.weps.processes.test_soap import ENVELOPE

DOCUMENTS = [
    echo(),
    echo(mode="async", response="raw"),
    execute(ECHO, data("complexInput", TEST_ELEMENT), output("complexOutput", "reference"), "auto"),
    execute("weps:Subscribe", literals(**THRESHOLD), output("info")),
    execute("weps:Subscribe", reference("rule", "http://10.0.0.1/", "<wps:Body>a</wps:Body>"), output("info")),
    of_job("GetResult", "nobody"),
    request("DescribeProcess", f"<ows:Identifier>{ECHO}</ows:Identifier>"),
    ENVELOPE.format(header="", body=echo()),
]
NAMES = ("wps:Data", "wps:Input", "wps:Output", "wps:Reference", "wps:LiteralValue", "wps:Dismiss", "ows:BoundingBox")
ATTRIBUTES = ("id", "mimeType", "encoding", "mode", "response", "transmission", "version", "service")
TEXTS = ("", "auto", "raw", "reference", "text/xml", "base64", "complexInput", "literalInput", "é\u2028", "1e999", ECHO)
SPACES = {"wps": "http://www.opengis.net/wps/2.0", "ows": "http://www.opengis.net/ows/2.0"}

steps = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 999), st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=5
)


def shuffled(document: str, changes: list[tuple[int, int, int, int]]) -> bytes:
    """Remove, repeat and rename elements, change texts and attributes."""
    root = etree.fromstring(document)
    for kind, place, first, second in changes:
        elements = list(root.iter())
        element = elements[place % len(elements)]
        if kind == 0 and element is not root:
            element.getparent().remove(element)
        elif kind == 1:
            element.append(copy.deepcopy(elements[first % len(elements)]))
        elif kind == 2:
            prefix, _, name = NAMES[first % len(NAMES)].partition(":")
            element.tag = f"{{{SPACES[prefix]}}}{name}"
        elif kind == 3:
            element.text = TEXTS[first % len(TEXTS)]
        else:
            element.set(ATTRIBUTES[first % len(ATTRIBUTES)], TEXTS[second % len(TEXTS)])
    return etree.tostring(root)


@pytest.mark.shared
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.sampled_from(DOCUMENTS), changes=steps)
def test_whatever_is_sent_the_answer_is_one_of_ours(wps, validate, document, changes):
    """
    A result or an exception that says what is wrong, and never that the server failed; every exception is valid.
    """
    reply = Client20(f"{wps.base}/tests/wps").post(shuffled(document, changes))

    exceptions = reply.root.findall(".//{*}Exception")
    assert reply.status in {200, 400, 404, 500, 501}
    assert [one.get("exceptionCode") for one in exceptions if one.get("exceptionCode") == "InternalServerError"] == []
    assert bool(exceptions) == (reply.status != 200) or b"Fault" in reply.body
    assert reply.status == 200 or validate(reply.body) == []
