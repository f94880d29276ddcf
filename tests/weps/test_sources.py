"""Sources on a real store and a real SOS: silent, down, changed; told once, whatever is restarted between."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import DeleteSensor
from tests.flaky_sos import FlakySos
from tests.flows.rules import HEAT
from tests.weps.asgi import Client
from tests.weps.bench import NOON, Bench, at
from tests.weps.feeders.sos_answers import observation, response
from tests.weps.test_result_times import publish
from weps.engine import Engine
from weps.errors import SourceUnreachable
from weps.feeders.contents import ContentsReader
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import LatePolicy, Ordering, Source, SourceChange
from weps.source_alerts import Alarm
from weps.sources import ServiceWatch, service_key
from weps.web.sources import create_source_routes

DAY = 24 * 60
DOWN = (503, b"down for maintenance")


def read_services(bench: Bench, minutes: float, announcer=None) -> int:
    """Read the services that are due so many minutes after noon, with nothing in memory from before."""
    bench.now = at(minutes)
    reader = announcer or ContentsReader(Fetcher(frozenset({"127.0.0.1"}), timeout=5, limit=2**24))
    return ServiceWatch(bench.store, reader, timedelta(days=1), lambda: bench.now).read_due()


def delete_sensor(sos: FlakySos, procedure: str = "ws") -> None:
    sos._post(encode_request(DeleteSensor(procedure)))


def told(bench: Bench, subscription) -> list[str]:
    return [alert.status.value for alert in bench.alerts(subscription)]


def web(bench: Bench) -> Client:
    return Client(Starlette(routes=create_source_routes(bench.store, lambda: bench.now, lambda: bench.now)))


def shown(bench: Bench, path: str) -> dict:
    answer = web(bench).get(path)
    assert answer.status == 200, answer.text
    return json.loads(answer.body)


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


def feed_news(bench: Bench, *minutes: float) -> None:
    """Let a value be observed and read at each of these minutes."""
    for minute in minutes:
        bench.sos.insert((at(minute - 0.5), 20))
        bench.poll(minute)


def test_a_source_that_falls_silent_is_told_and_told_when_it_speaks_again(bench: Bench):
    """
    With news every ten minutes, a hundred minutes are still waited for; the end has the episode of the beginning.
    """
    subscription = bench.subscribe()
    feed_news(bench, 10, 20, 30, 40, 50, 60)
    found = []
    for minute in (120, 160, 161, 200):
        bench.poll(minute)
        bench.restart()
        found.append((told(bench, subscription), bench.store.source(subscription.feed_id).state.value))
    feed_news(bench, 210)

    silent, speaks = ["source-silent"], ["source-silent", "source-speaks"]
    assert found == [([], "ok"), ([], "ok"), (silent, "stale"), (silent, "stale")]
    assert (told(bench, subscription), bench.store.source(subscription.feed_id).state.value) == (speaks, "ok")
    first, last = bench.alerts(subscription)
    assert (first.episode, last.episode) == (first.id, first.id)
    assert "nothing new since 2024-03-01T13:00:00Z; usually there is something every 0:10:00" in first.text


def test_a_source_that_was_never_regular_is_not_called_silent(bench: Bench):
    """
    After two observations nobody knows what is usual.
    """
    subscription = bench.subscribe()
    feed_news(bench, 10, 20)
    bench.poll(10 * DAY)

    assert told(bench, subscription) == []


def test_a_source_goes_from_ok_over_failing_to_down_and_back(bench: Bench):
    """
    The state follows the failures; the rates count each poll.
    """
    subscription = bench.subscribe()
    bench.sos.insert((at(-5), 20))
    states = []
    for minute, answer in ((1, None), (2, DOWN), (5, DOWN), (12, DOWN), (30, None)):
        bench.sos.answer = answer
        bench.poll(minute)
        source = bench.store.source(subscription.feed_id)
        states.append((source.state.value, source.feed.failures))

    members = shown(bench, f"/sources/{subscription.feed_id}")
    assert states == [("ok", 0), ("failing", 1), ("failing", 2), ("down", 3), ("ok", 0)]
    assert told(bench, subscription) == ["source-down", "source-up"]
    assert members["errorRate"] == {"lastHour": 0.5, "lastDay": 0.5}


def test_an_operator_says_when_subscribers_are_told(bench: Bench):
    """
    With one failure and twice the usual distance, both are told much earlier than without these settings.
    """
    feeder = SosFeeder(Fetcher(frozenset({"127.0.0.1"}), timeout=5, limit=2**24))
    alarm = Alarm(failures=1, stale_after=2)
    bench.engine.close(5)
    bench.engine = Engine(
        bench.store, feeder, {}, "http://weps.example", clock=lambda: bench.now, first_look=30, alarm=alarm
    )
    subscription = bench.subscribe()
    feed_news(bench, 10, 20, 30, 40, 50, 60)
    bench.poll(81)
    bench.sos.answer = DOWN
    bench.poll(90)

    assert told(bench, subscription) == ["source-silent", "source-down"]


def test_the_record_of_a_source_is_the_same_after_a_restart(bench: Bench):
    """
    State, rates, answer times and times to come are kept, not remembered.
    """
    subscription = bench.subscribe()
    feed_news(bench, 1, 2, 3)
    bench.sos.answer = DOWN
    bench.poll(4)
    read_services(bench, 4)
    before = shown(bench, f"/sources/{subscription.feed_id}")
    bench.restart()

    assert shown(bench, f"/sources/{subscription.feed_id}") == before
    assert (before["state"], before["answerTime"]["requests"]) == ("failing", 4)


def test_everything_about_a_source_is_shown(bench: Bench):
    """
    How it fares, when it is asked next, how far behind its newest observation is, and what its service has.
    """
    subscription = bench.subscribe()
    bench.subscribe()
    bench.sos.insert((at(-30), 20), (at(0.5), 21))
    bench.poll(1)
    read_services(bench, 1)
    bench.now = at(1.5)

    members = shown(bench, f"/sources/{subscription.feed_id}")
    times = members.pop("answerTime")
    assert [0 < times[name] < 5 for name in ("last", "mean", "p95")] == [True] * 3
    assert members.pop("serves")["offeringList"][0]["procedures"] == ["ws"]
    assert members == {
        "id": subscription.feed_id,
        "href": f"/sources/{subscription.feed_id}",
        "state": "ok",
        "binding": "kvp",
        "endpoint": bench.sos.url,
        "version": "2.0.0",
        "operation": "GetObservation",
        "selection": {"offering": ["ws"], "procedure": ["ws"], "observedProperty": ["AirTemperature"]},
        "subscriptions": 2,
        "interval": 60.0,
        "lastSuccess": "2024-03-01T12:01:00Z",
        "nextPoll": "2024-03-01T12:02:00Z",
        "failures": 0,
        "series": 1,
        "newestObservation": "2024-03-01T12:00:30Z",
        "lag": 60.0,
        "slowestSeries": "2024-03-01T12:00:30Z",
        "errorRate": {"lastHour": 0.0, "lastDay": 0.0},
        "arrivals": dict.fromkeys(
            ("late", "dropped", "tooLate", "repeated", "corrected", "lost", "nil", "elsewhere"), 0
        ),
        "changes": [],
    }


def test_what_came_otherwise_than_it_should_is_counted_and_shown(bench: Bench):
    """
    Late, dropped, too late to be put in order, and corrected; what was changed is listed with what it was before.
    """
    every = json.dumps({**json.loads(HEAT), "trigger": "every"})
    subscription = bench.subscribe(every)
    bench.subscribe(every, ordering=Ordering(LatePolicy.DROP))
    bench.subscribe(every, ordering=Ordering(LatePolicy.REORDER, timedelta(minutes=10)))
    for minute, rows in ((6, [(5, 35)]), (16, []), (18, [(3, 33), (4, 34)]), (20, [])):
        if rows:
            bench.sos.insert(*((at(each), value) for each, value in rows))
        bench.poll(minute)
        bench.restart()
    publish(bench, at(5), at(22), 36)
    bench.poll(23)
    bench.restart()
    bench.poll(24)

    path = f"/sources/{subscription.feed_id}"
    assert shown(bench, path)["arrivals"] == {
        "late": 2,
        "dropped": 2,
        "tooLate": 2,
        "repeated": 0,
        "lost": 0,
        "corrected": 1,
        "nil": 0,
        "elsewhere": 0,
    }
    assert shown(bench, f"{path}/corrections") == {
        "corrections": [
            {
                "procedure": "ws",
                "observedProperty": "AirTemperature",
                "featureOfInterest": "station",
                "phenomenonTime": "2024-03-01T12:05:00Z",
                "before": "35.0 Cel",
                "after": "36.0 Cel",
                "recorded": "2024-03-01T12:23:00Z",
                "times": 1,
            }
        ]
    }


def test_results_behind_a_reference_are_told_of(bench: Bench):
    """
    They cannot be read, and are counted in the last answer that had such.
    """
    subscription = bench.subscribe()
    bench.poll(1)
    reference = ' xlink:href="http://x.example/1"><'
    document = response(observation("2024-03-01T12:02:00Z", reference))
    bench.sos.answer = (200, document.replace(b"OM_Measurement", b"OM_ComplexObservation"))
    bench.poll(2)

    source = shown(bench, f"/sources/{subscription.feed_id}")
    assert source["arrivals"]["elsewhere"] == 1
    assert source["notices"] == [
        "1 results of the last answer stand outside of it, behind a reference, and are not read"
    ]


def test_each_series_is_shown_with_its_newest_observation(bench: Bench):
    """
    The one that is furthest behind comes first, in pages.
    """
    bench.sos.insert((at(1), 20.5), (at(2), 21), feature="stopped")
    bench.sos.insert((at(1), 30), (at(60), 31), feature="going")
    subscription = bench.subscribe()
    bench.poll(61)

    path = f"/sources/{subscription.feed_id}/series"
    names = {"procedure": "ws", "observedProperty": "AirTemperature"}
    stopped, going = (
        {**names, "featureOfInterest": feature, "newestObservation": time, "lag": lag, "value": value, "uom": "Cel"}
        for feature, time, lag, value in (
            ("stopped", "2024-03-01T12:02:00Z", 3540.0, 21.0),
            ("going", "2024-03-01T13:00:00Z", 60.0, 31.0),
        )
    )
    assert shown(bench, path) == {"series": [stopped, going]}
    assert shown(bench, f"{path}?limit=1") == {"series": [stopped], "next": f"{path}?limit=1&offset=1"}
    assert shown(bench, f"{path}?limit=1&offset=1") == {"series": [going]}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/sources/99/series", 404, "there is no source 99"),
        ("/sources/99/corrections", 404, "there is no source 99"),
        ("/sources/1/corrections?offset=-1", 400, "offset: is a whole number from 0 on"),
        ("/sources/1/series?limit=0", 400, "limit: is a whole number from 1 on"),
        ("/sources/1/series?state=ok", 400, "there is no parameter 'state'; there are limit, offset"),
    ],
    ids=["no source", "nothing to correct", "before the first", "no page", "unknown"],
)
def test_what_cannot_be_asked_of_a_source_is_refused(bench: Bench, path: str, status: int, words: str):
    """
    With a sentence that says what to give instead.
    """
    bench.subscribe()

    answer = web(bench).get(path)

    assert (answer.status, words in answer.text) == (status, True), answer.text


def test_a_source_that_nobody_wants_is_idle(bench: Bench):
    """
    It is not polled, and not read.
    """
    subscription = bench.subscribe()
    bench.engine.cancel(subscription.id)

    members = shown(bench, f"/sources/{subscription.feed_id}")
    assert (members["state"], members["subscriptions"], "nextPoll" in members) == ("idle", 0, False)
    assert read_services(bench, 1) == 0


def test_sources_are_listed_by_state_and_in_pages(bench: Bench):
    """
    Each page says where the next one is; states can be chosen, and an unknown one is refused.
    """
    bench.sos.insert_sensor("other")
    first = bench.subscribe()
    second = bench.subscribe(source=read_kvp(bench.sos.template("other")))
    bench.engine.cancel(second.id)

    page = shown(bench, "/sources?limit=1")
    following = shown(bench, page["next"])
    idle = shown(bench, "/sources?state=idle,down")
    refused = web(bench).get("/sources?state=broken")

    assert ([one["id"] for one in page["sources"]], page["count"]) == ([first.feed_id], 2)
    assert ([one["id"] for one in following["sources"]], "next" in following) == ([second.feed_id], False)
    assert [one["id"] for one in idle["sources"]] == [second.feed_id]
    assert (refused.status, "ok, stale, failing, down, idle" in refused.text) == (400, True)
    assert web(bench).get("/sources/999").status == 404
    assert web(bench).get("/sources/99999999999999999999").status == 404


def test_neither_keys_of_sources_nor_tokens_of_feeds_are_shown(bench: Bench):
    """
    Keys in the template, in the address and in the error of a source stay with us, and so does the token of a feed.
    """
    template = f"{bench.sos.template()}&api_key=S3CRET"
    document = (
        '<GetObservation xmlns="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">'
        "<offering>ws</offering></GetObservation>"
    )
    kvp = bench.subscribe(source=read_kvp(template))
    pox = bench.subscribe(source=Source("pox", f"{bench.sos.url}pox?token=S3CRET", document))
    bench.store.poll_failed(kvp.feed_id, f"{template}: no answer", NOON)

    texts = [web(bench).get(path).text for path in ("/sources", f"/sources/{kvp.feed_id}", f"/sources/{pox.feed_id}")]

    assert "no answer" in texts[1]
    assert [secret in text for text in texts for secret in ("S3CRET", kvp.token, pox.token)] == [False] * 9


def test_a_server_that_is_stopped_and_started_again(tmp_path: Path):
    """
    A real server that is gone is failing, then down; when it is back, what was observed meanwhile is read.
    """
    data = tmp_path / "sos"
    data.mkdir()
    with FlakySos(data) as sos:
        sos.insert_sensor()
        bench = Bench(sos, f"sqlite:///{tmp_path / 'weps.db'}")
        subscription = bench.subscribe()
        bench.poll(1)
    states = []
    for minute in (2, 5, 12):
        bench.poll(minute)
        states.append(bench.store.source(subscription.feed_id).state.value)
    again = FlakySos(data)
    again.port, again.url = sos.port, sos.url
    with again:
        again.insert((at(3), 31))
        bench.poll(40)
        states.append(bench.store.source(subscription.feed_id).state.value)
    bench.engine.close(5)
    bench.store.dispose()

    assert states == ["failing", "failing", "down", "ok"]
