"""The KVP binding (OGC 12-006 clause 11): requests as parameters of a URL, or of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from sos_server.codecs.sos20 import kvp
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from sos_server.requests import Request

_MOST_PARAMETERS = 1000


def decode(text: str) -> Request:
    """Read the request of a query string; empty values count, as they are asked for."""
    try:
        parameters = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The parameters are not UTF-8; encode them so before the percent encoding.") from error
    except ValueError as error:
        raise InvalidRequest(f"There are more than {_MOST_PARAMETERS} parameters; send the request as XML.") from error
    return kvp.decode(parameters)
