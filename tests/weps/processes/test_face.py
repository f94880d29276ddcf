"""Two versions of WPS on one address: which one a request is answered in."""

from __future__ import annotations

import pytest

from tests.weps.processes.requests20 import request
from weps.processes.registry import offered_processes

WPS10, WPS20 = "http://www.opengis.net/wps/1.0.0", "http://www.opengis.net/wps/2.0"
OWS11, OWS20 = "http://www.opengis.net/ows/1.1", "http://www.opengis.net/ows/2.0"
CAPABILITIES = "service=WPS&request=GetCapabilities"


def capabilities(namespace: str, *versions: str) -> str:
    ows = {WPS10: OWS11, WPS20: OWS20}[namespace]
    accepted = "".join(f"<ows:Version>{version}</ows:Version>" for version in versions)
    return (
        f'<wps:GetCapabilities service="WPS" xmlns:wps="{namespace}" xmlns:ows="{ows}">'
        f"<wps:AcceptVersions>{accepted}</wps:AcceptVersions></wps:GetCapabilities>"
    )


@pytest.mark.parametrize(
    ("query", "namespace"),
    [
        (CAPABILITIES, WPS10),
        (f"{CAPABILITIES}&version=1.0.0", WPS10),
        (f"{CAPABILITIES}&Version=2.0.0", WPS20),
        (f"{CAPABILITIES}&AcceptVersions=2.0.0", WPS20),
        (f"{CAPABILITIES}&AcceptVersions=2.0.0,1.0.0", WPS20),
        (f"{CAPABILITIES}&AcceptVersions=1.0.0,2.0.0", WPS10),
        (f"{CAPABILITIES}&AcceptVersions=3.0.0,2.0.0", WPS20),
        (f"{CAPABILITIES}&AcceptVersions=1.0.0&version=2.0.0", WPS10),
        ("service=WPS&request=DescribeProcess&identifier=ALL", WPS10),
        ("service=WPS&request=DescribeProcess&identifier=ALL&version=2.0.0", WPS20),
    ],
)
def test_a_query_is_answered_in_the_version_that_it_prefers(client, query, namespace):
    """
    The versions of AcceptVersions stand in the order of preference; a client that says nothing speaks 1.0.0.
    """
    reply = client.get(query)

    assert reply.status == 200
    assert reply.root.tag.startswith(f"{{{namespace}}}")


@pytest.mark.parametrize(
    ("body", "namespace"),
    [
        (capabilities(WPS10), WPS10),
        (capabilities(WPS20), WPS20),
        (capabilities(WPS10, "2.0.0", "1.0.0"), WPS20),
        (capabilities(WPS20, "1.0.0", "2.0.0"), WPS10),
        (capabilities(WPS20, "3.0.0", "2.0.0"), WPS20),
    ],
    ids=["1.0.0", "2.0", "1.0.0 that prefers 2.0", "2.0 that prefers 1.0.0", "2.0 that prefers 3.0"],
)
def test_a_document_is_answered_in_the_version_that_it_prefers(client, body, namespace):
    """
    Else in that of its namespace.
    """
    reply = client.post(body)

    assert reply.status == 200
    assert reply.root.tag == f"{{{namespace}}}Capabilities"


@pytest.mark.parametrize(
    ("sent", "namespace", "code"),
    [
        (f"{CAPABILITIES}&AcceptVersions=0.0.1,3.0.0", OWS11, "VersionNegotiationFailed"),
        (f"{CAPABILITIES}&AcceptVersions=2.1.0", OWS20, "VersionNegotiationFailed"),
        (f"{CAPABILITIES}&version=3.0.0", OWS11, "VersionNegotiationFailed"),
        (capabilities(WPS10, "3.0.0"), OWS11, "VersionNegotiationFailed"),
        (capabilities(WPS20, "3.0.0"), OWS20, "VersionNegotiationFailed"),
        ("service=WPS&request=Nothing", OWS11, "OperationNotSupported"),
        ("service=WPS&version=2.0.0&request=Nothing", OWS20, "OperationNotSupported"),
        ("service=WPS&request=GetStatus&version=1.0.0", OWS11, "OperationNotSupported"),
        ("<a/>", OWS11, "InvalidParameterValue"),
        (request("Nothing"), OWS20, "OperationNotSupported"),
        (request("Execute")[:-5], OWS20, "InvalidParameterValue"),
    ],
    ids=[
        "query: versions",
        "query: versions of 2",
        "query: version",
        "document of 1.0.0: versions",
        "document of 2.0: versions",
        "query: operation",
        "query of 2.0: operation",
        "query of 1.0.0: operation of 2.0",
        "document of neither",
        "document of 2.0: operation",
        "document of 2.0 without its end",
    ],
)
def test_an_exception_is_told_in_the_version_that_was_asked_for(client, sent, namespace, code):
    """
    Also where the request cannot be read.
    """
    reply = client.post(sent) if sent.startswith("<") else client.get(sent)

    assert reply.status >= 400
    assert reply.root.tag == f"{{{namespace}}}ExceptionReport"
    assert reply.root[0].get("exceptionCode") == code


def test_both_versions_offer_the_same_processes(client):
    """
    From one registry.
    """
    first, second = (client.get(f"{CAPABILITIES}&AcceptVersions={version}") for version in ("1.0.0", "2.0.0"))

    listed = first.root.xpath("//wps:Process/ows:Identifier/text()", namespaces={"wps": WPS10, "ows": OWS11})
    assert second.texts("//wps:ProcessSummary/ows:Identifier") == listed


@pytest.mark.parametrize("echo", [True, False])
def test_the_echo_can_be_switched_off(echo):
    """
    By an operator who does not want to offer it.
    """
    assert ("org.n52.javaps.test.EchoProcess" in offered_processes(echo=echo)) == echo
