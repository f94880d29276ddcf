"""The client of the command line, where nobody answers."""

from __future__ import annotations

import pytest

from weps.client import ask_json, execute
from weps.errors import WepsError


@pytest.mark.parametrize("address", ["wordless", "ftp://127.0.0.1/wps", "http://[::1/wps"], ids=["word", "ftp", "half"])
def test_what_is_no_address_of_http_is_told(address: str):
    """
    Rather than asked whether the service is running.
    """
    with pytest.raises(WepsError, match="starts with http") as executed:
        execute(address, "weps:ListSubscriptions", {}, {})
    with pytest.raises(WepsError, match="starts with http"):
        ask_json("GET", address)

    assert executed.value.where == f"{address}/wps".replace("/wps/wps", "/wps")
