"""weps:DryRun on a real SOS: it finds what a subscription finds, and leaves nothing behind."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import feedparser
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sos_server.time import format_instant
from tests.flows.rules import HEAT, OVERSHOOT
from tests.weps.bench import NOON, Bench
from weps.errors import InputError, SourceException
from weps.feeders.base import Batch
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import Observation, RuleText
from weps.processes import rehearsal, rehearsal_documents
from weps.processes.base import Context, Document, Outputs, Text
from weps.processes.execute import execute
from weps.processes.inputs import read_duration
from weps.processes.registry import PROCESSES
from weps.reading import Horizon, in_steps
from weps.rules.backtest import backtest
from weps.rules.languages import compile_rule, detect_language

BEGIN = NOON - timedelta(days=40)
MEAN = """{"type": "threshold", "condition": "greaterThan", "threshold": 25,
           "of": {"function": "mean", "window": "P2D", "kind": "tumbling"}}"""
SILENCE = '{"type": "noData", "procedure": "ws", "after": "P1DT12H"}'
SHOWN = '{"type": "threshold", "condition": "greaterThan", "threshold": 25, "for": "PT7H", "pending": true}'
RULES = {"threshold": HEAT, "eml": OVERSHOOT, "window": MEAN, "silence": SILENCE, "pending": SHOWN}


@pytest.fixture
def told() -> list[float]:
    return []


def dry_run(bench: Bench, rule: str, told: list[float] | None = None, **inputs: str) -> Outputs:
    given = {"startTime": format_instant(BEGIN), "endTime": format_instant(NOON)} | inputs
    given.setdefault("getObservationTemplate", bench.sos.template())
    texts = {name: [Text(text)] for name, text in given.items()} | {"rule": [Document(rule)]}
    progress = (lambda percent: None) if told is None else told.append
    context = Context(bench.engine, Fetcher(frozenset({"127.0.0.1"})), bench.sos.url, progress=progress)
    return execute(PROCESSES["weps:DryRun"], texts, context)


def insert_history(bench: Bench) -> int:
    """Forty days with gaps, two sensors' features, values that go up and down."""
    count = 0
    for feature, phase in (("north", 0), ("south", 3)):
        rows = [
            (BEGIN + timedelta(hours=7 * number), 20 + (number * (5 + phase)) % 17)
            for number in range(137)
            if number % 29 > 4
        ]
        bench.sos.insert(*rows, feature=feature)
        count += len(rows)
    return count


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_dry_run_finds_what_a_backtest_and_a_subscription_find(bench: Bench, rule: str):
    """
    The detections are those of `weps backtest` on the same observations, and the alerts of a subscription of that time.
    """
    insert_history(bench)
    observations = SosFeeder(Fetcher(frozenset({"127.0.0.1"}))).fetch(read_kvp(bench.sos.template()), BEGIN, NOON)
    compiled = compile_rule(RuleText(detect_language(rule), rule))
    expected = list(backtest(compiled, observations.observations, BEGIN, NOON, as_arrived=False))

    document = json.loads(dry_run(bench, rule)["detections"]["application/json"])
    subscription = bench.subscribe(rule, start=BEGIN)
    bench.poll(0)

    found = document["detections"]
    assert len(expected) > 3
    names = ("time", "pattern", "event", "output", "message", "causes")
    assert [{name: one.get(name) for name in names} for one in found] == [
        {name: one.get(name) for name in names} for one in expected
    ]
    assert [(one["time"], one["status"]) for one in found] == [
        (format_instant(alert.event_time), alert.status.value) for alert in bench.alerts(subscription)
    ]


def test_a_dry_run_reads_history_in_steps_and_tells_how_far_it_is(bench: Bench, told: list[float]):
    """
    Forty days of a source that does not count are asked for in several requests; every observation is counted once;
    progress ends at 100.
    """
    bench.sos.uncounted = True
    count = insert_history(bench)

    outputs = dry_run(bench, HEAT, told)

    assert outputs["observations"] == str(count)
    assert len(bench.sos.asked) >= len(told) > 2
    assert told == sorted(told)
    assert told[-1] == 100


def test_a_dry_run_leaves_nothing_behind(bench: Bench):
    """
    No subscription, no feed that would be polled, no alert.
    """
    insert_history(bench)

    dry_run(bench, HEAT)

    assert bench.engine.count_subscriptions() == 0
    assert bench.store.due_feeds(datetime(2100, 1, 1, tzinfo=UTC)) == ()
    assert bench.store.count_jobs() == 0


def test_time_in_alert_counts_episodes_at_the_same_time_once(bench: Bench):
    """
    Two features are above their threshold for two hours each, one of them together; a third until the end.
    """
    for feature, begin in (("north", 0), ("south", 1), ("west", 20)):
        above = BEGIN + timedelta(hours=begin)
        rows = [(above, 35)] if feature == "west" else [(above, 35), (above + timedelta(hours=2), 20)]
        bench.sos.insert(*rows, feature=feature)

    outputs = dry_run(bench, HEAT, endTime=format_instant(BEGIN + timedelta(hours=24)))

    assert (outputs["count"], outputs["timeInAlert"]) == ("5", "PT7H")


def test_what_is_pending_is_told_and_is_no_time_in_alert(bench: Bench):
    """
    Pending for seven hours, then on for three; later pending once more, and over before it is on.
    """
    rows = ((0, 30), (7, 30), (10, 20), (12, 30), (13, 20))
    bench.sos.insert(*((BEGIN + timedelta(hours=hours), value) for hours, value in rows))

    outputs = dry_run(bench, SHOWN)

    document = json.loads(outputs["detections"]["application/json"])
    assert document["counts"] == {"pending": 2, "firing": 1, "resolved": 2}
    assert outputs["timeInAlert"] == "PT3H"


def test_detections_come_as_json_csv_and_georss(bench: Bench):
    """
    All three say the same; the feed is one that readers understand, newest first.
    """
    bench.sos.insert((BEGIN + timedelta(hours=1), 35), (BEGIN + timedelta(hours=2), 20))

    forms = dry_run(bench, HEAT, title="Heat in town")["detections"]

    listed = json.loads(forms["application/json"])
    rows = list(csv.DictReader(io.StringIO(forms["text/csv"])))
    feed = feedparser.parse(forms["application/rss+xml"].encode())
    assert (listed["count"], listed["counts"], listed["observations"]) == (2, {"firing": 1, "resolved": 1}, 2)
    assert (listed["timeInAlert"], listed["leftOut"]) == ("PT1H", 0)
    assert [(row["time"], row["status"], row["value"], row["threshold"]) for row in rows] == [
        ("2024-01-21T13:00:00Z", "firing", "35.0", "30"),
        ("2024-01-21T14:00:00Z", "resolved", "20.0", "30"),
    ]
    assert [entry.weps_status for entry in feed.entries] == ["resolved", "firing"]
    assert all("Heat in town" in entry.title for entry in feed.entries)
    assert feed.entries[1].where["coordinates"] == (7.5, 52.0)
    assert not feed.bozo


def test_items_of_a_dry_run_lead_to_the_evidence_and_nowhere_else(bench: Bench):
    """
    There is no alert to link to, and no feed that would be the same tomorrow; the evidence can be fetched.
    """
    bench.sos.insert((BEGIN + timedelta(hours=1), 35), (BEGIN + timedelta(hours=2), 20))

    feed = feedparser.parse(dry_run(bench, HEAT)["detections"]["application/rss+xml"].encode())

    assert [entry.guidislink for entry in feed.entries] == [False, False]
    assert [entry.link for entry in feed.entries] == [entry.weps_evidence for entry in feed.entries]
    assert [link.rel for link in feed.feed.links] == ["alternate"]
    for entry, value in zip(feed.entries, ("20", "35"), strict=True):
        evidence = requests.get(entry.link, timeout=20)
        assert (evidence.status_code, f">{value}<" in evidence.text.replace(".0<", "<")) == (200, True)


def test_a_feed_of_a_dry_run_holds_the_first_items_only(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """
    The lists hold more; what is left out of them is counted.
    """
    monkeypatch.setattr(rehearsal, "MOST_LISTED", 3)
    monkeypatch.setattr(rehearsal_documents, "MOST_IN_FEED", 2)
    bench.sos.insert(*((BEGIN + timedelta(hours=hour), 35 - 15 * (hour % 2)) for hour in range(6)))

    outputs = dry_run(bench, HEAT)

    forms = outputs["detections"]
    listed = json.loads(forms["application/json"])
    feed = feedparser.parse(forms["application/rss+xml"].encode())
    assert (outputs["count"], len(listed["detections"]), listed["leftOut"]) == ("6", 3, 3)
    assert [entry.weps_status for entry in feed.entries] == ["resolved", "firing"]


def test_how_long_a_dry_run_took_is_told(bench: Bench):
    """
    As an output, in the document, and for people.
    """
    insert_history(bench)

    outputs = dry_run(bench, HEAT)

    took = read_duration(outputs["duration"], None)
    assert timedelta(0) < took < timedelta(minutes=1)
    assert json.loads(outputs["detections"]["application/json"])["duration"] == outputs["duration"]
    assert f"in {took.total_seconds():.1f} s" in outputs["info"]


def a_year(series: int) -> Iterator[tuple[datetime, Batch]]:
    """A year of so many series that go up and down each in its own rhythm, observed every other day."""
    for day in range(0, 365, 2):
        begin = NOON + timedelta(days=day)
        yield (
            begin + timedelta(days=1),
            Batch(
                tuple(
                    Observation(
                        begin + timedelta(minutes=number),
                        "ws",
                        "AirTemperature",
                        f"station {number}",
                        35.0 if day // 2 % (number % 7 + 2) else 20.0,
                        "Cel",
                        id=f"{day}/{number}",
                    )
                    for number in range(series)
                )
            ),
        )


def test_the_memory_of_a_dry_run_stays_flat(monkeypatch: pytest.MonkeyPatch):
    """
    A year of a hundred series leaves no more behind than its first quarter: only counts and what is listed.
    """
    monkeypatch.setattr(rehearsal, "MOST_LISTED", 1000)
    monkeypatch.setattr(rehearsal, "MOST_APART", 100)
    rule = compile_rule(RuleText(detect_language(HEAT), HEAT))
    kept: list[int] = []

    def note(percent: float) -> None:
        if percent >= 25 * (len(kept) + 1):
            kept.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    found = rehearsal.rehearse(rule, a_year(100), NOON, NOON + timedelta(days=365), note)
    tracemalloc.stop()

    assert (found.observations, len(found.matches)) == (18_300, 1000)
    assert found.detections > 5_000
    assert found.in_alert == timedelta(days=363)  # all are low on the first day
    assert len(kept) == 4
    assert kept[3] - kept[0] < 100_000


@pytest.mark.parametrize("room", [0, 1, 1000], ids=["always", "often", "at the end"])
@given(stretches=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=20))
def test_time_in_alert_is_the_same_however_often_stretches_are_merged(room: int, stretches: list[tuple[int, int]]):
    """
    It is the number of minutes in which any of them is on.
    """
    episodes = rehearsal._Episodes(room=room)
    for number, (begin, length) in enumerate(stretches):
        episodes.begin(str(number), NOON + timedelta(minutes=begin))
        episodes.end(str(number), NOON + timedelta(minutes=begin + length))

    minutes = {begin + minute for begin, length in stretches for minute in range(length)}
    assert episodes.time_on(NOON) == timedelta(minutes=len(minutes))


def test_names_of_strangers_are_no_formulas_in_a_spreadsheet(bench: Bench):
    """
    A cell that a spreadsheet would compute is marked as text.
    """
    bench.sos.insert((BEGIN + timedelta(hours=1), 35), feature="=1+1")

    [row] = csv.DictReader(io.StringIO(dry_run(bench, HEAT)["detections"]["text/csv"]))

    assert row["featureOfInterest"] == "'=1+1"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"offering": "wx"}, r"at offering: .*wx.*; http://127\.0\.0\.1:\d+/ has the offerings ws"),
        ({"offering": "ws", "procedure": "wx"}, r"at procedure: .*wx.* has the procedures ws"),
        ({"offering": "ws", "observedProperty": "Rain"}, r"at observedProperty: .* the observed properties AirTemp"),
        ({"offering": "ws", "featureOfInterest": "sea"}, r"at featureOfInterest: .*sea"),
    ],
    ids=["offering", "procedure", "property", "feature"],
)
def test_a_series_that_the_source_does_not_know_is_a_fault_of_who_names_it(bench: Bench, names, message):
    """
    It is refused like any other wrong input, and what there is instead is told.
    """
    insert_history(bench)
    template = f"{bench.sos.url}?service=SOS&version=2.0.0&request=GetObservation&{urlencode(names)}"

    with pytest.raises(InputError, match=message) as caught:
        dry_run(bench, HEAT, getObservationTemplate=template)

    assert caught.value.where == "getObservationTemplate"


def test_a_series_is_refused_at_the_input_that_names_it(bench: Bench):
    """
    Where it is no part of a template.
    """
    given = {"sosEndpoint": bench.sos.url, "offering": "ws", "procedure": "wx"}
    times = {"startTime": format_instant(BEGIN), "endTime": format_instant(NOON)}
    texts = {name: [Text(text)] for name, text in (given | times).items()} | {"rule": [Document(HEAT)]}
    context = Context(bench.engine, Fetcher(frozenset({"127.0.0.1"})), bench.sos.url)

    with pytest.raises(InputError) as caught:
        execute(PROCESSES["weps:DryRun"], texts, context)

    assert caught.value.where == "procedure"


def test_a_subscription_whose_source_refuses_it_says_so(bench: Bench):
    """
    It stands, as a sensor may be registered later; but who has misspelt its name need not wait for an alert.
    """
    template = f"{bench.sos.url}?service=SOS&version=2.0.0&request=GetObservation&offering="
    context = Context(bench.engine, Fetcher(frozenset({"127.0.0.1"})), bench.sos.url)

    told = []
    for offering in ("wx", "ws"):
        texts = {"rule": [Document(HEAT)], "getObservationTemplate": [Text(template + offering)]}
        told.append(execute(PROCESSES["weps:Subscribe"], texts, context)["info"])

    assert ". Its source could not be read, and is asked again: http://127.0.0.1:" in told[0]
    assert "There is no offering 'wx' here" in told[0]
    assert "could not be read" not in told[1]


def span(begin: datetime, hours: float) -> Observation:
    return Observation(begin, "p", "o", "f", 1.0, phenomenon_time_end=begin + timedelta(hours=hours), id=str(begin))


@pytest.mark.parametrize("most", [1000, 5, 2], ids=["in one go", "a few", "hardly any"])
def test_what_was_observed_over_a_period_is_not_cut_in_two(most: int):
    """
    Hourly means over three days come all and in order, however few observations a source gives at once.
    """
    means = [span(NOON + timedelta(minutes=30 + 60 * number), 1) for number in range(71)]

    def fetch(begin: datetime, end: datetime) -> Batch:
        found = tuple(one for one in means if begin <= one.phenomenon_time and one.end <= end)
        if len(found) > most:
            raise SourceException("too many", code="ResponseExceedsSizeLimit")
        return Batch(found)

    until, horizon = NOON + timedelta(days=3), Horizon(overlap=timedelta(hours=2), step=timedelta(days=1))
    steps = list(in_steps(fetch, NOON, until, timedelta(days=1), horizon))

    seen = dict.fromkeys(one.id for _, batch in steps for one in batch.observations)
    assert list(seen) == [one.id for one in means]
    assert [end for end, _ in steps] == sorted({end for end, _ in steps})
    assert steps[-1][0] == until
