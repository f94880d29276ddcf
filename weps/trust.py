"""Whom this service trusts over TLS, and how it shows who it is, to brokers that have certificates of their own."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from weps.errors import SettingsError

if TYPE_CHECKING:
    from weps.settings import BrokerTls, Settings


def create_broker_contexts(settings: Settings) -> dict[str, ssl.SSLContext]:
    """Give what is agreed with brokers, by `host:port`; raises `SettingsError` for files that cannot be used."""
    return {broker: _context(f"broker_tls.{broker}", tls) for broker, tls in settings.broker_tls.items()}


def _context(setting: str, tls: BrokerTls) -> ssl.SSLContext:
    for file in (tls.ca, tls.certificate, tls.key):
        if file is not None and not file.is_file():
            raise SettingsError(f"setting {setting}: there is no file {file}")
    try:
        context = ssl.create_default_context(cafile=tls.ca)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"setting {setting}: {tls.ca} holds no certificates in PEM") from error
    if tls.certificate is not None:
        try:
            # without a password, because nobody could be asked for it
            context.load_cert_chain(tls.certificate, tls.key, password="")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise SettingsError(
                f"setting {setting}: {tls.certificate} and its key are no pair in PEM, or the key has a password"
            ) from error
    return context
