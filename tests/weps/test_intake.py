"""What is pushed enters the engine: by a real Mosquitto, with a clock that stands still until it is moved."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.misbehaving_sos import MisbehavingSos, answer
from tests.mosquitto import Mosquitto, require_mosquitto
from tests.waiting import wait_for
from tests.weps.bench import at
from tests.weps.intake_bench import IntakeBench
from weps import intake
from weps.errors import InputError, SourceUnreachable
from weps.feeders.brokers import Brokers
from weps.feeders.guard import Guard
from weps.feeders.sources import mqtt_source, push_source
from weps.model import Source

SILENT = json.dumps({"type": "noData", "after": "PT1H"})
MAPPING = json.dumps(
    {
        "time": "at",
        "value": "v",
        "procedure": {"topic": 1},
        "observedProperty": {"constant": "Level"},
    }
)


@pytest.fixture
def bench(tmp_path):
    with IntakeBench(tmp_path) as made:
        yield made


@pytest.fixture
def mosquitto(tmp_path):
    require_mosquitto()
    broker = Mosquitto(tmp_path / "broker")
    yield broker
    broker.stop()


def reading(minutes: float, value: object = 20) -> dict[str, object]:
    return {"at": at(minutes).isoformat(), "v": value}


def topic(mosquitto: Mosquitto, name: str = "+/level") -> Source:
    return mqtt_source(f"mqtt://{mosquitto.host}/{name}", MAPPING)


def is_there(bench: IntakeBench, source: Source) -> bool:
    try:
        bench.brokers.require(source.endpoint, "+/level")
    except SourceUnreachable:
        return False
    return True


def test_silence_is_noticed_and_what_waited_at_the_broker_is_no_silence(bench, mosquitto):
    """
    A reading that came while nobody listened is taken in before the time moves on, so only real silence is told.
    """
    subscription = bench.subscribe(topic(mosquitto), SILENT)
    mosquitto.publish("A/level", reading(0))
    wait_for(lambda: bench.store.positions(subscription.feed_id))
    bench.stop()
    mosquitto.publish("A/level", reading(50))

    bench.start()
    bench.poll(70)
    heard = bench.told(subscription)
    bench.poll(111)

    assert [] == heard
    assert [("no-data", at(110))] == bench.told(subscription)


def test_a_message_that_cannot_be_read_stops_no_other(bench, mosquitto):
    """
    The good ones around it have their alerts; it is counted, acknowledged and does not come again.
    """
    source = topic(mosquitto)
    subscription = bench.subscribe(source)

    mosquitto.publish("A/level", reading(1, 31), b"\xff{", {"at": "yesterday", "v": 32}, reading(2, 33))
    wait_for(lambda: len(bench.values(subscription)) == 2)
    counted = bench.faults.count(source)
    bench.stop()
    bench.start()
    mosquitto.publish("A/level", reading(3, 34))
    wait_for(lambda: len(bench.values(subscription)) == 3)

    assert ([31, 33, 34], (2, 2)) == (bench.values(subscription), counted)
    assert (1, 0) == bench.faults.count(source)


def test_a_message_that_cannot_be_stored_is_given_up_and_counted(bench, mosquitto, monkeypatch, caplog):
    """
    After five tries, in which those around it are stored; it is told in the log, and does not come again.
    """
    monkeypatch.setattr(intake, "LONGEST_PAUSE", 0.05)
    subscription = bench.subscribe(topic(mosquitto))
    with bench.store.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER damaged BEFORE INSERT ON feed_series WHEN NEW.procedure = 'B' "
            "BEGIN SELECT RAISE(ABORT, 'the disk is damaged'); END"
        )

    mosquitto.publish("A/level", reading(1, 31))
    mosquitto.publish("B/level", reading(1, 99))
    mosquitto.publish("A/level", reading(2, 32))
    wait_for(lambda: bench.store.health(subscription.feed_id).counters.lost)
    bench.stop()
    bench.start()
    mosquitto.publish("A/level", reading(3, 33))
    wait_for(lambda: len(bench.values(subscription)) == 3)

    assert ([31, 32, 33], 1) == (bench.values(subscription), bench.store.health(subscription.feed_id).counters.lost)
    told = [record.getMessage() for record in caplog.records if "given up" in record.getMessage()]
    assert [f"message given up broker=mqtt://{mosquitto.host} topic=B/level octets=44"] == told
    tries = [record for record in caplog.records if "messages not taken in count=1 " in record.getMessage()]
    assert 5 == len(tries)


def test_a_topic_with_nothing_that_can_be_read_is_a_source_that_fails(bench, mosquitto):
    """
    The next look at the source tells how many messages came and why the last could not be read.
    """
    source = topic(mosquitto)
    subscription = bench.subscribe(source)
    mosquitto.publish("A/level", b"no JSON", {"v": 1})
    wait_for(lambda: bench.faults.count(source) == (0, 2))

    bench.poll(1)

    feed = bench.store.feed(subscription.feed_id)
    assert (1, "none of 2 messages could be read; the last: item 1: the observation has no time") == (
        feed.failures,
        feed.last_error,
    )


def test_a_broker_that_is_gone_is_a_source_that_is_down(bench, mosquitto):
    """
    Three looks in vain tell it once, and the first look after its return that it is there again.
    """
    source = topic(mosquitto)
    subscription = bench.subscribe(source)
    mosquitto.stop()

    for minutes in (1, 5, 15, 40):
        bench.poll(minutes)
    mosquitto.start()
    wait_for(lambda: is_there(bench, source))
    bench.poll(100)

    assert ["source-down", "source-up"] == [status for status, _ in bench.told(subscription)]
    assert None is bench.store.feed(subscription.feed_id).last_error


def test_all_topics_of_a_broker_share_one_connection(bench, mosquitto):
    """
    Overlapping topics both have the message, each once; the broker knows one client.
    """
    everything, one = bench.subscribe(topic(mosquitto, "#")), bench.subscribe(topic(mosquitto, "A/level"))

    mosquitto.publish("A/level", reading(1, 31))
    mosquitto.publish("B/level", reading(2, 32))
    wait_for(lambda: len(bench.values(everything)) == 2 and bench.values(one))

    assert ([31, 32], [31]) == (bench.values(everything), bench.values(one))
    assert 1 == len(bench.brokers._brokers)


def test_a_broker_on_this_machine_is_refused_unless_the_settings_allow_it(tmp_path, mosquitto):
    """
    The guard holds for brokers as for HTTP servers: nothing connects, and the source says why.
    """
    with IntakeBench(tmp_path, frozenset()) as bench:
        subscription = bench.subscribe(topic(mosquitto))

        error = bench.store.feed(subscription.feed_id).last_error

    assert "private, local or reserved" in error


def test_a_broker_that_wants_a_login_is_told_the_one_of_the_settings(tmp_path):
    """
    With it the topic is listened to; without it the source says that the broker refuses.
    """
    require_mosquitto()
    (tmp_path / "users").write_text("")
    subprocess.run(
        [shutil.which("mosquitto_passwd"), "-b", str(tmp_path / "users"), "weps", "secret"],
        check=True,
        capture_output=True,
    )
    broker = Mosquitto(tmp_path / "strict", f"allow_anonymous false\npassword_file {tmp_path / 'users'}")
    address = f"mqtt://{broker.host}"
    allowed = Guard(frozenset({"127.0.0.1"}))
    known = Brokers(allowed, "known", {broker.host: "weps:secret"})
    unknown = Brokers(allowed, "unknown")

    known.require(address, "A/level")
    with pytest.raises(SourceUnreachable, match="the broker refuses: Not authorized"):
        unknown.require(address, "A/level")

    for each in (known, unknown):
        each.close()
    broker.stop()


def test_what_comes_again_after_it_was_forgotten_is_no_news(bench):
    """
    Ids are kept for the overlap; what is older than that and than the newest of its series is dropped, and counted.
    """
    source = push_source("http://weps.example/push", MAPPING.replace('{"topic": 1}', '"p"'), None, None)
    subscription = bench.subscribe(source)
    old, new = {**reading(1, 31), "p": "A"}, {**reading(60 * 24 * 5, 32), "p": "A"}

    for message in (old, new, old, new):
        bench.intake.take(source, json.dumps(message).encode())

    assert [31, 32] == bench.values(subscription)
    assert bench.store.health(subscription.feed_id).counters.overdue == 1


def test_a_late_message_within_the_overlap_is_evaluated(bench):
    """
    A reading of a slow way that is a day late at most counts as every other.
    """
    source = push_source("http://weps.example/push", MAPPING.replace('{"topic": 1}', '"p"'), None, None)
    subscription = bench.subscribe(source)

    for minutes, value in ((60, 31), (30, 32)):
        bench.intake.take(source, json.dumps({**reading(minutes, value), "p": "A"}).encode())

    assert [31, 32] == bench.values(subscription)


def test_what_is_from_before_the_begin_of_a_subscription_is_not_for_it(bench):
    """
    One that begins later, or in the past, sees what was observed from then on, as where a source is asked.
    """
    source = push_source("http://weps.example/push", MAPPING.replace('{"topic": 1}', '"p"'), None, None)
    later, earlier = bench.subscribe(source, start=at(5)), bench.subscribe(source, start=at(-5))
    pushed = [{**reading(minutes, 40 + minutes), "p": "A"} for minutes in (-6, -4, 4, 5, 6)]

    for each in pushed:
        bench.intake.take(source, json.dumps(each).encode())

    assert bench.values(later) == [45, 46]
    assert bench.values(earlier) == [36, 44, 45, 46]


def test_what_cannot_be_read_is_refused_to_who_pushes_it(bench):
    """
    The place of the fault is told.
    """
    source = push_source("http://weps.example/push", None, None, None)
    bench.subscribe(source)

    with pytest.raises(InputError, match="the file is empty"):
        bench.intake.take(source, b" ")

    assert (0, 1) == bench.faults.count(source)


def test_a_hub_is_asked_after_a_restart_without_waiting_for_the_next_look(bench):
    """
    What it had granted is not known any more, and may be over before the source is looked at.
    """
    with MisbehavingSos() as server:
        server.behaviours["/hub"] = answer(b"", status=202)
        subscription = bench.subscribe(push_source("http://weps.example/push", topic="t", hub=server.url("/hub")))
        before = len(server.requests)
        bench.stop()
        bench.start()
        wait_for(lambda: len(server.requests) > before)

    assert (before, bench.store.feed(subscription.feed_id).failures) == (1, 0)
