"""The keys of this service: made once, kept in the database, told to nobody."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from weps.store.database import Database
from weps.store.tables import SERVICE_KEYS

KEY_OCTETS = 32


class ServiceKeys(Database):
    """Secrets from which others are derived."""

    def service_key(self, name: str) -> bytes:
        """Give the key of a name, made by whoever asks first."""
        query = select(SERVICE_KEYS.c.secret).where(SERVICE_KEYS.c.name == name)
        with self.reading() as connection:
            secret = connection.execute(query).scalar_one_or_none()
        if secret is None:
            with self.writing() as connection:
                secret = connection.execute(query).scalar_one_or_none()
                if secret is None:
                    secret = secrets.token_hex(KEY_OCTETS)
                    connection.execute(SERVICE_KEYS.insert().values(name=name, secret=secret))
        return bytes.fromhex(secret)
