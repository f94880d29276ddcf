"""Which service a command speaks to: the option that all of them have."""

from __future__ import annotations

import argparse

from weps.client_http import base_of

DEFAULT_URL = "http://127.0.0.1:8080"


def add_address(*parsers: argparse.ArgumentParser) -> None:
    """Add the option `--url`; its value is what all addresses of the service begin with, without a slash at its end."""
    for parser in parsers:
        parser.add_argument(
            "--url", type=base_of, default=DEFAULT_URL, help=f"the address of the service (default: {DEFAULT_URL})"
        )
