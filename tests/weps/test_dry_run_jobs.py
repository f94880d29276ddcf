"""A dry run of a source that takes its time, as a job: how far it is, and how it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sos_server.time import format_instant
from tests.flows.rules import HEAT
from tests.gated_sos import GatedSos
from tests.waiting import join, wait_for
from tests.weps.bench import NOON, Bench
from weps.feeders.http import Fetcher
from weps.model import JobStatus
from weps.processes.base import Context, Document, Text
from weps.processes.faults import NoSuchJob
from weps.processes.job_control import JobControl
from weps.processes.registry import PROCESSES

BEGIN = NOON - timedelta(days=400)


@pytest.fixture
def sos(tmp_path: Path) -> Iterator[GatedSos]:
    (tmp_path / "sos").mkdir()
    with GatedSos(tmp_path / "sos") as running:
        running.uncounted = True  # else it would be read in one step
        running.insert_sensor()
        running.insert(*((BEGIN + timedelta(days=day), 35 - 15 * (day % 2)) for day in range(400)))
        yield running


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'weps.db'}"


@pytest.fixture
def control(bench: Bench) -> JobControl:
    context = Context(bench.engine, Fetcher(frozenset({"127.0.0.1"})), bench.sos.url)
    return JobControl(PROCESSES, context, first_wait=0.05)


def start(control: JobControl, sos: GatedSos) -> str:
    given = {
        "rule": [Document(HEAT)],
        "getObservationTemplate": [Text(sos.template())],
        "startTime": [Text(format_instant(BEGIN))],
        "endTime": [Text(format_instant(NOON))],
    }
    return control.start(PROCESSES["weps:DryRun"], given).id


def wait_for_end() -> None:
    join(thread for thread in threading.enumerate() if thread.name == "job")


def release_until(sos: GatedSos, condition: Callable[[], object]) -> None:
    """Let one request after the other through until a condition holds; the next one waits then."""
    wait_for(lambda: sos.arrived)
    while not condition():
        arrived = sos.arrived
        sos.gate.release()
        wait_for(lambda before=arrived: sos.arrived > before)


def percent_of(control: JobControl, job: str) -> Callable[[], int | None]:
    return lambda: control.state(job).percent


def test_the_percentage_moves_with_the_time_that_was_read(sos: GatedSos, control: JobControl):
    """
    It grows with each answer of the source, up to the result.
    """
    job = start(control, sos)
    before = control.state(job)
    release_until(sos, percent_of(control, job))
    first = control.state(job).percent
    release_until(sos, lambda: control.state(job).percent > first)
    second = control.state(job)
    sos.open()
    wait_for_end()

    after, outputs = control.result(job)

    assert (before.status, before.percent) == (JobStatus.RUNNING, None)
    assert 0 < first < second.percent < 100
    assert second.status is JobStatus.RUNNING
    assert (after.status, after.percent) == (JobStatus.SUCCEEDED, 100)
    assert (outputs["observations"], outputs["count"]) == ("400", "400")


def test_dismissing_a_dry_run_stops_it(sos: GatedSos, control: JobControl):
    """
    The step under way may be asked for once more where its answer may be cut, but no further one; there is no result.

    Dismissing it again is no error.
    """
    job = start(control, sos)
    release_until(sos, percent_of(control, job))
    arrived = sos.arrived

    dismissed = [control.dismiss(job).status, control.dismiss(job).status]
    sos.open()
    wait_for_end()

    assert dismissed == [JobStatus.DISMISSED] * 2
    assert sos.arrived <= arrived + 1
    with pytest.raises(NoSuchJob):
        control.result(job)
