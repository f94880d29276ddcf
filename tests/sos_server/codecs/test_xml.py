"""Documents of strangers are parsed safely."""

from __future__ import annotations

import pytest

from sos_server.codecs import xml
from sos_server.errors import InvalidRequest, RequestTooLarge

BILLION = b'<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>'


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(b"", "line 1", id="nothing"),
        pytest.param(b"test", "line 1", id="no XML"),
        pytest.param(b"<a>\n<b></a>", "line 2", id="wrong end tag"),
        pytest.param(b"<a>\n", "line 2", id="half a document"),
        pytest.param(b"<a>&x;</a>", "line 1", id="unknown entity"),
        pytest.param(b"<p:a/>", "line 1", id="unknown prefix"),
        pytest.param(b'<?xml version="1.0" encoding="bogus"?><a/>', "encoding", id="unknown encoding"),
        pytest.param("<a>ä</a>".encode("latin-1"), "line 1", id="not UTF-8"),
        pytest.param(b"<a>" * 300 + b"</a>" * 300, "depth", id="too deep"),
        pytest.param(BILLION, "DOCTYPE", id="entities"),
        pytest.param(b'<?xml version="1.0"?>\n<!-- c -->\n<!DOCTYPE a><a/>', "DOCTYPE", id="after a comment"),
        pytest.param(BILLION.decode().encode("utf-16"), "DOCTYPE", id="in UTF-16"),
    ],
)
def test_a_bad_document_is_refused_with_what_and_where(document, message):
    """
    What is not well-formed, too deep or has a document type is an InvalidRequest that names the place.
    """
    with pytest.raises(InvalidRequest) as refused:
        xml.parse(document)

    assert message in refused.value.message


def test_a_document_above_the_limit_is_too_large():
    """
    The size is checked before anything is parsed.
    """
    with pytest.raises(RequestTooLarge) as refused:
        xml.parse(b"<a>0123456789</a>", limit=10)

    assert refused.value.status == 413


def test_comments_do_not_cut_a_text():
    """
    A comment inside a text is dropped, so that a number is never read by half.
    """
    root = xml.parse(b"\n<a>1<!-- and -->2</a>")

    assert root.text == "12"


def test_a_text_of_more_than_ten_million_bytes_is_too_large():
    """
    The error says what to do, since the document is well-formed.
    """
    with pytest.raises(RequestTooLarge, match=r"longer than ten million bytes \(line 1\); part it"):
        xml.parse(b"<a>" + b"1.5," * 2_600_000 + b"</a>")
