"""Jobs of WPS 2.0: subscriptions, and executions that take their time."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sos_server.time import parse_instant
from tests.weps.processes.requests20 import (
    THRESHOLD,
    Client20,
    echo,
    execute,
    literal,
    literals,
    output,
)
from tests.weps.processes.slow import LET_GO, SLOW_PROCESSES
from weps.errors import NotFoundError
from weps.feeders.http import Fetcher
from weps.model import Job, JobStatus, SubscriptionStatus
from weps.processes.base import Context, Text
from weps.processes.faults import WpsError
from weps.processes.job_control import FIRST_WAIT, SILENCE, JobControl
from weps.processes.registry import PROCESSES


@pytest.fixture
def client(wps) -> Client20:
    return Client20(wps.url)


@pytest.fixture
def slow(wps) -> Iterator[Client20]:
    """A client of the address that has the slow process; nothing goes on after the test."""
    LET_GO.clear()
    yield Client20(f"{wps.base}/tests/wps")
    LET_GO.set()


def subscribe(*, mode: str = "async", response: str = "document", outputs: str = "", **inputs: str) -> str:
    wanted = "".join(output(one) for one in (outputs or "subscriptionId feed").split())
    return execute("weps:Subscribe", literals(**THRESHOLD | inputs), wanted, mode, response)


def wait_slowly(end: str, **form: str) -> str:
    return execute("test:Slow", literal("end", end), output("text"), **{"mode": "async"} | form)


def instant(reply, name: str) -> datetime:
    [text] = reply.texts(f"/wps:StatusInfo/wps:{name}")
    return parse_instant(text)


def finished(client: Client20, job: str) -> str:
    """The status of a job when it is no longer running."""
    for thread in threading.enumerate():
        if thread.name == "job":
            thread.join(10)
    return client.status(job).job_status


@pytest.mark.shared
def test_the_job_of_a_subscription_is_the_subscription(wps, client, validate):
    """
    Its id, Running until it ends, its end as the estimated completion, the next poll within the sampling rate.
    """
    before = datetime.now(UTC)

    reply = client.post(subscribe(runtime="PT6H", samplingRate="PT1M"))

    found = wps.newest
    assert validate(reply.body) == []
    assert (reply.job, reply.job_status) == (found.id, "Running")
    assert instant(reply, "EstimatedCompletion") == found.expires
    assert before < instant(reply, "NextPoll") <= datetime.now(UTC) + timedelta(minutes=1)
    assert client.status(found.id).job == found.id


def test_a_subscription_without_end_has_no_estimated_completion(client):
    """
    It runs until it is dismissed.
    """
    reply = client.post(subscribe())

    assert reply.job_status == "Running"
    assert reply.texts("//wps:EstimatedCompletion") == []


@pytest.mark.shared
def test_the_result_of_a_subscription_is_not_ready_before_its_end(client, validate):
    """
    ResultNotReady, with the job as its locator.
    """
    job = client.post(subscribe()).job

    reply = client.result(job)

    assert reply.status == 400
    assert validate(reply.body) == []
    assert reply.fault == ("ResultNotReady", job)


@pytest.mark.shared
@pytest.mark.parametrize("response", ["document", "raw"])
def test_the_result_of_a_subscription_is_there_after_its_end(wps, client, validate, response):
    """
    In the form that Execute asked for.
    """
    outputs = "feed" if response == "raw" else "subscriptionId feed"
    job = client.post(subscribe(response=response, outputs=outputs, runtime="PT1H")).job
    wps.engine.store.end_subscription(job, SubscriptionStatus.ENDED, datetime.now(UTC))

    reply = client.result(job)

    feed = wps.engine.feed_url(wps.engine.subscription(job))
    assert validate(reply.body) == []
    assert client.status(job).job_status == "Succeeded"
    if response == "raw":
        assert reply.texts("/wps:LiteralValue") == [feed]
    else:
        assert reply.texts("/wps:Result/wps:JobID") == [job]
        assert (reply.output("subscriptionId"), reply.output("feed")) == (job, feed)


@pytest.mark.shared
def test_dismiss_ends_a_subscription_and_may_be_repeated(wps, client, validate):
    """
    The status stays Dismissed, and there is no result.
    """
    job = client.post(subscribe()).job

    replies = [client.dismiss(job), client.dismiss(job), client.status(job)]

    assert [validate(reply.body) for reply in replies] == [[], [], []]
    assert [(reply.job, reply.job_status) for reply in replies] == [(job, "Dismissed")] * 3
    assert wps.engine.subscription(job).status is SubscriptionStatus.CANCELLED
    assert client.result(job).fault == ("NoSuchJob", job)


def test_dismiss_after_the_end_leaves_the_subscription_as_it_was(wps, client):
    """
    It ended by itself; its client does not want the result.
    """
    job = client.post(subscribe()).job
    wps.engine.store.end_subscription(job, SubscriptionStatus.ENDED, datetime.now(UTC))

    statuses = [client.dismiss(job).job_status, client.status(job).job_status]

    assert statuses == ["Dismissed", "Dismissed"]
    assert wps.engine.subscription(job).status is SubscriptionStatus.ENDED


@pytest.mark.shared
def test_a_subscription_whose_rule_could_not_go_on_has_failed(wps, client, validate):
    """
    When it did is told, why is its result; its client may dismiss it.
    """
    job = client.post(subscribe(runtime="P1D")).job
    failed = datetime.now(UTC)
    with wps.engine.store.batch(wps.engine.subscription(job).feed_id) as transaction:
        transaction.end_failed([job], failed)

    replies = [client.status(job), client.result(job), client.dismiss(job)]

    assert [validate(reply.body) for reply in replies] == [[], [], []]
    assert (replies[0].job_status, instant(replies[0], "EstimatedCompletion")) == ("Failed", failed)
    assert (replies[1].fault, "could not go on" in replies[1].text) == (("InternalServerError", None), True)
    assert (replies[2].job_status, client.status(job).job_status) == ("Dismissed", "Dismissed")
    assert wps.engine.subscription(job).status is SubscriptionStatus.FAILED


@pytest.mark.shared
def test_the_completion_of_a_job_that_is_over_is_when_it_really_was(wps, client, validate):
    """
    A subscription that was to run for a day and is dismissed now, and a job that is finished.
    """
    before = datetime.now(UTC)
    listing = execute("weps:ListRuleLanguages", "", output("total"), "async")
    subscribed, quick = client.post(subscribe(runtime="P1D")).job, client.post(listing).job

    replies = [client.dismiss(subscribed), client.status(quick)]

    assert [validate(reply.body) for reply in replies] == [[], []]
    assert all(before <= instant(reply, "EstimatedCompletion") <= datetime.now(UTC) for reply in replies)
    assert instant(replies[0], "EstimatedCompletion") == wps.engine.subscription(subscribed).ended


@pytest.mark.parametrize("mode", ["sync", "auto"])
def test_a_subscription_that_was_made_synchronously_is_a_job_as_well(wps, client, mode):
    """
    The result is given at once, and its id is good for GetStatus and Dismiss, also after its end.
    """
    made = client.post(subscribe(mode=mode)).output("subscriptionId")

    running = client.status(made).job_status
    wps.engine.store.end_subscription(made, SubscriptionStatus.ENDED, datetime.now(UTC))

    assert running == "Running"
    assert client.result(made).output("subscriptionId") == made
    assert [client.dismiss(made).job_status, client.status(made).job_status] == ["Dismissed", "Dismissed"]


@pytest.mark.shared
def test_a_paused_subscription_is_told_as_paused(wps, client, validate):
    """
    A status beside those of the standard, which leaves room for it.
    """
    job = client.post(subscribe()).job

    client.post(execute("weps:Pause", literal("subscriptionId", job), output("info")))

    reply = client.status(job)
    assert validate(reply.body) == []
    assert reply.job_status == "Paused"
    assert reply.texts("//wps:NextPoll") == []


def test_a_job_that_takes_its_time_is_running(slow, validate):
    """
    With its percentage; its result is not ready, and given when it is.
    """
    job = slow.post(wait_slowly("well")).job
    running = slow.status(job)
    early = slow.result(job)

    LET_GO.set()

    assert (running.job_status, running.texts("//wps:PercentCompleted")) == ("Running", ["40"])
    assert instant(running, "NextPoll") > datetime.now(UTC) - timedelta(seconds=5)
    assert early.fault == ("ResultNotReady", job)
    assert finished(slow, job) == "Succeeded"
    assert slow.result(job).output("text") == "well"
    assert instant(slow.status(job), "ExpirationDate") > datetime.now(UTC) + timedelta(days=6)


def test_a_quick_job_is_over_when_its_client_is_answered(client, slow):
    """
    Jobs wait up to half a second before they answer; then one that is quick has succeeded already.
    """
    quick = client.post(execute("weps:ListRuleLanguages", "", output("total"), "async"))
    between = time.monotonic()
    waiting = slow.post(wait_slowly("well"))

    seconds = time.monotonic() - between
    assert FIRST_WAIT == 0.5
    assert (quick.name, quick.job_status, quick.texts("//wps:PercentCompleted")) == ("StatusInfo", "Succeeded", ["100"])
    assert (waiting.job_status, 0.5 <= seconds) == ("Running", True)


def test_auto_answers_with_the_status_of_what_takes_long(slow):
    """
    And with the result of what does not.
    """
    reply = slow.post(wait_slowly("well", mode="auto"))

    assert reply.name == "StatusInfo"
    assert slow.post(echo(mode="auto")).name == "Result"


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        ("refuse", ("WrongInputData", "end")),
        ("break", ("InternalServerError", None)),
        ("source", ("NoApplicableCode", None)),
    ],
)
def test_a_job_that_fails_later_tells_why_in_its_result(slow, end, fault, caplog):
    """
    What the client did wrong, and no secrets of the server. Only what nobody has foreseen leaves a trace in the log.
    """
    job = slow.post(wait_slowly(end)).job

    LET_GO.set()

    assert finished(slow, job) == "Failed"
    assert slow.result(job).fault == fault
    assert "secret" not in slow.result(job).text
    assert any(record.exc_info for record in caplog.records) == (end == "break")


def test_a_job_that_is_refused_soon_is_no_job(wps, slow):
    """
    The client is told at once, and nothing is left behind.
    """
    LET_GO.set()
    before = wps.engine.store.count_jobs()

    reply = slow.post(wait_slowly("refuse"))

    assert reply.status == 400
    assert reply.fault == ("WrongInputData", "end")
    assert wps.engine.store.count_jobs() == before


def test_dismissing_a_job_that_runs_stops_it(wps, slow):
    """
    The handler learns it when it next tells how far it is; what it might give is not kept.
    """
    job = slow.post(wait_slowly("well")).job

    statuses = [slow.dismiss(job).job_status, slow.dismiss(job).job_status]
    LET_GO.set()

    assert statuses == ["Dismissed", "Dismissed"]
    assert slow.status(job).job_status == "Dismissed"
    assert wps.engine.store.job(job).outputs is None
    assert slow.result(job).fault == ("NoSuchJob", job)


def test_dismissing_a_finished_job_throws_its_outputs_away(slow):
    """
    Also what was referred to.
    """
    job = slow.post(echo(mode="async", transmission="reference")).job
    [href] = slow.result(job).texts("//wps:Reference/@xlink:href")
    before = requests.get(href, timeout=10)

    slow.dismiss(job)

    assert (before.status_code, before.text) == (200, "hello_literal")
    assert requests.get(href, timeout=10).status_code == 404


@pytest.mark.shared
@pytest.mark.parametrize("operation", ["status", "result", "dismiss"])
@pytest.mark.parametrize("job", [str(uuid.UUID(int=0)), "../../weps.db", "x" * 5000])
def test_an_unknown_job_is_refused(client, validate, operation, job):
    """
    NoSuchJob, with the id as its locator.
    """
    reply = getattr(client, operation)(job)

    assert reply.status == 400
    assert validate(reply.body) == []
    assert reply.fault == ("NoSuchJob", job)


def control_of(wps, clock=lambda: datetime.now(UTC), most: int = 100) -> JobControl:
    """Another process on the same store."""
    fetcher = Fetcher(frozenset({wps.base.removeprefix("http://")}))
    context = Context(wps.engine, fetcher, f"{wps.base}/sos")
    return JobControl({**PROCESSES, **SLOW_PROCESSES}, context, first_wait=0.2, clock=clock, most_unfinished=most)


def test_another_process_knows_all_jobs(wps, slow):
    """
    As this one does after a restart: nothing is kept in memory alone.
    """
    subscribed = slow.post(subscribe()).job
    done = slow.post(wait_slowly("later")).job
    LET_GO.set()
    finished(slow, done)

    control = control_of(wps)

    assert control.state(subscribed).status is JobStatus.RUNNING
    assert control.state(done).status is JobStatus.SUCCEEDED
    assert control.result(done)[1] == {"text": "later"}


def test_a_job_whose_server_stopped_has_failed(wps, client):
    """
    Nobody gave a sign of life for it any more.
    """
    then = datetime.now(UTC) - SILENCE - timedelta(seconds=1)
    job = Job(str(uuid.uuid4()), "weps:ListSubscriptions", JobStatus.RUNNING, then, then)
    wps.engine.store.add_job(job)

    reply = client.status(job.id)

    assert reply.job_status == "Failed"
    assert client.result(job.id).fault == ("InternalServerError", None)


def test_finished_jobs_are_forgotten_after_a_week(wps):
    """
    Looked for when a job is started; the job of a subscription stays.
    """
    control = control_of(wps)
    given = {name: [Text(text)] for name, text in THRESHOLD.items()}
    subscribed = control.start(PROCESSES["weps:Subscribe"], given, None).id
    done = control.start(PROCESSES["weps:ListSubscriptions"], {}, None).id

    later = control_of(wps, lambda: datetime.now(UTC) + timedelta(days=8))
    newest = later.start(PROCESSES["weps:ListSubscriptions"], {}, None).id

    assert control.state(subscribed).status is JobStatus.RUNNING
    assert control.state(newest).status is JobStatus.SUCCEEDED
    with pytest.raises(NotFoundError):
        wps.engine.store.job(done)


def test_more_jobs_than_can_wait_are_refused(wps, slow):
    """
    The client may try later; nothing is stored of it.
    """
    control = control_of(wps, most=1)
    first = control.start(SLOW_PROCESSES["test:Slow"], {}, None)
    before = wps.engine.store.count_jobs()

    with pytest.raises(WpsError) as refused:
        control.start(PROCESSES["weps:ListSubscriptions"], {}, None)

    assert (refused.value.code, refused.value.status) == ("ServerBusy", 503)
    assert wps.engine.store.count_jobs() == before
    assert first.status is JobStatus.RUNNING
