"""The import rules of the house: imports go down only, and each outside package is known to few."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LEVELS = {
    "weps.model": 0,
    "weps.errors": 0,
    "weps.logs": 0,
    "weps.matcher_index": 0,
    "weps.notices": 0,
    "weps.episodes": 0,
    "weps.flapping": 0,
    "weps.matching": 0,
    "weps.silences": 0,
    "weps.inhibitions": 0,
    "weps.groups": 0,
    "weps.ledger": 0,
    "weps.health": 0,
    "weps.hearing": 0,
    "weps.contents": 0,
    "weps.templates": 0,
    "weps.mqtt_versions": 0,
    "weps.hosts": 0,
    "weps.json_faults": 0,
    "weps.rules": 1,
    "weps.feeders": 1,
    "weps.notify": 1,
    "weps.store": 1,
    "weps.pace": 1,
    "weps.reading": 1,
    "weps.client": 1,
    "weps.client_http": 1,
    "weps.client_events": 1,
    "weps.composing": 2,
    "weps.handling": 2,
    "weps.asking": 2,
    "weps.beginning": 2,
    "weps.joining": 2,
    "weps.streams": 2,
    "weps.watch": 2,
    "weps.lifecycle": 2,
    "weps.engine": 2,
    "weps.surviving": 1,
    "weps.delivery": 2,
    "weps.live": 2,
    "weps.sources": 2,
    "weps.source_alerts": 2,
    "weps.series_alerts": 2,
    "weps.housekeeping": 2,
    "weps.intake": 2,
    "weps.processes": 3,
    "weps.web": 3,
    "weps.scheduler": 3,
    "weps.settings": 3,
    "weps.app": 4,
    "weps.serving": 4,
    "weps.channels": 4,
    "weps.feeding": 4,
    "weps.trust": 4,
    "weps.demo": 4,
    "weps.commands": 5,
    "weps.__main__": 6,
}
SIDE_BY_SIDE = ("weps.rules", "weps.feeders", "weps.notify", "weps.store")

KNOWN_TO = {
    "sqlalchemy": ("weps.store", "sos_server.storage"),
    "alembic": ("weps.store", "sos_server.storage"),
    "apscheduler": ("weps.scheduler",),
    "pywps": ("weps.processes",),
    "feedgen": ("weps.notify",),
    "paho": ("weps.notify", "weps.feeders"),
    "granian": ("weps.serving", "sos_server.__main__", "sos_server.serving"),
    "starlette": (
        "weps.app",
        "weps.web",
        "weps.processes",
        "sos_server.app",
        "sos_server.bindings",
        "sos_server.serving",
        "sos_server.__main__",
    ),
    "requests": (
        "weps.feeders",
        "weps.client",
        "weps.client_http",
        "weps.client_events",
        "weps.demo",
        "sos_server.load",
        "sos_server.__main__",
    ),
    "lxml": (
        "weps.rules.eml",
        "weps.feeders",
        "weps.notify",
        "weps.processes",
        "weps.client",
        "weps.demo",
        "sos_server.codecs",
        "sos_server.load",
    ),
}  # fmt: skip

SOS_PARTS_FOR_WEPS = {
    "sos_server.time": ("weps",),
    "sos_server.codecs": (
        "weps.feeders",
        "weps.rules.eml",
        "weps.notify",
        "weps.processes",
        "weps.client",
        "weps.demo",
    ),
    "sos_server.model": ("weps.feeders", "weps.rules.eml", "weps.demo"),
    "sos_server.errors": ("weps.feeders", "weps.rules.eml", "weps.notify", "weps.processes", "weps.client"),
    "sos_server.filters": ("weps.feeders",),
    "sos_server.requests": ("weps.feeders", "weps.demo"),
    "sos_server.load": ("weps.demo",),
    "sos_server.service": ("weps.feeders", "weps.feeding"),
    "sos_server.bindings": ("weps.feeders",),
    "sos_server.app": ("weps.app",),
    "sos_server.serving": ("weps.serving",),
    "sos_server.settings": ("weps.app",),
}


def modules() -> dict[str, Path]:
    found = {}
    for package in ("weps", "sos_server"):
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = file
    return found


MODULES = modules()


def imports(module: str) -> set[str]:
    tree = ast.parse(MODULES[module].read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{module} has a relative import"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in inside}
    return found


def below(module: str, *places: str) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def level(module: str) -> int:
    matching = [place for place in LEVELS if below(module, place)]
    return LEVELS[max(matching, key=len)]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module: str):
    """
    No module imports one of a higher floor; the four parts of the first floor do not know one another.
    """
    inside = {name for name in imports(module) if below(name, "weps") and name != "weps"}

    if below(module, "sos_server"):
        assert inside == set()
    elif module != "weps":
        assert {name for name in inside if level(name) > level(module)} == set()
        mine = [place for place in SIDE_BY_SIDE if below(module, place)]
        others = [place for place in SIDE_BY_SIDE if place not in mine]
        assert not mine or {name for name in inside if below(name, *others)} == set()


@pytest.mark.parametrize("module", MODULES)
def test_each_outside_package_is_known_to_few(module: str):
    """
    SQL, HTTP servers and clients, XML, feeds and the clock are each used in the places named for them.
    """
    used = imports(module)

    for package, places in KNOWN_TO.items():
        if any(below(name, package) for name in used):
            assert below(module, *places), f"{module} may not know {package}"


@pytest.mark.parametrize("module", [name for name in MODULES if below(name, "weps")])
def test_weps_reaches_the_sos_over_http(module: str):
    """
    Of the SOS only values and codecs are imported, where sources are read; all else is reached over HTTP.
    """
    used = {name for name in imports(module) if below(name, "sos_server")}

    allowed = [part for part, places in SOS_PARTS_FOR_WEPS.items() if below(module, *places)]
    assert {name for name in used if not below(name, *allowed)} == set()


def test_the_ground_floor_needs_nothing_but_the_standard_library():
    """
    The values and errors of both packages import the standard library and one another only.
    """
    ground = (
        "weps.model",
        "weps.errors",
        "weps.notices",
        "weps.episodes",
        "weps.matching",
        "weps.silences",
        "weps.inhibitions",
        "weps.groups",
        "weps.ledger",
        "weps.templates",
        "weps.hosts",
        "weps.json_faults",
        "sos_server.model",
        "sos_server.errors",
        "sos_server.filters",
        "sos_server.time",
    )

    outside = {
        name
        for module in ground
        for name in imports(module)
        if name.split(".")[0] not in sys.stdlib_module_names and not below(name, *ground)
    }

    assert outside == set()
