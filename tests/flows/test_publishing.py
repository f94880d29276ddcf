"""The page on publishing, typed as it stands there, against a running service."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import requests

from sos_server.__main__ import main as run_sos
from tests.flows.conftest import Running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "publishing.md").read_text()
FILES = dict(re.findall(r"^```\w+ (\S+)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE))
ADDRESS = "http://127.0.0.1:8080"


def commands(first: str) -> list[list[str]]:
    """The commands of the page that begin with a word, as a shell would take them apart."""
    return [shlex.split(line) for line in re.findall(r"^ {4}(.+)$", PAGE, re.MULTILINE) if line.startswith(first)]


def values(service: Running, procedure: str) -> list[str]:
    """What the question of the page gives for a sensor."""
    [[_, question]] = [command for command in commands("curl") if len(command) == 2]
    answer = requests.get(question.replace(ADDRESS, service.url).replace("gauge-2", procedure), timeout=20)
    assert answer.status_code == 200, answer.text
    return re.findall(r">([\d.]+)</om:result>", answer.text)


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_the_rows_of_a_table_are_published(service: Running, tmp_path: Path, monkeypatch, times: int):
    """
    The command again stores nothing twice.
    """
    (tmp_path / "level.csv").write_text(FILES["level.csv"])
    monkeypatch.chdir(tmp_path)
    [[_, _, _, *words]] = commands("python -m sos_server load")

    codes = [run_sos([word.replace(ADDRESS, service.url) for word in words]) for _ in range(times)]

    assert codes == [0] * times
    assert values(service, "gauge-1") == ["1.5", "2.4"]


def test_a_sensor_and_an_observation_are_published_by_requests(service: Running):
    """
    Each file is posted with the header that the page gives; then the question finds what was published.
    """
    posts = [command for command in commands("curl") if "--data-binary" in command]

    answers = [
        requests.post(
            command[-1].replace(ADDRESS, service.url),
            data=FILES[command[command.index("--data-binary") + 1].removeprefix("@")],
            headers=dict([command[command.index("-H") + 1].split(": ")]),
            timeout=20,
        )
        for command in posts
    ]

    assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
    assert "InsertSensorResponse" in answers[0].text
    assert "InsertObservationResponse" in answers[1].text
    assert values(service, "gauge-2") == ["3.1"]


def test_later_observations_refer_to_the_feature_and_an_offering_is_made_up(service: Running):
    """
    What the page says of its examples besides.
    """
    sensor = re.sub(r"<sml:capabilities(?:.|\n)*</sml:capabilities>", "", FILES["sensor.xml"])
    address, headers = f"{service.url}/sos", {"Content-Type": "application/xml"}
    made = requests.post(address, data=sensor, headers=headers, timeout=20)
    offering = re.findall(r"assignedOffering>([^<]+)<", made.text)[0]
    first = FILES["observation.xml"].replace("<sos:offering>gauge-2", f"<sos:offering>{offering}")
    reference = '<om:featureOfInterest xlink:href="lake"/>'
    later = re.sub(
        r"<om:featureOfInterest>(?:.|\n)*</om:featureOfInterest>", reference, first.replace("12:00", "12:10")
    )

    answers = [requests.post(address, data=data, headers=headers, timeout=20) for data in (first, later)]

    assert reference in PAGE
    assert [answer.status_code for answer in (made, *answers)] == [200] * 3, answers[-1].text
    assert values(service, "gauge-2") == ["3.1", "3.1"]
