"""Settings: where they come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sos_server.settings import DEFAULT_FILE, SettingsError, load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, where no settings file is found."""
    monkeypatch.chdir(tmp_path)


def test_the_environment_goes_over_the_file_and_options_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is said nowhere has its default.
    """
    file = tmp_path / "given.toml"
    file.write_text('port = 1001\nhost = "file"\ntitle = "File"\n')
    monkeypatch.setenv("SOS_PORT", "1002")
    monkeypatch.setenv("SOS_HOST", "environment")

    settings = load_settings(file, host="option", data=None)

    assert ("option", 1002, "File", Path("var")) == (settings.host, settings.port, settings.title, settings.data)
    assert "sqlite:///var/sos.sqlite" == settings.database_url


def test_the_file_that_ships_holds_the_defaults() -> None:
    """
    A start with it and without it is the same.
    """
    shipped = load_settings(Path(__file__).parents[2] / DEFAULT_FILE)

    assert load_settings() == shipped


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("prot = 1", "there is no setting prot; there are abstract, answer_pause_seconds, ", id="unknown"),
        pytest.param(
            "port = 70000", "the setting port is wrong: .* less than or equal to 65535 .it is 70000", id="range"
        ),
        pytest.param('base_url = "sos"', "the setting base_url is wrong", id="address"),
        pytest.param("port = ", "is no TOML", id="syntax"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """
    With one line that names the setting.
    """
    file = tmp_path / "given.toml"
    file.write_text(text)

    with pytest.raises(SettingsError, match=message):
        load_settings(file)


def test_an_absent_file_is_refused_when_it_was_named(tmp_path: Path) -> None:
    """
    Only the default one may be missing.
    """
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_settings(tmp_path / "absent.toml")


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A slip of the pen would else go unnoticed.
    """
    monkeypatch.setenv("SOS_PROT", "1")

    with pytest.raises(SettingsError, match="there is no setting SOS_PROT; there are"):
        load_settings()
