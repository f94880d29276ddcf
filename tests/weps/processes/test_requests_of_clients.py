"""
Requests in the form in which clients write them: the WPS plugin of QGIS, and wps-js of 52°North.

Order of elements, attributes, prefixes, white space and what is left out are those of the clients; the content is ours.
"""

from __future__ import annotations

import base64
from xml.sax.saxutils import quoteattr

import pytest
import requests
from lxml import etree

from tests.weps.processes.conftest import NAMESPACES, THRESHOLD_RULE, Reply
from tests.weps.processes.requests20 import ECHO, Client20
from weps.processes.registry import PROCESSES

pytestmark = pytest.mark.shared

QGIS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<wps:Execute service="WPS" version="1.0.0" xmlns:wps="http://www.opengis.net/wps/1.0.0" '
    'xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.opengis.net/wps/1.0.0 '
    'http://schemas.opengis.net/wps/1.0.0/wpsExecute_request.xsd"><ows:Identifier>{process}</ows:Identifier>\n'
    "<wps:DataInputs>\n{inputs}</wps:DataInputs>\n<wps:ResponseForm>\n"
    '<wps:ResponseDocument lineage="false" storeExecuteResponse="false" status="false">\n{outputs}'
    "</wps:ResponseDocument>\n</wps:ResponseForm>\n</wps:Execute>"
)
WPS_JS_10 = (
    '<wps:Execute service="WPS" version="1.0.0" \t\t\txmlns:wps="http://www.opengis.net/wps/1.0.0" '
    '\t\t\txmlns:ows="http://www.opengis.net/ows/1.1" \t\t\txmlns:xlink="http://www.w3.org/1999/xlink" '
    '\t\t\txmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    '\t\t\txsi:schemaLocation="http://www.opengis.net/wps/1.0.0 '
    '\t\t\t  http://schemas.opengis.net/wps/1.0.0/wpsExecute_request.xsd"> '
    "\t\t\t  <ows:Identifier>{process}</ows:Identifier>\t\t\t  <wps:DataInputs>\t\t\t\t{inputs}\t\t      "
    "</wps:DataInputs>\t\t\t  {form}\t\t\t</wps:Execute>"
)
WPS_JS_20 = (
    '<wps:Execute service="WPS" version="2.0.0" \t\t\txmlns:wps="http://www.opengis.net/wps/2.0" '
    '\t\t\txmlns:ows="http://www.opengis.net/ows/2.0" \t\t\txmlns:xlink="http://www.w3.org/1999/xlink" '
    '\t\t\txmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    '\t\t\txsi:schemaLocation="http://www.opengis.net/wps/2.0 '
    '\t\t\t  http://schemas.opengis.net/wps/2.0/wpsExecute.xsd" \t\t\tresponse="{response}" mode="{mode}"> '
    "\t\t\t  <ows:Identifier>{process}</ows:Identifier>\t\t\t\t{inputs}\t\t\t  {outputs}\t\t\t</wps:Execute>"
)
LOWER, UPPER = "-120.0 30.5", "-110.0 40.25"
CRS = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def qgis_input(identifier: str, inside: str) -> str:
    """QGIS repeats the identifier as a title."""
    return (
        f"<wps:Input>\n<ows:Identifier>{identifier}</ows:Identifier>\n<ows:Title>{identifier}</ows:Title>\n{inside}"
        "</wps:Input>\n"
    )


def qgis_data(identifier: str, inside: str) -> str:
    return qgis_input(identifier, f"<wps:Data>\n{inside}\n</wps:Data>\n")


def qgis_output(identifier: str, attributes: str = "") -> str:
    return f"<wps:Output{attributes}>\n<ows:Identifier>{identifier}</ows:Identifier>\n</wps:Output>\n"


def js_input(identifier: str, inside: str) -> str:
    return f"<wps:Input>\t\t    <ows:Identifier>{identifier}</ows:Identifier>\t\t    {inside}\t\t  </wps:Input>"


def js_data(identifier: str, inside: str) -> str:
    return js_input(identifier, f"<wps:Data>\t\t      {inside}\t\t    </wps:Data>")


def js_form(store: bool, *outputs: str) -> str:
    flags = f'storeExecuteResponse="{str(store).lower()}" \t\t\tlineage="false" status="{str(store).lower()}"'
    wanted = "".join(
        f"<wps:Output {one}>\t\t        <ows:Identifier>{name}</ows:Identifier>\t\t      </wps:Output>"
        for one, _, name in (output.rpartition("|") for output in outputs)
    )
    return (
        f"<wps:ResponseForm>\t\t    <wps:ResponseDocument {flags}>\t\t\t{wanted}\t\t    </wps:ResponseDocument>"
        "\t\t  </wps:ResponseForm>"
    )


def js_input_20(identifier: str, inside: str) -> str:
    return f'<wps:Input id="{identifier}">\t\t    {inside}\t\t  </wps:Input>'


def js_output_20(identifier: str, attributes: str = "") -> str:
    return f'<wps:Output id="{identifier}" \t\t\ttransmission="value" {attributes}>\t\t      </wps:Output>'


@pytest.fixture
def echo_20(wps, validate):
    """Send to the service with the echo as wps-js does, and see to it that the answer is valid."""
    client = Client20(f"{wps.base}/tests/wps")

    def send(sent: str):
        reply = client.post(sent) if sent.startswith("<") else client.get(sent)
        assert reply.status == 200, reply.text
        assert validate(reply.body) == []
        return reply

    return send


@pytest.fixture
def echo_10(wps, validate):
    """The same in 1.0.0."""

    def send(body: str) -> Reply:
        answer = requests.post(
            f"{wps.base}/tests/wps", data=body.encode(), headers={"Content-Type": "text/xml"}, timeout=20
        )
        assert answer.status_code == 200, answer.text
        assert validate(answer.content) == []
        return Reply(answer.status_code, answer.headers["Content-Type"].partition(";")[0], answer.content)

    return send


def test_qgis_lists_the_processes(wps, validate):
    """
    It asks with an empty identifier, and takes the titles behind the first one for those of the processes in turn.
    """
    reply = wps.get("Request=GetCapabilities&identifier=&Service=WPS&Version=1.0.0")

    assert validate(reply.body) == []
    assert reply.root.get("version") == "1.0.0"
    assert reply.texts("//ows:Identifier") == list(PROCESSES)
    assert reply.texts("//ows:Title")[1:] == [spec.title for spec in PROCESSES.values()]
    assert reply.texts("//ows:Abstract")[1:] == [spec.abstract for spec in PROCESSES.values()]


def test_qgis_subscribes_with_a_rule_from_a_file(wps, validate):
    """
    A file is sent in base64 with line breaks; complex outputs are wanted as references.
    """
    rule = base64.encodebytes(THRESHOLD_RULE.encode()).decode()
    inputs = qgis_data(
        "rule", f'<wps:ComplexData mimeType="application/json" encoding="base64">\n{rule}</wps:ComplexData>'
    ) + qgis_data("title", "<wps:LiteralData>From a map</wps:LiteralData>")
    outputs = qgis_output("feed") + qgis_output("subscription", ' asReference="true" mimeType="text/xml"')

    reply = wps.post(QGIS.format(process="weps:Subscribe", inputs=inputs, outputs=outputs))

    [href] = reply.texts("//wps:Output/wps:Reference/@href")
    stored = etree.fromstring(requests.get(href, timeout=10).content)
    assert validate(reply.body) == []
    assert reply.output("feed").endswith(f"{wps.newest.token}.rss")
    assert stored.findtext("weps:Title", namespaces=NAMESPACES) == "From a map"


def test_qgis_refers_to_a_rule_on_another_server(wps):
    """
    The schema is left out where it is empty, and the encoding as well.
    """
    wps.documents["of-qgis.json"] = THRESHOLD_RULE.encode()
    href = quoteattr(f"{wps.base}/documents/of-qgis.json")
    inputs = qgis_input("rule", f'<wps:Reference mimeType="application/json"   xlink:href={href} />')

    reply = wps.post(QGIS.format(process="weps:Subscribe", inputs=inputs, outputs=qgis_output("subscriptionId")))

    assert reply.output("subscriptionId") == wps.newest.id


def test_qgis_sends_markup_with_an_empty_schema_a_box_and_plain_text(echo_10):
    """
    Text has no media type; the dimensions of a box stand in the namespace of OWS, and it names no reference system.
    """
    box = (
        f'<wps:BoundingBoxData ows:dimensions="2"><ows:LowerCorner>{LOWER}</ows:LowerCorner>'
        f"<ows:UpperCorner>{UPPER}</ows:UpperCorner></wps:BoundingBoxData>"
    )
    markup = '<wps:ComplexData mimeType="text/xml" schema=""><places xmlns="urn:q"><place/></places></wps:ComplexData>'
    inputs = qgis_data("complexInput", markup) + qgis_data("boundingboxInput", box)
    outputs = qgis_output("complexOutput") + qgis_output("boundingboxOutput")

    reply = echo_10(QGIS.format(process=ECHO, inputs=inputs, outputs=outputs))
    plain = echo_10(
        QGIS.format(
            process=ECHO,
            inputs=qgis_data("literalInput", "<wps:ComplexData>some text</wps:ComplexData>"),
            outputs=qgis_output("literalOutput"),
        )
    )

    assert len(reply.root.findall(".//{urn:q}place")) == 1
    assert reply.texts("//wps:BoundingBoxData/ows:LowerCorner")[0].split() == LOWER.split()
    assert plain.output("literalOutput") == "some text"


@pytest.mark.parametrize(
    ("sent", "root"),
    [
        pytest.param("service=WPS&version=1.0.0&request=GetCapabilities", "Capabilities", id="capabilities"),
        pytest.param("service=WPS&version=2.0.0&request=GetCapabilities", "Capabilities", id="capabilities of 2.0"),
        pytest.param(
            f"service=WPS&version=1.0.0&request=DescribeProcess&identifier={ECHO}",
            "ProcessDescriptions",
            id="description",
        ),
        pytest.param(
            f"service=WPS&version=2.0.0&request=DescribeProcess&identifier={ECHO}",
            "ProcessOfferings",
            id="description of 2.0",
        ),
        pytest.param(
            '<wps:GetCapabilities \t\t\txmlns:ows="http://www.opengis.net/ows/1.1" '
            '\t\t\txmlns:wps="http://www.opengis.net/wps/1.0.0" \t\t\tservice="WPS">\t\t    <wps:AcceptVersions>'
            "\t\t\t\t<ows:Version>2.0.0</ows:Version>\t\t\t</wps:AcceptVersions>\t\t\t</wps:GetCapabilities>",
            "Capabilities",
            id="capabilities of 2.0 with the namespaces of 1.0.0",
        ),
        pytest.param(
            '<DescribeProcess \t\t\txmlns="http://www.opengis.net/wps/1.0.0" '
            '\t\t\txmlns:ows="http://www.opengis.net/ows/1.1" \t\t\tservice="WPS" version="1.0.0">'
            f"\t\t\t<ows:Identifier>{ECHO}</ows:Identifier>\t\t</DescribeProcess>",
            "ProcessDescriptions",
            id="description without a prefix",
        ),
    ],
)
def test_wps_js_asks_about_the_service(echo_20, sent, root):
    """
    By GET, and by POST with much white space.
    """
    assert echo_20(sent).name == root


def test_wps_js_subscribes_in_100(wps, validate):
    """
    Asynchronously unless told otherwise; attributes that are not known stand there empty.
    """
    rule = (
        '<wps:ComplexData schema="" mimeType="application/json" encoding="">'
        f"\t\t\t\t\t<![CDATA[{THRESHOLD_RULE}]]>\t\t\t\t\t</wps:ComplexData>"
    )
    inputs = (
        js_data("rule", rule)
        + js_data("samplingRate", '<wps:LiteralData dataType="string" uom="min">2</wps:LiteralData>')
        + js_data("title", "<wps:LiteralData>From the browser</wps:LiteralData>")
    )
    form = js_form(True, "|subscriptionId", 'asReference="false" mimeType="text/xml"|subscription')

    reply = wps.post(WPS_JS_10.format(process="weps:Subscribe", inputs=inputs, form=form))

    stored = requests.get(reply.root.get("statusLocation"), timeout=10).content
    assert validate(reply.body) == []
    assert stored == reply.body
    assert b"<wps:ProcessSucceeded>" in stored
    assert reply.output("subscriptionId") == wps.newest.id
    assert wps.newest.sampling_rate.total_seconds() == 120


@pytest.mark.parametrize("crs", [CRS, "EPSG:4326"])
def test_wps_js_sends_a_box_in_100(echo_10, crs):
    """
    Its attributes stand in the namespace of OWS.
    """
    box = (
        f'<wps:BoundingBoxData ows:crs="{crs}" ows:dimensions="2">\t\t          '
        f"<ows:LowerCorner>{LOWER}</ows:LowerCorner>\t\t          <ows:UpperCorner>{UPPER}</ows:UpperCorner>"
        "\t\t       </wps:BoundingBoxData>"
    )

    reply = echo_10(
        WPS_JS_10.format(
            process=ECHO, inputs=js_data("boundingboxInput", box), form=js_form(False, "|boundingboxOutput")
        )
    )

    assert reply.texts("//wps:BoundingBoxData/@crs") == [crs]
    assert reply.texts("//wps:BoundingBoxData/ows:UpperCorner")[0].split() == UPPER.split()


def test_wps_js_wants_raw_output_in_100(wps):
    """
    With a unit that is left empty.
    """
    form = (
        '<wps:ResponseForm>\t\t    <wps:RawDataOutput mimeType="text/plain" \t\t\t\tuom="">\t\t      '
        "<ows:Identifier>literalOutput</ows:Identifier>\t\t    </wps:RawDataOutput>\t\t  </wps:ResponseForm>"
    )
    inputs = js_data("literalInput", '<wps:LiteralData dataType="xs:string">hello</wps:LiteralData>')
    body = WPS_JS_10.format(process=ECHO, inputs=inputs, form=form)

    answer = requests.post(f"{wps.base}/tests/wps", data=body, headers={"Content-Type": "text/xml"}, timeout=10)

    assert (answer.status_code, answer.text) == (200, "hello")


def test_wps_js_subscribes_in_20_and_watches_the_job(wps, echo_20):
    """
    Asynchronously; it asks for the status with `jobId`, and reads elements by their prefixes.
    """
    rule = (
        '<wps:Data schema="" mimeType="application/json" encoding="">'
        f"\t\t\t\t\t<![CDATA[{THRESHOLD_RULE}]]>\t\t\t      </wps:Data>"
    )
    rate = '<wps:Data>\t\t\t\t<wps:LiteralValue dataType="string" uom="min">2</wps:LiteralValue>\t\t\t</wps:Data>'
    request = WPS_JS_20.format(
        process="weps:Subscribe",
        mode="async",
        response="document",
        inputs=js_input_20("rule", rule) + js_input_20("samplingRate", rate),
        outputs=js_output_20("feed") + js_output_20("subscription", 'schema="" mimeType="text/xml" encoding=""'),
    )

    started = echo_20(request)
    status = echo_20(f"service=WPS&version=2.0.0&request=GetStatus&jobId={started.job}")

    assert "<wps:JobID>" in started.text
    assert (started.job, status.job_status) == (wps.newest.id, "Running")


@pytest.mark.parametrize(
    "given",
    [
        "<wps:Data>\t\t\t\t<wps:LiteralValue>hello</wps:LiteralValue>\t\t\t</wps:Data>",
        '<wps:Data>\t\t\t\t<wps:LiteralValue dataType="xs:string">hello</wps:LiteralValue>\t\t\t</wps:Data>',
        "<wps:Data>\t\t\t\t\thello\t\t\t\t</wps:Data>",
    ],
    ids=["without a type", "with a type", "as older servers want it"],
)
def test_wps_js_executes_in_20_and_fetches_the_result(echo_20, given):
    """
    A literal in each of its forms, a document and a box; the result by `jobId`.
    """
    box = (
        f'<wps:Data>\t\t       <ows:BoundingBox crs="{CRS}" dimensions="2">\t\t          '
        f"<ows:LowerCorner>{LOWER}</ows:LowerCorner>\t\t          <ows:UpperCorner>{UPPER}</ows:UpperCorner>"
        "\t\t       </ows:BoundingBox>\t\t    </wps:Data>"
    )
    document = '<wps:Data mimeType="text/xml">\t\t\t\t<places><place/></places>\t\t\t  </wps:Data>'
    request = WPS_JS_20.format(
        process=ECHO,
        mode="async",
        response="document",
        inputs=js_input_20("literalInput", given)
        + js_input_20("complexInput", document)
        + js_input_20("boundingboxInput", box),
        outputs="".join(map(js_output_20, ("literalOutput", "complexOutput", "boundingboxOutput"))),
    )

    result = echo_20(f"service=WPS&version=2.0.0&request=GetResult&jobId={echo_20(request).job}")

    assert result.output("literalOutput") == "hello"
    assert len(result.root.findall(".//place")) == 1
    assert result.texts("//ows:BoundingBox/ows:LowerCorner") == [LOWER]


def test_wps_js_reads_an_exception_by_its_prefixes(wps):
    """
    Code and text, which it shows to its user.
    """
    reply = Client20(wps.url).post(
        WPS_JS_20.format(process="nothing", mode="sync", response="raw", inputs="", outputs=js_output_20("a"))
    )

    assert '<ows:Exception exceptionCode="NoSuchProcess"' in reply.text
    assert "<ows:ExceptionText>" in reply.text
