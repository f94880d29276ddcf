"""What a server said: the content of an answer, or the error that tells an operator what came instead of it."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sos_server.codecs import xml
from sos_server.codecs.xml_recovery import recover
from sos_server.errors import RequestTooLarge, SosError
from weps.errors import SourceException, SourceGarbled
from weps.feeders import csv_sos
from weps.feeders.http import require_success
from weps.json_faults import json_fault

if TYPE_CHECKING:
    from lxml import etree

    from weps.feeders.http import Answer

LOG = logging.getLogger("weps.feeders")

# Possessive, so that a document of many comments cannot make it try every way to part them.
_HTML = re.compile(rb"\s*+(?>(?:<!--.*?-->|<\?.*?\?>)\s*+)*+<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
# In whatever namespace, or none: some servers leave it out.
_REPORTS = frozenset({"ExceptionReport", "ServiceExceptionReport", "ServiceException", "Exception", "Fault"})
_MARK = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_BEGINNING = 4096
_TEXT_LIMIT = 500


class Content(NamedTuple):
    """What an answer holds, one of three: the root of an XML document, a JSON value, the lines of a CSV file."""

    root: etree._Element | None = None
    json: Any = None
    lines: bytes | None = None


def read_content(answer: Answer) -> Content:
    """
    Give what an answer holds, told by itself and not by what it is called; XML without the SOAP envelope around it.

    Raises `SourceException` for an exception report, whatever the status is it comes with; what `require_success`
    raises for a status that is no success; and `SourceGarbled` for anything else.
    """
    body = answer.body.lstrip(_MARK + _BLANK)
    if body.startswith((b"{", b"[")):
        content = Content(json=_read_json(body, answer))
    elif csv_sos.matches(body):
        content = Content(lines=body)
    else:
        content = Content(root=_read_xml(answer))
    require_success(answer)
    return content


def read_document(answer: Answer) -> etree._Element:
    """Give the root of the XML document that an answer carries; raises as `read_content`."""
    root = read_content(answer).root
    if root is None:
        raise SourceGarbled(_not_xml(answer), where=answer.place)
    return root


def _read_xml(answer: Answer) -> etree._Element:
    root = _out_of_envelope(_parse(answer))
    # A server that fails in the middle of a long answer can only say so inside of it.
    report = root if xml.local_name(root) in _REPORTS else next(root.iter("{*}ExceptionReport"), None)
    if report is not None:
        raise _as_error(report, answer)
    return root


def _parse(answer: Answer) -> etree._Element:
    body = answer.body
    problem = None
    if not body.strip(_MARK + _BLANK):
        problem = "the server answered nothing: its answer is empty"
    elif _HTML.match(body.removeprefix(_MARK)):
        problem = f"the server answered a web page{_title(body)}; check that the address is that of the SOS"
    if problem is None:
        try:
            root, mended = recover(body, limit=max(len(body), 1))
        except RequestTooLarge as error:
            # well-formed, but an array in it is longer than is read at once: to be asked for in smaller steps
            raise SourceException(error.message, answer.place, code="ResponseExceedsSizeLimit") from error
        except SosError as error:
            problem = _not_xml(answer, error)
        else:
            for note in mended:
                LOG.warning("answer mended source=%s what=%s", answer.place, note)
            return root
    require_success(answer)
    raise SourceGarbled(problem, where=answer.place)


def _not_xml(answer: Answer, error: SosError | None = None) -> str:
    if error is None or not answer.body.lstrip(_MARK + _BLANK).startswith(b"<"):
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
    return _refused(answer, code, locator, "; ".join(texts) or xml.text_of(first) or "")


def _refused(answer: Answer, code: str | None, locator: str | None, text: str) -> SourceException:
    reason = _shortened(text) or "it gives no reason"
    place = f" at {locator}" if locator else ""
    return SourceException(
        f"the server refused with {code or 'an exception'}{place}: {reason}", answer.place, code=code, locator=locator
    )


def _read_json(body: bytes, answer: Answer) -> Any:
    try:
        # A number that JSON cannot hold is no number: some servers write NaN for a value that is missing.
        value = json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        require_success(answer)
        raise SourceGarbled(
            f"the server's answer cannot be read: not JSON: {json_fault(error)}", where=answer.place
        ) from error
    if isinstance(value, dict):
        _raise_json_report(value, answer)
    return value


def _raise_json_report(value: dict[str, Any], answer: Answer) -> None:
    """Raise for what 52°North's JSON binding and REST interface, SensorThings services and istSOS report."""
    reports = value.get("exceptions")
    if isinstance(reports, list):
        first = next((one for one in reports if isinstance(one, dict)), {})
        texts = [str(one.get("text", "")) for one in reports if isinstance(one, dict)]
        raise _refused(answer, _text(first.get("code")), _text(first.get("locator")), "; ".join(texts))
    is_fault = 400 <= answer.status < 500 and answer.status not in (408, 429) and "message" in value
    if value.get("success") is False or "userMessage" in value or is_fault:
        texts = [str(value[name]) for name in ("message", "userMessage", "reason") if value.get(name)]
        raise _refused(answer, _text(value.get("type")), None, "; ".join(texts))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _shortened(text: str) -> str:
    """Give the text on one line, cut where an operator has seen enough."""
    line = " ".join(text.split())
    return line if len(line) <= _TEXT_LIMIT else f"{line[:_TEXT_LIMIT]}…"
