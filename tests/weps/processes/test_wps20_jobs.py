"""Jobs of WPS 2.0 that run: how they go on, fail, are dismissed and forgotten."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests

from tests.waiting import join
from tests.weps.processes.jobs20 import instant, subscribe
from tests.weps.processes.requests20 import (
    THRESHOLD,
    Client20,
    echo,
    execute,
    literal,
    output,
)
from tests.weps.processes.slow import LET_GO, SLOW_PROCESSES
from weps.errors import NotFoundError
from weps.feeders.http import Fetcher
from weps.model import Job, JobStatus
from weps.processes.base import Context, Text
from weps.processes.faults import WpsError
from weps.processes.job_control import FIRST_WAIT, SILENCE, JobControl
from weps.processes.registry import PROCESSES

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def slow(wps) -> Iterator[Client20]:
    """A client of the address that has the slow process; nothing goes on after the test."""
    LET_GO.clear()
    yield Client20(f"{wps.base}/tests/wps")
    LET_GO.set()


def wait_slowly(end: str, **form: str) -> str:
    return execute("test:Slow", literal("end", end), output("text"), **{"mode": "async"} | form)


def finished(client: Client20, job: str) -> str:
    """The status of a job when it is no longer running."""
    join(thread for thread in threading.enumerate() if thread.name == "job")
    return client.status(job).job_status


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
