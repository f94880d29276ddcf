"""What a server said: the document of an answer, or the error that tells an operator what came instead of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sos_server.codecs import xml
from sos_server.errors import SosError
from weps.errors import SourceException, SourceGarbled
from weps.feeders.http import require_success

if TYPE_CHECKING:
    from lxml import etree

    from weps.feeders.http import Answer

# Possessive, so that a document of many comments cannot make it try every way to part them.
_HTML = re.compile(rb"\s*+(?>(?:<!--.*?-->)\s*+)*+<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
# In whatever namespace, or none: some servers leave it out.
_REPORTS = frozenset({"ExceptionReport", "ServiceExceptionReport", "Fault"})
_BEGINNING = 4096
_TEXT_LIMIT = 500


def read_document(answer: Answer) -> etree._Element:
    """
    Give the root of the XML document that an answer carries, without the SOAP envelope around it.

    Raises `SourceException` for an exception report, whatever the status is it comes with; what `require_success`
    raises for a status that is no success; and `SourceGarbled` when it is no XML.
    """
    root = _out_of_envelope(_parse(answer))
    if xml.local_name(root) in _REPORTS:
        raise _as_error(root, answer)
    require_success(answer)
    return root


def _parse(answer: Answer) -> etree._Element:
    body = answer.body
    problem = None
    if not body.strip():
        problem = "the server answered nothing: its answer is empty"
    elif _HTML.match(body.removeprefix(b"\xef\xbb\xbf")):
        problem = f"the server answered a web page{_title(body)}; check that the address is that of the SOS"
    if problem is None:
        try:
            return xml.parse(body, limit=max(len(body), 1))
        except SosError as error:
            problem = _not_xml(answer, error)
    require_success(answer)
    raise SourceGarbled(problem, where=answer.place)


def _not_xml(answer: Answer, error: SosError) -> str:
    if not answer.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        kind = answer.content_type.partition(";")[0].strip() or "something without a content type"
        text = answer.body[:_BEGINNING].decode(errors="replace")
        return f"the server answered {kind} instead of XML: {_shortened(text)!r}"
    return f"the server's answer cannot be read: {error.message}"


def _title(body: bytes) -> str:
    found = _TITLE.search(body[:_BEGINNING])
    return f" ({_shortened(found[1].decode(errors='replace'))!r})" if found else ""


def _out_of_envelope(root: etree._Element) -> etree._Element:
    """Give what stands in the body of a SOAP envelope; any other root as it is."""
    if xml.local_name(root) != "Envelope":
        return root
    for part in root.iterchildren("{*}Body"):
        content = xml.first_element(part)
        if content is not None:
            return content
    return root


def _as_error(report: etree._Element, answer: Answer) -> SourceException:
    first = next(report.iter("{*}Exception", "{*}ServiceException"), report)
    code = first.get("exceptionCode") or first.get("code")
    locator = first.get("locator")
    texts = [text for element in report.iter("{*}ExceptionText") if (text := xml.text_of(element))]
    texts = texts or [text for element in report.iter("{*}Text", "{*}faultstring") if (text := xml.text_of(element))]
    text = _shortened("; ".join(texts) or xml.text_of(first) or "it gives no reason")
    place = f" at {locator}" if locator else ""
    return SourceException(
        f"the server refused with {code or 'an exception'}{place}: {text}", answer.place, code=code, locator=locator
    )


def _shortened(text: str) -> str:
    """Give the text on one line, cut where an operator has seen enough."""
    line = " ".join(text.split())
    return line if len(line) <= _TEXT_LIMIT else f"{line[:_TEXT_LIMIT]}…"
