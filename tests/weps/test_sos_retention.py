"""How long the SOS inside `weps serve` keeps observations is set in the file of WEPS."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from sos_server.requests import GetObservation
from tests.sos_server.make import Asked, insertion, observation, open_service, sensor
from tests.waiting import wait_for
from weps.app import Service
from weps.errors import SettingsError
from weps.settings import read_settings

SHIPPED = Path(__file__).parents[2] / "config/weps.toml"


def test_the_file_that_ships_teaches_how(tmp_path: Path) -> None:
    """
    Its table, switched on, says how long by offering, and for all others.
    """
    text = SHIPPED.read_text(encoding="utf-8")
    begin = text.index("# [sos_retention]")
    end = text.index("\n\n", begin)
    file = tmp_path / "weps.toml"
    file.write_text(re.sub(r"^# ", "", text[begin:end], flags=re.MULTILINE), encoding="utf-8")

    settings = read_settings(file)

    assert {
        "*": timedelta(days=365),
        "http://sensors.example.org/thermometer/1/observations": timedelta(days=30),
    } == settings.sos_retention


@pytest.mark.parametrize("span", ["P0D", "-P1D", "soon"])
def test_a_wrong_span_stops_the_start(tmp_path: Path, span: str) -> None:
    """
    With the name of the setting.
    """
    file = tmp_path / "weps.toml"
    file.write_text(f'[sos_retention]\n"*" = "{span}"\n', encoding="utf-8")

    with pytest.raises(SettingsError, match="sos_retention"):
        read_settings(file)


def test_what_is_older_than_the_setting_is_deleted(tmp_path: Path) -> None:
    """
    Of the offering that is named; the other keeps all.
    """
    (tmp_path / "data").mkdir()
    sos = Asked(open_service(tmp_path / "data"))
    for procedure in ("thermometer", "barometer"):
        sos.ask(sensor(procedure))
        sos.ask(insertion(observation(0, procedure=procedure), offerings=(f"{procedure}-offering",)))
    file = tmp_path / "weps.toml"
    file.write_text('[sos_retention]\n"thermometer-offering" = "P1D"\n', encoding="utf-8")

    service = Service(read_settings(file, data=tmp_path / "data"), 8080)
    wait_for(lambda: len(sos.observations()) == 1)
    found = [info.procedure for info, _ in sos.ask(GetObservation()).series]
    service.stop()
    sos.service.storage.close()

    assert ["barometer"] == found
