"""What capabilities tell: remembered while nothing changes, read again when something did, also by another process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Engine, event

from sos_server.codecs.sos20 import capabilities
from sos_server.codecs.sos20.encode import encode
from sos_server.model import Feature, ValidDescription
from sos_server.requests import DeleteSensor, GetCapabilities, UpdateSensorDescription
from tests.sos_server.make import Asked, insertion, minute, observation, open_service, sensor

if TYPE_CHECKING:
    from collections.abc import Iterator

FAR = Feature("far", geometry={"type": "Point", "coordinates": [20.0, 60.0]})


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that is executed inside the block."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def document(sos: Asked) -> bytes:
    return b"".join(encode(sos.ask(GetCapabilities())))


def test_capabilities_that_did_not_change_are_not_read_or_written_again(sos: Asked) -> None:
    """
    Only whether they changed is asked for.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0)))
    first = document(sos)

    with statements() as seen:
        second = document(sos)

    assert first is second
    assert [] == [each for each in seen if "FROM offering" in each]


def test_an_insert_refreshes_the_capabilities_without_reading_observations(sos: Asked) -> None:
    """
    The extents stand at the offerings.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0)))
    before = document(sos)
    sos.ask(insertion(observation(7)))

    with statements() as seen:
        (content,), _ = sos.service.storage.contents_and_time()

    assert (minute(0), minute(7)) == (content.extent.begin, content.extent.end)
    assert [] == [each for each in seen if "FROM observations" in each]
    assert b"2016-01-01T00:07:00Z" not in before
    assert b"2016-01-01T00:07:00Z" in document(sos)


def test_what_another_process_changes_is_seen(database_url: str) -> None:
    """
    The database tells whether what is remembered is still so.
    """
    one, other = Asked(open_service(database_url)), Asked(open_service(database_url))
    one.ask(sensor())
    before = other.service.storage.contents_and_time()

    one.ask(insertion(observation(3)))
    (content,), updated = other.service.storage.contents_and_time()

    assert minute(3) == content.extent.end
    assert updated > before[1]
    one.service.storage.close()
    other.service.storage.close()


def test_services_of_one_process_do_not_mix_up_their_documents(sos: Asked, tmp_path: object) -> None:
    """
    Not even when they changed at the same moment.
    """
    another = Asked(open_service(f"sqlite:///{tmp_path}/another.sqlite"))
    sos.ask(sensor("one"))
    another.ask(sensor("two"))

    documents = document(sos), document(another)

    assert [b">one<" in documents[0], b">two<" in documents[0]] == [True, False]
    assert [b">one<" in documents[1], b">two<" in documents[1]] == [False, True]
    another.service.storage.close()


def test_whatever_changes_the_document_is_as_if_it_were_written_anew(sos: Asked, database_url: str) -> None:
    """
    Parts that are kept from the document before are those that did not change.
    """
    fresh = Asked(open_service(database_url))
    described = sensor("two").description
    again = ValidDescription("http://www.opengis.net/sensorml/2.0", described.document)
    changes = [
        sensor("one"),
        sensor("two"),
        insertion(observation(0, procedure="one"), offerings=("one-offering",)),
        insertion(observation(1, procedure="two"), offerings=("two-offering",)),
        UpdateSensorDescription("two", again.description_format, (again,)),
        insertion(
            observation(9, procedure="two", feature=FAR, feature_of_interest=FAR.identifier),
            offerings=("two-offering",),
        ),
        DeleteSensor("one"),
        sensor("one", properties=("Humidity",)),
        DeleteSensor("two"),
    ]

    for change in changes:
        sos.ask(change)
        kept = document(sos)
        anew = capabilities.encode(fresh.ask(GetCapabilities()))

        assert anew == kept
        fresh.service.storage.close()
        fresh = Asked(open_service(database_url))
    fresh.service.storage.close()
