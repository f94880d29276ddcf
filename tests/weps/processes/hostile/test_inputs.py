"""Inputs and documents that are wrong, in every protocol: refused in words, and nothing is lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from lxml import etree

from tests.weps.processes import requests10, requests20
from tests.weps.processes.hostile.conftest import OWS_OF, RIGHT, SECONDS, Victim

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.shared


@dataclass(frozen=True)
class Wrong:
    """
    Inputs that are wrong, as each protocol writes them, the codes of both versions of WPS and the input they name.
    """

    in_10: str
    in_20: str
    in_json: dict[str, Any]
    code_10: str
    code_20: str
    where: str


def literals(code_10: str, code_20: str, where: str, **texts: str) -> Wrong:
    """Literals that are wrong."""
    return Wrong(requests10.literals(**texts), requests20.literals(**texts), dict(texts), code_10, code_20, where)


def refers_to(href: str, code_10: str = "InvalidParameterValue", code_20: str = "DataNotAccessible") -> Wrong:
    """A rule by reference; BAD is the server that behaves badly."""
    return Wrong(
        requests10.reference("rule", href, "application/json"),
        requests20.reference("rule", href, attributes='mimeType="application/json"'),
        {"rule": {"href": href, "type": "application/json"}},
        code_10,
        code_20,
        "rule",
    )


TOO_LARGE = {"code_10": "FileSizeExceeded", "code_20": "SizeExceeded"}
WRONG = {
    "a number that is none": literals(
        "InvalidParameterValue", "WrongInputData", "threshold", condition="lessThan", threshold="much"
    ),
    "a duration that is none": literals(
        *("InvalidParameterValue", "WrongInputData", "runtime"),
        condition="lessThan",
        threshold="1",
        runtime="for ever",
    ),
    "an instant that is none": literals(
        *("InvalidParameterValue", "WrongInputData", "startTime"),
        condition="lessThan",
        threshold="1",
        startTime="tomorrow",
    ),
    "a condition that is none": literals(
        "InvalidParameterValue", "WrongInputData", "condition", condition="above", threshold="1"
    ),
    "an input that is missing": literals(
        "MissingParameterValue", "MissingParameterValue", "threshold", condition="lessThan"
    ),
    "no input at all": literals("MissingParameterValue", "MissingParameterValue", "rule"),
    "an input that is unknown": literals(
        "InvalidParameterValue", "NoSuchInput", "treshold", condition="lessThan", treshold="1"
    ),
    "a sink at a private address": literals(
        *("InvalidParameterValue", "WrongInputData", "sink"),
        condition="lessThan",
        threshold="1",
        sink="http://10.0.0.1/sink",
    ),
    "a source in a file": literals(
        *("InvalidParameterValue", "WrongInputData", "getObservationTemplate"),
        condition="lessThan",
        threshold="1",
        getObservationTemplate="file:///etc/passwd",
    ),
    "a reference to a private address": refers_to("http://10.0.0.1/rule.json"),
    "a reference to this machine by name": refers_to("http://localhost/rule.json"),
    "a reference to this machine in IPv6": refers_to("http://[::1]/rule.json"),
    "a reference to this machine as a number": refers_to("http://2130706433/rule.json"),
    "a reference to the metadata of a cloud": refers_to("http://169.254.169.254/latest/meta-data"),
    "a reference to a file": refers_to("file:///etc/passwd"),
    "a reference with another protocol": refers_to("ftp://example.org/rule.json"),
    "a reference that redirects inside": refers_to("http://BAD/private"),
    "a reference that redirects to metadata": refers_to("http://BAD/metadata"),
    "a reference that redirects to a file": refers_to("http://BAD/file"),
    "a reference that redirects for ever": refers_to("http://BAD/round"),
    "a reference that hangs": refers_to("http://BAD/hang"),
    "a reference that hangs up": refers_to("http://BAD/hang-up"),
    "a reference that trickles": refers_to("http://BAD/trickle"),
    "a reference that ends too soon": refers_to("http://BAD/short"),
    "a reference that is not found": refers_to("http://BAD/nothing"),
    "a reference that fails": refers_to("http://BAD/broken"),
    "a reference without end": refers_to("http://BAD/endless", **TOO_LARGE),
    "a reference to a gzip bomb": refers_to("http://BAD/bomb", **TOO_LARGE),
    "a reference to damaged gzip": refers_to("http://BAD/damaged"),
    "a reference to what is no text": refers_to("http://BAD/binary", "InvalidParameterValue", "WrongInputData"),
}


def write_request(protocol: str, wrong: Wrong, host: str) -> bytes:
    """Write the request of a protocol."""
    if protocol == "1.0.0":
        text = requests10.execute("weps:Subscribe", wrong.in_10, "info")
    elif protocol == "OGC API":
        text = json.dumps({"inputs": wrong.in_json})
    else:
        mode = protocol.removeprefix("2.0 ")
        text = requests20.execute("weps:Subscribe", wrong.in_20, requests20.output("info"), mode=mode)
    return text.replace("http://BAD", f"http://{host}").encode()


@pytest.mark.parametrize("protocol", ["1.0.0", "2.0 sync", "2.0 async", "OGC API"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_inputs_are_refused(victim: Victim, refused, name: str, protocol: str):
    """
    The input at fault is named; in 2.0 also where the client does not want to wait for the result.
    """
    wrong = WRONG[name]
    body = write_request(protocol, wrong, victim.bad.host)

    status, code, where = refused(protocol.partition(" ")[0] if protocol != "OGC API" else protocol, [body, b""])

    assert status == 400
    assert code == {"1.0.0": wrong.code_10, "OGC API": None}.get(protocol, wrong.code_20)
    assert where == wrong.where


EXPANSION = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(9))
HUGE = f'<!ENTITY e "{"ha" * 50_000}">'
MALFORMED: dict[str, Callable[[str], bytes | str]] = {
    "a DOCTYPE": lambda right: f"<!DOCTYPE a>{right}",
    "a DOCTYPE in UTF-16": lambda right: f"<!DOCTYPE a>{right}".encode("utf-16"),
    "an external DTD": lambda right: f'<!DOCTYPE a SYSTEM "http://BAD/hang">{right}',
    "an external entity": lambda right: (
        f'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>{right.replace("7357", "&e;")}'
    ),
    "a parameter entity": lambda right: f'<!DOCTYPE a [<!ENTITY % e SYSTEM "http://BAD/hang"> %e;]>{right}',
    "entity expansion": lambda right: f"<!DOCTYPE a [{EXPANSION}]>{right.replace('7357', '&e8;')}",
    "a huge entity many times": lambda right: f"<!DOCTYPE a [{HUGE}]>{right.replace('7357', '&e;' * 10_000)}",
    "elements a thousand deep": lambda right: right.replace("7357", "<a>" * 1000 + "</a>" * 1000),
    "half a document": lambda right: right[: len(right) * 2 // 3],
    "an entity that is not declared": lambda right: right.replace("7357", "&e;"),
    "characters that XML has not": lambda right: right.replace("7357", "&#0;"),
    "no UTF-8": lambda right: right.replace("7357", "\xff").encode("latin-1"),
}


@pytest.mark.parametrize("protocol", OWS_OF)
@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_documents_are_refused(victim: Victim, refused, name: str, protocol: str):
    """
    In the version that it begins in. Entities are not even looked at, so none is fetched and none expanded.
    """
    made = MALFORMED[name](RIGHT[protocol])
    body = made.replace("http://BAD", f"http://{victim.bad.host}").encode() if isinstance(made, str) else made
    asked = len(victim.bad.requests)

    answered = refused(protocol, [body, b""])

    assert answered == (400, "InvalidParameterValue", None)
    assert len(victim.bad.requests) == asked


ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>{}</soap:Body></soap:Envelope>'
)
OF_DOCTYPES = [name for name in MALFORMED if "DOCTYPE" in name or "entity" in name]


@pytest.mark.parametrize("name", OF_DOCTYPES)
def test_malformed_envelopes_are_faults(victim: Victim, validate, name: str):
    """
    The same in SOAP: the report is the detail of a fault of the sender.
    """
    made = MALFORMED[name](ENVELOPE.format(RIGHT["2.0"]))
    body = made.replace("http://BAD", f"http://{victim.bad.host}").encode() if isinstance(made, str) else made
    asked = len(victim.bad.requests)

    answer = requests.post(
        f"http://127.0.0.1:{victim.port}/wps",
        data=body,
        headers={"Content-Type": "application/soap+xml"},
        timeout=SECONDS,
    )

    root = etree.fromstring(answer.content)
    exception = root.find(f".//{{{OWS_OF['2.0']}}}Exception")
    assert validate(answer.content) == []
    assert answer.status_code == 400
    assert root.findtext(".//{*}Code/{*}Value") == "soap:Sender"
    assert exception.get("exceptionCode") == "InvalidParameterValue"
    assert len(victim.bad.requests) == asked


VERSIONS = {
    "1.0.0": lambda right: right.replace('version="1.0.0"', 'version="9.9.9"'),
    "2.0": lambda right: right.replace('version="2.0.0"', 'version="9.9.9"'),
}


@pytest.mark.parametrize("protocol", VERSIONS)
def test_an_unknown_version_is_refused(refused, protocol: str):
    """
    In the version of the document's namespace.
    """
    body = VERSIONS[protocol](RIGHT[protocol]).encode()

    assert refused(protocol, [body, b""]) == (400, "InvalidParameterValue", "version")


MALFORMED_JSON = {
    "half a document": RIGHT["OGC API"][:20],
    "no object": "[1, 2]",
    "arrays a hundred thousand deep": "[" * 100_000,
    "objects a hundred thousand deep": '{"inputs":' * 100_000,
    "no UTF-8": b'{"inputs": {"condition": "\xff"}}',
    "no number": '{"inputs": {"condition": "lessThan", "threshold": NaN}}',
    "a number of a million digits": f'{{"inputs": {{"condition": "lessThan", "threshold": {"9" * 1_000_000}}}}}',
    "inputs that are no object": '{"inputs": "all"}',
}


@pytest.mark.parametrize("name", MALFORMED_JSON)
def test_malformed_json_is_refused(refused, name: str):
    """
    With a problem of status 400.
    """
    sent = MALFORMED_JSON[name]

    status, *_ = refused("OGC API", [sent.encode() if isinstance(sent, str) else sent, b""])

    assert status == 400
