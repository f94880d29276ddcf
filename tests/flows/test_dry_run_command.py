"""`weps dry-run` as an operator types it: what it prints where, how it ends, and what it leaves behind."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.commands import started
from tests.flows.conftest import Running
from tests.flows.rules import HEAT
from tests.gated_sos import GatedSos
from tests.waiting import PATIENCE
from weps.__main__ import main

BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
RANGE = ("--since", "2023-01-01T00:00:00Z", "--until", "2024-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def sos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatedSos]:
    with GatedSos(tmp_path_factory.mktemp("sos")) as running:
        running.uncounted = True  # else it would be read in one step
        running.insert_sensor()
        running.insert(*((BEGIN + timedelta(days=day), 35 - 15 * (day % 2)) for day in range(365)))
        yield running


@pytest.fixture
def running(new_service) -> Running:
    return new_service(WEPS_ALLOWED_HOSTS='["127.0.0.1"]')


@pytest.fixture
def heat(tmp_path: Path) -> str:
    (tmp_path / "heat.json").write_text(HEAT)
    return str(tmp_path / "heat.json")


def jobs(running: Running) -> list[tuple[str, str]]:
    return [(one["processID"], one["status"]) for one in requests.get(f"{running.url}/jobs", timeout=20).json()["jobs"]]


def test_a_terminal_sees_how_far_it_is_and_ctrl_c_stops_the_job(running: Running, sos: GatedSos, heat: str):
    """
    The bar is on stderr and moves; the exit code is that of an interrupted command, and nothing goes on.
    """
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "weps", "dry-run", "--rule", heat, "--template", sos.template(), *RANGE]
    with started([*command, "--url", f"{running.url}/wps"], stderr=theirs) as typed:
        os.close(theirs)
        seen = ""
        while not re.search(r"\[[# ]{40}\] +[1-9]", seen):
            # How many answers a step takes is the service's own affair: one more each time the bar is drawn.
            sos.gate.release()
            assert select.select([ours], [], [], PATIENCE)[0], f"the bar is not drawn again after {seen!r}"
            seen += os.read(ours, 1000).decode()

        typed.send_signal(signal.SIGINT)

        assert (typed.wait(PATIENCE), typed.stdout.read()) == (130, "")
    assert jobs(running) == [("weps:DryRun", "dismissed")]
    os.close(ours)


def test_the_exit_code_says_whether_it_was_done(
    running: Running, sos: GatedSos, heat: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """
    0 with the result alone on stdout; 1 with a reason on stderr where it cannot be; no bar where nobody looks.
    """
    sos.open()
    (tmp_path / "wrong.json").write_text('{"type": "threshold"}')
    source = ("--template", sos.template(), "--url", f"{running.url}/wps")
    nowhere = ("--template", "http://127.0.0.1:9/sos?service=SOS&version=2.0.0&request=GetObservation&offering=a")
    calls = [
        ("--rule", heat, *source, *RANGE),
        ("--rule", heat, *source, *RANGE, "--format", "csv"),
        ("--rule", str(tmp_path / "wrong.json"), *source, *RANGE),
        ("--rule", heat, *source, "--since", "2024-01-01", "--until", "2023-01-01"),
        ("--rule", heat, *nowhere, "--url", f"{running.url}/wps", *RANGE),
        ("--rule", heat, "--template", sos.template(), *RANGE, "--url", "http://127.0.0.1:9/wps"),
    ]

    ended = [(main(["dry-run", *call]), capsys.readouterr()) for call in calls]

    found = json.loads(ended[0][1].out)
    assert [code for code, _ in ended] == [0, 0, 1, 1, 1, 1]
    assert (found["count"], found["observations"], ended[0][1].err) == (365, 365, "")
    assert len(ended[1][1].out.splitlines()) == 366
    assert [told.out for _, told in ended[2:]] == [""] * 4
    for (_, told), reason in zip(ended[2:], ["rule", "endTime", "127.0.0.1:9", "is the service running"], strict=True):
        assert reason in told.err
        assert "Traceback" not in told.err


def test_a_dry_run_without_a_range_is_misuse(heat: str, capsys: pytest.CaptureFixture[str]):
    """
    Exit code 2, before anybody is asked.
    """
    with pytest.raises(SystemExit) as misuse:
        main(["dry-run", "--rule", heat])

    assert misuse.value.code == 2
    assert "--since" in capsys.readouterr().err
