"""Commands at addresses where something else answers than a WEPS, or nothing."""

from __future__ import annotations

import pytest

from tests.loopback import Loopback, Request
from tests.ports import free_port
from weps.__main__ import main

RULE = '{"type": "threshold", "condition": "greaterThan", "threshold": 5}'
PAGE = b"<html><body><h1>Welcome<br></body></html>"
ANSWERS = {
    "html": (200, "text/html", PAGE),
    "404": (404, "text/html", b"<html><body>" + b"not here " * 500 + b"</body></html>"),
    "empty": (200, "text/plain", b""),
    "xml": (200, "text/xml", b"<a/>"),
    "list": (200, "application/json", b"[1]"),
    "deep": (200, "application/json", b"[" * 100_000),
    "events": (200, "text/event-stream", b"id: 1\ndata: nonsense\n\n"),
    "500": (500, "text/plain", b"broken"),
    "circle": (302, "text/plain", b""),
}
COMMANDS = {
    "list": (),
    "show": ("x",),
    "renew": ("x", "--for", "P1D"),
    "subscribe": ("--rule", "RULE", "--procedure", "x"),
    "dry-run": ("--rule", "RULE", "--procedure", "x", "--since", "2020", "--until", "2021"),
    "episodes": ("a/../b?c",),
    "acknowledge": ("x", "--by", "me"),
    "silences": (),
    "silence": ("--author", "me", "--reason", "why", "--procedure", "x"),
    "sources": ("1",),
    "deliveries": (),
    "retry": ("--all",),
    "watch": (),
}


class Stranger(Request):
    """Answers what the first part of the path says."""

    def get(self) -> None:
        self.body()
        status, media_type, body = ANSWERS[self.path.split("/")[1]]
        elsewhere = {"Location": self.path} if status == 302 else {}
        self.answer(status, body, Content_Type=media_type, **elsewhere)

    post = get


@pytest.fixture(scope="module")
def stranger():
    server = Loopback(Stranger)
    yield server.url
    server.close()


@pytest.fixture
def run(tmp_path, capsys):
    (tmp_path / "rule.json").write_text(RULE)

    def _run(command: str, address: str) -> tuple[int, list[str]]:
        given = [str(tmp_path / "rule.json") if each == "RULE" else each for each in COMMANDS[command]]
        place = [address] if command == "watch" else ["--url", address]
        code = main([command, *given, *place])
        return code, capsys.readouterr().err.splitlines()

    return _run


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_something_else_than_a_weps_is_told_in_a_line(run, stranger, command, answer):
    """
    The line has the address, and either what was answered or what address to give; the exit code is 1.
    """
    code, lines = run(command, f"{stranger}/{answer}")

    assert (1, 1) == (code, len(lines))
    assert lines[0].startswith(f"weps: {stranger}/{answer}")
    assert lines[0].endswith("HTTP 500: broken") or "give the address of a running `weps serve`" in lines[0]
    assert len(lines[0]) < 300


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_at_an_address_is_told_in_a_line(run, command):
    """
    Whether the service runs, and where, is for whoever asks to see.
    """
    address = f"http://127.0.0.1:{free_port()}"

    code, lines = run(command, address)

    assert (1, 1) == (code, len(lines))
    assert lines[0].endswith("no answer; is the service running, and is this its address?")


@pytest.mark.parametrize("address", ["http://a..b", f"http://{'a' * 300}", "http://[::1", "http://x:99999", "ftp://x"])
@pytest.mark.parametrize("command", ["list", "episodes"])
def test_what_can_be_no_address_is_told_in_a_line(run, command, address):
    """
    It says how an address begins.
    """
    code, lines = run(command, address)

    assert (1, 1) == (code, len(lines))
    assert "starts with http:// or https://" in lines[0]
