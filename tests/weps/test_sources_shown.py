"""What is shown of sources at /sources."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.flows.rules import HEAT
from tests.weps.bench import NOON, Bench, at
from tests.weps.feeders.sos_answers import observation, response
from tests.weps.sources import read_services, shown, web
from tests.weps.test_result_times import publish
from weps.feeders.template import read_kvp
from weps.model import LatePolicy, Ordering, Source


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
