"""Databases of former versions: they are brought to the newest form, and nothing in them is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from sos_server.requests import DescribeSensor
from sos_server.storage.base import MIGRATIONS, DatabaseError
from tests.sos_server.make import FORMAT, Asked, open_service, sensor

if TYPE_CHECKING:
    from sqlalchemy import Connection

OLD_SENSOR = (
    "INSERT INTO procedures (identifier, name, description_format, document) VALUES ('old', 'Old', :format, :document)"
)


@pytest.fixture
def old_database(database_url: str) -> str:
    """A database as the first version left it, with a sensor."""
    engine = create_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        _register(connection)
    engine.dispose()
    return database_url


def _register(connection: Connection) -> None:
    values = {"format": FORMAT, "document": sensor("old").description.document}
    connection.execute(text(OLD_SENSOR), values)


def test_a_description_of_the_first_version_holds_since_an_unknown_time(old_database: str) -> None:
    """
    It is told as it was registered, and the database takes new sensors.
    """
    sos = Asked(open_service(old_database))

    (description,) = sos.ask(DescribeSensor("old", FORMAT)).descriptions

    assert (sensor("old").description.document, None, None) == (
        description.document,
        description.begin,
        description.end,
    )
    assert "new" == sos.ask(sensor("new")).procedure
    sos.service.storage.close()


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    """
    With one sentence that says what to do.
    """
    open_service(database_url).storage.close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(DatabaseError, match="made by a newer version; start it with that one"):
        open_service(database_url)
