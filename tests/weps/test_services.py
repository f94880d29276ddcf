"""Capabilities that are read again each day, and what of their changes is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import DeleteSensor
from tests.weps.bench import Bench, at
from tests.weps.sources import DAY, read_services, shown, told
from weps.errors import SourceUnreachable
from weps.feeders.template import read_kvp
from weps.model import Source, SourceChange
from weps.sources import service_key

if TYPE_CHECKING:
    from tests.flaky_sos import FlakySos


def delete_sensor(sos: FlakySos, procedure: str = "ws") -> None:
    sos._post(encode_request(DeleteSensor(procedure)))


def test_a_sensor_that_is_deleted_is_told_to_those_who_watch_it(bench: Bench):
    """
    The next reading of the capabilities tells the subscriber of the sensor, and nobody else; it is in the list of
    changes.
    """
    bench.sos.insert_sensor("other")
    mine = bench.subscribe()
    others = bench.subscribe(source=read_kvp(bench.sos.template("other")))
    read_services(bench, 1)
    delete_sensor(bench.sos)
    read_services(bench, DAY + 2)

    (alert,) = bench.alerts(mine)
    assert (alert.status, alert.pattern) == ("source-changed", "source")
    assert "Procedure: ws (not announced any more)" in alert.text
    assert "Offering: ws (not announced any more)" in alert.text
    assert told(bench, others) == []
    changes = [
        {"time": "2024-03-02T12:02:00Z", "kind": kind, "change": "gone", "before": "ws", "offering": "ws"}
        for kind in ("procedure", "offering")
    ]
    assert shown(bench, f"/sources/{mine.feed_id}")["changes"] == changes


def test_a_property_that_is_renamed_is_told_with_its_new_name(bench: Bench):
    """
    A sensor that was set up anew under the same name, but observes by another name.
    """
    subscription = bench.subscribe()
    read_services(bench, 1)
    delete_sensor(bench.sos)
    bench.sos.insert_sensor(observed_property="Temperature")
    read_services(bench, DAY + 2)

    (alert,) = bench.alerts(subscription)
    assert "Observed property: AirTemperature (now announced as Temperature)" in alert.text
    (change,) = shown(bench, f"/sources/{subscription.feed_id}")["changes"]
    assert (change["change"], change["before"], change["after"]) == ("renamed", "AirTemperature", "Temperature")


def test_a_change_is_told_once(bench: Bench):
    """
    Later readings find nothing new, whoever makes them.
    """
    bench.sos.insert_sensor("other")
    subscription = bench.subscribe()
    read_services(bench, 1)
    delete_sensor(bench.sos)
    for day in (1, 2, 3):
        read_services(bench, day * DAY + 5)
        bench.restart()

    assert told(bench, subscription) == ["source-changed"]


def test_services_are_read_once_a_day_and_once_for_all_their_feeds(bench: Bench):
    """
    Two feeds of one service are one request; another process finds that it was read.
    """
    bench.sos.insert_sensor("other")
    bench.subscribe()
    bench.subscribe(source=read_kvp(bench.sos.template("other")))

    counts = [read_services(bench, minutes) for minutes in (1, 2, DAY, DAY + 1, DAY + 2)]

    assert counts == [1, 0, 0, 1, 0]


def test_a_service_that_announces_nothing_is_asked_again_before_that_is_believed(bench: Bench):
    """
    Some services announce nothing while they start: an hour later it is read again, and told only then.
    """
    subscription = bench.subscribe()
    read_services(bench, 1)
    delete_sensor(bench.sos)

    found = []
    for minutes in (DAY + 2, DAY + 30, DAY + 63):
        read_services(bench, minutes)
        found.append(told(bench, subscription))

    assert found == [[], [], ["source-changed"]]


class Unreachable:
    """A service that cannot be asked."""

    def read(self, source: Source):
        raise SourceUnreachable("no connection", where="http://sos.example.org/sos")


def test_a_service_that_cannot_be_read_keeps_what_is_known_of_it(bench: Bench):
    """
    It is read again in an hour; the error is shown, and nothing is told as gone.
    """
    subscription = bench.subscribe()
    read_services(bench, 1)
    read_services(bench, DAY + 2, Unreachable())
    serves = shown(bench, f"/sources/{subscription.feed_id}")["serves"]

    assert serves["error"] == "http://sos.example.org/sos: no connection"
    assert (serves["read"], serves["readAgain"]) == ("2024-03-01T12:01:00Z", "2024-03-02T13:02:00Z")
    assert (serves["offerings"], told(bench, subscription)) == (1, [])


def break_off_a_reading(bench: Bench, key: str) -> None:
    with bench.store.service_reading(key) as transaction:
        gone = SourceChange("procedure", "ws", None, "ws")
        transaction.save(transaction.before.contents, (gone,), bench.now, bench.now + timedelta(days=1))
        raise KeyboardInterrupt


def test_a_reading_that_is_broken_off_is_made_again_as_if_it_had_not_been(bench: Bench):
    """
    Contents, changes and alerts are kept together: what fails before the commit leaves nothing, and is told later.
    """
    bench.sos.insert_sensor("other")
    subscription = bench.subscribe()
    read_services(bench, 1)
    delete_sensor(bench.sos)
    bench.now = at(DAY + 2)
    key = service_key(subscription.source)
    with pytest.raises(KeyboardInterrupt):
        break_off_a_reading(bench, key)

    assert bench.store.service_changes(key) == ()
    read_services(bench, DAY + 3)
    assert told(bench, subscription) == ["source-changed"]
