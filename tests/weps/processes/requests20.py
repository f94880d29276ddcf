"""WPS 2.0 for the tests: requests, and a client that reads the answers."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import requests
from lxml import etree

from tests.weps.processes.validity import require_valid

ECHO = "org.n52.javaps.test.EchoProcess"
NAMESPACES = {
    "wps": "http://www.opengis.net/wps/2.0",
    "ows": "http://www.opengis.net/ows/2.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "soap": "http://www.w3.org/2003/05/soap-envelope",
}
HEAD = (
    '<wps:{name} service="WPS" version="2.0.0" xmlns:wps="http://www.opengis.net/wps/2.0" '
    'xmlns:ows="http://www.opengis.net/ows/2.0" xmlns:xlink="http://www.w3.org/1999/xlink"{more}>{inside}</wps:{name}>'
)
TEST_ELEMENT = "<testElement>hello_complex</testElement>"
THRESHOLD = {"condition": "greaterThan", "threshold": "500"}


def request(name: str, inside: str = "", more: str = "") -> str:
    return HEAD.format(name=name, inside=inside, more=more)


def of_job(name: str, job: str) -> str:
    return request(name, f"<wps:JobID>{job}</wps:JobID>")


def data(identifier: str, inside: str, attributes: str = "") -> str:
    """An input with its data as it is."""
    return f"<wps:Input id={quoteattr(identifier)}><wps:Data {attributes}>{inside}</wps:Data></wps:Input>"


def literal(identifier: str, text: str, attributes: str = "") -> str:
    return data(identifier, f"<wps:LiteralValue {attributes}>{escape(text)}</wps:LiteralValue>")


def literals(**texts: str) -> str:
    return "".join(literal(identifier, text) for identifier, text in texts.items())


def reference(identifier: str, href: str, inside: str = "", attributes: str = "") -> str:
    tag = f"wps:Reference xlink:href={quoteattr(href)} {attributes}"
    return f"<wps:Input id={quoteattr(identifier)}><{tag}>{inside}</wps:Reference></wps:Input>"


def output(identifier: str, transmission: str = "value", attributes: str = "") -> str:
    return f"<wps:Output id={quoteattr(identifier)} transmission={quoteattr(transmission)} {attributes}/>"


def execute(process: str, inputs: str = "", outputs: str = "", mode: str = "sync", response: str = "document") -> str:
    return request(
        "Execute",
        f"<ows:Identifier>{process}</ows:Identifier>{inputs}{outputs}",
        f' mode="{mode}" response="{response}"',
    )


def echo(text: str = "hello_literal", *, transmission: str = "value", **form: str) -> str:
    return execute(ECHO, literal("literalInput", text), output("literalOutput", transmission), **form)


@dataclass(frozen=True)
class Reply20:
    """What the server answered."""

    status: int
    media_type: str
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)

    @property
    def name(self) -> str:
        return str(etree.QName(self.root).localname)

    def texts(self, path: str) -> list[str]:
        found = self.root.xpath(path, namespaces=NAMESPACES)
        return [str(item if isinstance(item, str) else item.text) for item in found]

    @property
    def fault(self) -> tuple[str, str | None]:
        """The code and the locator of an exception report of OWS 2.0."""
        exception = self.root.find(".//ows:Exception", NAMESPACES)
        assert exception is not None, self.body
        return exception.get("exceptionCode"), exception.get("locator")

    @property
    def job(self) -> str:
        [found] = self.texts("/wps:StatusInfo/wps:JobID")
        return found

    @property
    def job_status(self) -> str:
        [found] = self.texts("/wps:StatusInfo/wps:Status")
        return found

    def output(self, identifier: str) -> str:
        [found] = self.texts(f"/wps:Result/wps:Output[@id='{identifier}']/wps:Data/wps:LiteralValue")
        return found


@dataclass(frozen=True)
class Client20:
    """A client of one address."""

    url: str

    def get(self, query: str) -> Reply20:
        return _reply(requests.get(f"{self.url}?{query}", timeout=20))

    def post(self, body: str | bytes, media_type: str = "text/xml") -> Reply20:
        sent = body.encode() if isinstance(body, str) else body
        return _reply(requests.post(self.url, data=sent, headers={"Content-Type": media_type}, timeout=20))

    def status(self, job: str) -> Reply20:
        return self.post(of_job("GetStatus", job))

    def result(self, job: str) -> Reply20:
        return self.post(of_job("GetResult", job))

    def dismiss(self, job: str) -> Reply20:
        return self.post(of_job("Dismiss", job))


def _reply(response: requests.Response) -> Reply20:
    require_valid(response.content)
    media_type = response.headers["Content-Type"].partition(";")[0]
    return Reply20(response.status_code, media_type, response.content, dict(response.headers))
