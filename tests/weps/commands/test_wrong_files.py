"""Commands that are given files which are not what they should be."""

from __future__ import annotations

import gzip

import pytest

from weps.__main__ import main

RULE = b'{"type": "threshold", "condition": "greaterThan", "threshold": 5}'
FILES = {
    "empty": b"",
    "no text": b"\xff\xfe\x00",
    "half": b"<a>",
    "page": b"<html><body>Hello</body></html>",
    "json": b'{"a": 1}',
    "half a gzip": gzip.compress(RULE * 100)[:-20],
}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rule").write_bytes(RULE)
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)

    def _run(*arguments: str) -> tuple[int, str, list[str]]:
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err.splitlines()

    return _run


@pytest.mark.parametrize("name", [*FILES, "folder", "absent"])
def test_a_document_that_cannot_be_read_is_named(run, name):
    """
    One line with the file and what is wrong, whichever command reads it.
    """
    read = run("read", name)
    tried = run("backtest", "--rule", "rule", "--observations", name)

    assert (1, "", 1) == (read[0], read[1], len(read[2]))
    assert read[2][0].startswith(f"weps: {name}: ")
    if name != "empty":  # the recording of a time when nothing came
        assert (1, "", read[2]) == tried


@pytest.mark.parametrize("name", [*FILES, "folder", "absent"])
def test_a_rule_that_cannot_be_read_is_named(run, name):
    """
    With its line where that is known.
    """
    code, out, lines = run("backtest", "--rule", name, "--observations", "empty")

    assert (1, "", 1) == (code, out, len(lines))
    assert lines[0].startswith((f"weps: {name}: ", f"weps: {name}, line 1: "))


@pytest.mark.parametrize("name", FILES)
def test_a_fault_of_a_whole_rule_is_one_of_its_first_line(run, name):
    """
    Editors that jump to a fault have no line 0.
    """
    code, out, lines = run("check-rule", name)

    assert (1, []) == (code, lines)
    assert out.startswith(f"{name}:1: ")


def test_a_url_that_is_none_is_told(run):
    """
    As anything else that cannot be read.
    """
    code, _, lines = run("read", "http://[::1")

    assert (1, ["weps: http://[::1: is no URL; write one such as http://127.0.0.1:8080/…"]) == (code, lines)


def test_a_file_for_a_directory_is_told(run):
    """
    A service cannot keep its data in it.
    """
    code, _, lines = run("serve", "--port", "0", "--data", "rule")

    assert (1, ["weps: rule can be no directory for data (File exists); name another one"]) == (code, lines)


def test_a_database_that_is_none_is_named(run, tmp_path):
    """
    Whoever runs the service sees which file to look after.
    """
    (tmp_path / "folder" / "weps.db").write_bytes(b"certainly no database, and longer than a header of one" * 20)

    code, _, lines = run("serve", "--port", "0", "--data", "folder")

    assert (1, ["weps: the database folder/weps.db cannot be opened or is damaged (DatabaseError)"]) == (code, lines)


def test_an_end_before_the_start_is_told(run):
    """
    Instead of a backtest that finds nothing.
    """
    times = ("--start", "2021-01-01", "--end", "2020-01-01")

    code, out, lines = run("backtest", "--rule", "rule", "--observations", "empty", *times)

    assert (1, "", ["weps: --end: is before --start; nothing could be found"]) == (code, out, lines)
