"""The name that brokers know an installation by."""

from __future__ import annotations

from pathlib import Path

import pytest

from weps.feeding import read_installation


def test_an_installation_keeps_its_name(tmp_path: Path):
    """
    It is made at the first start, and no other's.
    """
    (tmp_path / "other").mkdir()

    found = [read_installation(folder) for folder in (tmp_path, tmp_path, tmp_path / "other")]

    assert found[0] == found[1] != found[2]
    assert len(found[0]) == 32
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["mqtt-client"]


@pytest.mark.parametrize("text", ["", "\n"], ids=["empty", "blank"])
def test_a_name_that_was_not_written_whole_is_made_anew(tmp_path: Path, text: str):
    """
    Brokers would take all that have none for the same client.
    """
    (tmp_path / "mqtt-client").write_text(text)

    found = [read_installation(tmp_path) for _ in range(2)]

    assert found[0] == found[1]
    assert len(found[0]) == 32
