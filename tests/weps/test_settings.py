"""Settings that cannot be meant: the start stops with a sentence, rather than that something else is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from weps.errors import SettingsError
from weps.settings import Settings, read_settings

WRONG = {
    "hub without a bracket": ("WEBSUB_HUB", "http://[::1", "setting websub_hub"),
    "hub at no host": ("WEBSUB_HUB", "http://a..b/hub", "setting websub_hub: Value error, the host 'a..b'"),
    "base at no host": ("BASE_URL", "http://a..b", "setting base_url: Value error, the host 'a..b'"),
    "base at no port": ("BASE_URL", "http://weps.example.org:0", "a number from 1 to 65535"),
    "a word for a list": ("ALLOWED_HOSTS", "sos", 'error parsing value for field "allowed_hosts"; a list is written'),
    "a URL for a host": ("ALLOWED_HOSTS", '["http://sos.example.org/"]', "write `name` or `name:port`, without http"),
    "a path behind a host": ("ALLOWED_HOSTS", '["sos.example.org/sos"]', "write `name` or `name:port`"),
    "no origin": ("CORS_ORIGINS", '["maps.example.org"]', "setting cors_origins"),
    "overlap below nought": ("OVERLAP", "-P1D", "setting overlap: Input should be greater than or equal to 0 seconds"),
    "overlap of words": ("OVERLAP", "a day", "setting overlap: is no duration such as PT10M or P1D (it is 'a day')"),
    "alerts of a day": ("KEEP_ALERTS", "P1D", "greater than or equal to 7 days (it is 1 day, 0:00:00)"),
    "overlap of ages": ("OVERLAP", "P9999999D", "setting overlap: Input should be less than or equal to 36525 days"),
    "lookback below nought": ("LOOKBACK", "-PT1H", "setting lookback"),
    "no time to answer": ("REQUEST_TIMEOUT", "PT0S", "setting request_timeout"),
    "steps of nothing": ("CATCH_UP_STEP", "PT0S", "setting catch_up_step"),
    "retention of nothing": ("SOS_RETENTION", '{"*": "P0D"}', "setting sos_retention"),
}
RIGHT = {
    "name": "sos.example.org",
    "name and port": "sos:8081",
    "IPv4": "10.1.2.3:80",
    "IPv6": "::1",
    "IPv6 in brackets": "[fd00::1]",
    "IPv6 and port": "[fd00::1]:8080",
}


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "value", "told"), WRONG.values(), ids=WRONG)
def test_a_setting_that_cannot_be_meant_is_refused(monkeypatch, name, value, told):
    """
    The text names the setting and says what is wrong with its value.
    """
    monkeypatch.setenv(f"WEPS_{name}", value)

    with pytest.raises(SettingsError) as refused:
        read_settings()

    assert told in str(refused.value)


@pytest.mark.parametrize("host", RIGHT.values(), ids=RIGHT)
def test_hosts_are_allowed_by_name_or_address_with_or_without_a_port(monkeypatch, host):
    """
    They are kept as they are written.
    """
    monkeypatch.setenv("WEPS_ALLOWED_HOSTS", f'["{host}"]')

    settings = read_settings()

    assert frozenset({host}) == settings.allowed_hosts


def test_the_delivered_file_names_every_setting_and_changes_none():
    """
    Whoever looks for a setting finds it there, and nothing else; as it is delivered everything has its default.
    """
    file = Path(__file__).resolve().parents[2] / "config" / "weps.toml"

    named = set(re.findall(r"^# (?:\[)?(\w+)(?: =|\]|\.\")", file.read_text(), re.MULTILINE))

    assert read_settings(file).model_dump() == read_settings().model_dump()
    assert named - {"ca", "certificate", "key"} == set(Settings.model_fields)


def test_each_setting_of_the_delivered_file_can_be_taken_as_it_stands(tmp_path):
    """
    Whoever takes the sign of a comment from before one, or all, has settings that can be read.
    """
    delivered = Path(__file__).resolve().parents[2] / "config" / "weps.toml"
    taken = re.sub(r"^# (?=[a-z_]+ = |\[|\"\S+\" = )", "", delivered.read_text(), flags=re.MULTILINE)
    (tmp_path / "taken.toml").write_text(taken)

    settings = read_settings(tmp_path / "taken.toml")

    assert settings.model_fields_set == set(Settings.model_fields)
