"""Loading CSV files into a running service over HTTP."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
import requests

from sos_server.__main__ import main
from sos_server.codecs import om20, xml
from sos_server.load import LoadError, load
from tests.ports import free_port
from tests.sos_server.server import running_sos
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.sos_server.server import RunningSos

HEADER = "time,procedure,observed_property,feature_of_interest,lat,lon,value,uom\n"


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """A server that answers everything with this; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sos"
    finally:
        server.shutdown()
        server.server_close()


def _write(file: Path, lines: Iterable[str], header: str = HEADER) -> Path:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "wt", encoding="utf-8") as text:
        text.write(header + "".join(f"{line}\n" for line in lines))
    return file


def _published(url: str, procedure: str) -> list[tuple[str, str, float]]:
    """Time, feature and value of all that a service has of a procedure."""
    query = {"service": "SOS", "version": "2.0.0", "request": "GetObservation", "procedure": procedure}
    answer = requests.get(url, query, timeout=60)
    assert answer.ok, answer.text
    return [
        (each.phenomenon_time.isoformat(), each.feature_of_interest, each.value)
        for each in om20.decode_observations(xml.parse(answer.content))
    ]


def test_the_rows_of_a_file_are_published_once(live_sos: RunningSos, tmp_path: Path) -> None:
    """
    Loaded again, and again with more rows, nothing is doubled; zones, dates, names with commas and shapes are kept.
    """
    rows = [
        '2016-01-01,load1,Level,"River at X, MD",38.9,-75.7,1.5,m',
        '2016-01-01T02:00:00+01:00,load1,Level,"River at X, MD",38.9,-75.7,2.5,m',
    ]
    file = _write(tmp_path / "rows.csv.gz", rows)
    load(file, live_sos.url)

    load(file, live_sos.url)
    outcome = load(
        _write(tmp_path / "more.csv", [*rows, "2016-01-02,load1,Level,elsewhere,,,-3,m"]), live_sos.url, batch=2
    )

    assert (3, 1) == (outcome.rows, outcome.sensors)
    assert [
        ("2016-01-01T00:00:00+00:00", "River at X, MD", 1.5),
        ("2016-01-01T01:00:00+00:00", "River at X, MD", 2.5),
        ("2016-01-02T00:00:00+00:00", "elsewhere", -3.0),
    ] == _published(live_sos.url, "load1")


def test_two_values_for_one_time_are_both_published_in_the_order_of_the_file(
    live_sos: RunningSos, tmp_path: Path
) -> None:
    """
    The second is a correction; the same line twice is one observation.
    """
    lines = [f"2016-01-01T00:00:00Z,load2,Level,here,,,{value},m" for value in (5, 3, 5, 3)]

    load(_write(tmp_path / "rows.csv", lines), live_sos.url, batch=1)

    assert [5.0, 3.0] == [value for _, _, value in _published(live_sos.url, "load2")]


def test_a_load_that_was_killed_is_run_again_and_gives_exactly_the_rows(tmp_path: Path) -> None:
    """
    Killed in the middle of publishing, again and again, until it comes through.
    """
    lines = [f"2016-01-01T{at // 60:02}:{at % 60:02}:00Z,load3,Level,here,1,2,{at},m" for at in range(1200)]
    file = _write(tmp_path / "rows.csv", lines)
    seen = []
    with running_sos(tmp_path) as sos:
        command = [sys.executable, "-m", "sos_server", "load", str(file), "--url", sos.url, "--batch", "20"]
        for _ in range(3):
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            _wait_for_more(sos.url, "load3", seen[-1] if seen else 0)
            process.kill()
            process.communicate()
            seen.append(len(_published(sos.url, "load3")))
            if seen[-1] == 1200:
                break

        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)

        assert 0 < seen[0] < 1200
        assert (0, f"1200 rows of 1 sensors are at {sos.url}\n") == (done.returncode, done.stdout)
        assert [float(at) for at in range(1200)] == [value for _, _, value in _published(sos.url, "load3")]


def _wait_for_more(url: str, procedure: str, before: int) -> None:
    query = {"service": "SOS", "version": "2.0.0", "request": "GetObservation", "procedure": procedure}
    wait_for(lambda: requests.get(url, query, timeout=60).content.count(b"<om:OM_Observation") > before, pause=0.01)


WRONG = [
    pytest.param(["x,a,b,c,,,1,m"], r":2: 'x' is not an ISO 8601 time", id="time"),
    pytest.param(
        ["2016-01-01,a,b,c,,,1,m", "2016-01-02,a,b,c,,,high,m"], r":3: value is 'high', which is no", id="value"
    ),
    pytest.param(["2016-01-01,a,b,c,,,nan,m"], r":2: value is nan, which cannot be", id="nan"),
    pytest.param(["2016-01-01,,b,c,,,1,m"], r":2: procedure is empty", id="no procedure"),
    pytest.param(["2016-01-01,a,b,c,,,1,"], r":2: uom is empty; write the UCUM code", id="no unit"),
    pytest.param(["2016-01-01,a,b,c,91,0,1,m"], r":2: lat is 91, which cannot be", id="latitude"),
    pytest.param(["2016-01-01,a,b,c,1,,1,m"], r":2: lon is '', which is no number", id="half a place"),
    pytest.param(["2016-01-01,a,b"], r":2: the line has not as many values as the header", id="short line"),
    pytest.param(["2016-01-01,a,b,c,,,1,m,more"], r":2: the line has not as many values as the header", id="long line"),
    pytest.param(['2016-01-01,"a,b,c,,,1,m'], r":\d: not comma separated", id="quote"),
]


@pytest.mark.parametrize(("lines", "message"), WRONG)
def test_a_wrong_file_is_refused_before_anything_is_published(
    live_sos: RunningSos, tmp_path: Path, lines: list[str], message: str
) -> None:
    """
    The message names file and line.
    """
    file = _write(tmp_path / "rows.csv", lines)

    with pytest.raises(LoadError, match=message) as caught:
        load(file, live_sos.url)

    assert str(caught.value).startswith(str(file))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """
    With the columns that there must be.
    """
    file = _write(tmp_path / "rows.csv", [], header="time,procedure\n")

    with pytest.raises(LoadError, match=":1: the column observed_property is missing; there must be time, procedure"):
        load(file, "http://127.0.0.1:9/sos")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("absent.csv", None, "cannot be read: No such file", id="absent"),
        pytest.param("rows.csv.gz", b"no gzip", "is not whole gzip", id="no gzip"),
        pytest.param("rows.csv.gz", gzip.compress(HEADER.encode())[:-9], "is not whole gzip", id="half a gzip"),
        pytest.param("rows.csv", HEADER.encode() + b"\xff\xfe", "is no text in UTF-8; save it as such", id="no text"),
    ],
)
def test_an_unreadable_file_is_refused(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    """
    With exit code 1 and one line on stderr.
    """
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(LoadError, match=message):
        load(file, "http://127.0.0.1:9/sos")


def test_a_service_that_is_not_there_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Exit code 1; standard output stays empty.
    """
    file = _write(tmp_path / "rows.csv", ["2016-01-01,a,b,c,,,1,m"])
    url = f"http://127.0.0.1:{free_port()}/sos"

    code = main(["load", str(file), "--url", url])

    said = capsys.readouterr()
    assert (1, "") == (code, said.out)
    told = "cannot be reached (is the service running there?); what was published is kept: run again to go on"
    assert f"sos_server: {url} {told}\n" == said.err


@pytest.mark.parametrize("url", ["nonsense", "", "ftp://sos", "http://[::1", "http://a..b/", f"http://{'a' * 300}/"])
def test_what_can_be_no_address_is_reported(tmp_path: Path, url: str) -> None:
    """
    Trying again would not help, so it is not said.
    """
    file = _write(tmp_path / "rows.csv", ["2016-01-01,a,b,c,,,1,m"])

    with pytest.raises(LoadError, match="is no address of a service; give one such as http"):
        load(file, url)


@pytest.mark.parametrize(
    "body", [b"<a/>", b"<html><body/></html>", b"hello", b""], ids=["xml", "page", "text", "empty"]
)
def test_an_answer_of_something_else_is_no_success(tmp_path: Path, body: bytes) -> None:
    """
    Nothing was published, whatever the status says.
    """
    file = _write(tmp_path / "rows.csv", ["2016-01-01,a,b,c,,,1,m"])

    with answering(body) as url, pytest.raises(LoadError, match="is this the address of an SOS"):
        load(file, url)


def test_what_the_service_refuses_is_reported(live_sos: RunningSos, tmp_path: Path) -> None:
    """
    In its own words.
    """
    load(_write(tmp_path / "first.csv", ["2016-01-01,load5,Level,here,,,1,m"]), live_sos.url)

    with pytest.raises(
        LoadError, match=r"refuses InsertObservation: Level of load5 at here is kept in m, not in \[ft_i\]"
    ):
        load(_write(tmp_path / "second.csv", ["2016-01-02,load5,Level,here,,,1,[ft_i]"]), live_sos.url)
    with pytest.raises(LoadError, match=r"the sensor load5 is registered at .* without the property Discharge; give"):
        load(_write(tmp_path / "third.csv", ["2016-01-02,load5,Discharge,here,,,1,m"]), live_sos.url)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "procedure"),
    [("nab_speed_7578.csv", "loop7578"), ("usgs_susquehanna_15min.csv", "USGS-01541200")],
)
def test_a_real_series_is_published_as_it_is_in_the_file(
    live_sos: RunningSos, shared: Path, name: str, procedure: str
) -> None:
    """
    Every row, with its value.
    """
    file = shared / "data" / name
    with file.open(encoding="utf-8") as text:
        expected = sorted(float(row["value"]) for row in csv.DictReader(text) if row["procedure"] == procedure)

    load(file, live_sos.url)

    assert expected == sorted(value for _, _, value in _published(live_sos.url, procedure))
