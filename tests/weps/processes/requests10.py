"""Execute documents of WPS 1.0.0 for the tests."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<wps:{name} service="WPS" version="1.0.0" xmlns:wps="http://www.opengis.net/wps/1.0.0" '
    'xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink">{inside}</wps:{name}>'
)


def literal(identifier: str, text: str, uom: str = "") -> str:
    attribute = f" uom={quoteattr(uom)}" if uom else ""
    return _input(identifier, f"<wps:Data><wps:LiteralData{attribute}>{escape(text)}</wps:LiteralData></wps:Data>")


def literals(**texts: str) -> str:
    return "".join(literal(identifier, text) for identifier, text in texts.items())


def complex_data(identifier: str, markup: str, mime_type: str = "text/xml", attributes: str = "") -> str:
    """Complex data with its content as it is: an element, or escaped text."""
    data = f"<wps:ComplexData mimeType={quoteattr(mime_type)} {attributes}>{markup}</wps:ComplexData>"
    return _input(identifier, f"<wps:Data>{data}</wps:Data>")


def json_rule(text: str) -> str:
    return complex_data("rule", escape(text), "application/json")


def reference(identifier: str, href: str, mime_type: str = "text/xml", inside: str = "") -> str:
    tag = f"wps:Reference mimeType={quoteattr(mime_type)} xlink:href={quoteattr(href)}"
    return _input(identifier, f"<{tag}>{inside}</wps:Reference>")


def _input(identifier: str, inside: str) -> str:
    return f"<wps:Input><ows:Identifier>{escape(identifier)}</ows:Identifier>{inside}</wps:Input>"


def execute(process: str, inputs: str = "", outputs: str = "", form: str = "", raw: str = "") -> str:
    """An Execute; `outputs` are identifiers, `form` the attributes of the response document."""
    wanted = "".join(f"<wps:Output><ows:Identifier>{one}</ows:Identifier></wps:Output>" for one in outputs.split())
    inside = f"<ows:Identifier>{process}</ows:Identifier><wps:DataInputs>{inputs}</wps:DataInputs>"
    if raw:
        inside += (
            f"<wps:ResponseForm><wps:RawDataOutput>"
            f"<ows:Identifier>{raw}</ows:Identifier></wps:RawDataOutput></wps:ResponseForm>"
        )
    elif wanted or form:
        inside += f"<wps:ResponseForm><wps:ResponseDocument {form}>{wanted}</wps:ResponseDocument></wps:ResponseForm>"
    return HEAD.format(name="Execute", inside=inside)
