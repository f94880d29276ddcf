"""
What the documentation shows is true: its examples give what stands there, and its commands exist.

In `docs/rules.md` a fenced block says behind its language what it is: `rule` a rule; `base` patterns of EML that the
following patterns are added to, and `pattern` such patterns; `observations` the observations that the following
examples run on; `detections` what `weps backtest` prints for the last rule (with `end=TIME` as its `--end`), and
`faults` what `weps check-rule` prints.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from weps.__main__ import COMMANDS, main
from weps.model import RuleText
from weps.rules.languages import LANGUAGES, compile_rule, detect_language

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "docs" / "rules.md"
EML = "http://www.opengis.net/eml/0.0.1"
FRAME = (
    f'<EML xmlns="{EML}" xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:swe="http://www.opengis.net/swe/1.0.1" '
    'xmlns:gml="http://www.opengis.net/gml/3.2">'
)
GROUPS = ("SimplePattern", "ComplexPattern", "TimerPattern", "RepetitivePattern")
PARTS = re.compile(r"^(?:(?P<level>#+) (?P<title>.+)|```(?P<info>.+)\n(?P<body>(?:.*\n)*?)```)$", re.MULTILINE)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@dataclass(frozen=True)
class Example:
    """A rule of the page with what it is run on and what is said to come of it."""

    title: str
    rule: str
    observations: str
    kind: str
    end: str | None
    expected: str


def document_of(*patterns: str) -> str:
    """The EML document that holds patterns, each in the group where it belongs."""
    found = [one for text in patterns for one in etree.fromstring(f"{FRAME}{text}</EML>")]
    root = etree.fromstring(f"{FRAME}</EML>")
    for group in GROUPS:
        etree.SubElement(root, f"{{{EML}}}{group}s").extend(one for one in found if etree.QName(one).localname == group)
    return etree.tostring(root, encoding="unicode")


def read_examples(page: str) -> list[Example]:
    """The examples of a page, in its order."""
    examples, title = [], ""
    rule = base = observations = ""
    for part in PARTS.finditer(page):
        if part["level"]:
            title, base = part["title"], "" if len(part["level"]) < 4 else base
            continue
        _, kind, *options = [*part["info"].split(), ""]
        match kind:
            case "rule":
                rule = part["body"]
            case "base":
                base = part["body"]
            case "pattern":
                rule = document_of(base, part["body"])
            case "observations":
                observations = part["body"]
            case "detections" | "faults":
                named = dict(one.split("=") for one in options if one)
                examples.append(Example(title, rule, observations, kind, named.get("end"), part["body"]))
    return examples


def read_line(line: str) -> dict[str, object]:
    """
    A detection, with its computed numbers to nine digits and those in its message to six.

    Exponentials and roots may differ in the last digit from one machine to the next.
    """
    members = json.loads(line)
    if isinstance(members.get("value"), float):
        members["value"] = float(f"{members['value']:.9g}")
    if "message" in members:
        members["message"] = re.sub(r"\d+\.\d{6,}", lambda number: f"{float(number[0]):.6g}", members["message"])
    return members


EXAMPLES = read_examples(RULES.read_text())


def test_examples_are_compared_to_nine_digits():
    """
    A last digit that is another one is the same; a ninth one is not, nor is anything else.
    """
    line = '{"time": "t", "value": 3.86264464116125, "message": "moved 3.8626446 deviations"}'

    assert read_line(line) == read_line(line.replace("116125", "116126").replace("6446 d", "6447 d"))
    assert read_line(line) != read_line(line.replace("3.86264464", "3.86264474"))
    assert read_line(line) != read_line(line.replace("moved", "left"))


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{n:02} {one.title}" for n, one in enumerate(EXAMPLES)])
def test_examples_give_what_stands_there(example: Example, tmp_path: Path, capsys):
    """
    Every rule of the page, run by the command that the page names, prints what the page shows.
    """
    rule, observations = tmp_path / "rule", tmp_path / "observations.csv"
    rule.write_text(example.rule)
    observations.write_text(example.observations)
    command = ["backtest", "--rule", str(rule), "--observations", str(observations)]
    command += ["--end", example.end] if example.end else []

    code = main(["check-rule", str(rule)] if example.kind == "faults" else command)

    told = capsys.readouterr()
    assert "" == told.err
    assert (1 if example.kind == "faults" else 0) == code
    found = told.out.replace(str(rule), "FILE")
    if example.kind == "faults":
        assert example.expected == found
    else:
        assert [read_line(line) for line in example.expected.splitlines()] == [
            read_line(line) for line in found.splitlines()
        ]


def test_every_rule_of_the_page_is_run():
    """
    A block that shows a rule is followed by what comes of it, and no block is of an unknown kind.
    """
    infos = [part["info"].split() for part in PARTS.finditer(RULES.read_text()) if part["info"]]
    kinds = [info[1] for info in infos if len(info) > 1]
    rules = [at for at, kind in enumerate(kinds) if kind in ("rule", "pattern")]

    assert {"rule", "base", "pattern", "observations", "detections", "faults"} >= set(kinds)
    assert [] == [at for at in rules if not {"detections", "faults"} & set(kinds[at + 1 : at + 3])]


def test_the_page_shows_every_language():
    """
    Each language of the table has an example.
    """
    shown = set()
    for example in EXAMPLES:
        if example.kind == "detections":
            shown.add(detect_language(example.rule))

    assert set(LANGUAGES) == shown


def test_the_page_names_every_member_of_the_threshold_language():
    """
    Types, conditions, functions and members stand on the page as code.
    """
    page = RULES.read_text()
    schema = LANGUAGES["application/vnd.weps.threshold+json"].json_schema()
    words = set(_words(schema))

    assert set() == {word for word in words if f"`{word}`" not in page and f'"{word}"' not in page}


def _words(schema):
    """The members of a schema, and the texts that they can be."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (one for one in schema.get("enum", ()) if isinstance(one, str))
        yield from (schema["const"],) if isinstance(schema.get("const"), str) else ()
        for inner in schema.values():
            yield from _words(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _words(inner)


@pytest.mark.parametrize("file", sorted((ROOT / "config" / "rules").iterdir()), ids=lambda file: file.name)
def test_rules_that_are_delivered_compile(file: Path):
    """
    The example rules of the configuration are right.
    """
    text = file.read_text()

    assert compile_rule(RuleText(detect_language(text), text)).name


def commands_of(page: str) -> set[tuple[str, ...]]:
    """The commands of WEPS that a page names, in blocks of code and in lines: the words from `weps` on."""
    code = re.findall(r"^ {4}(.+)$", page, re.MULTILINE) + re.findall(r"`([^`\n]+)`", page)
    lines = (line.split("  #")[0].replace("\\|", "|").removeprefix(".venv/bin/").split() for line in code)
    return {tuple(words[1:]) for words in lines if words[:1] == ["weps"] and words[1:] and words[1][0] != "-"}


NAMED = sorted({command for page in PAGES for command in commands_of(page.read_text())})


def test_commands_are_found_on_the_pages():
    """
    The pages name the commands that they explain.
    """
    names = {words[0] for words in NAMED}

    assert {"demo", "serve", "check-rule", "backtest", "read", "subscribe"} <= names
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("words", NAMED, ids=[shlex.join(words)[:60] for words in NAMED])
def test_commands_of_the_pages_exist(words: tuple[str, ...], capsys):
    """
    Each command has help, and its help knows each option that a page shows with it.
    """
    with pytest.raises(SystemExit) as ended:
        main([words[0], "--help"])

    told = capsys.readouterr().out
    assert 0 == ended.value.code
    assert [] == [word for word in words if word.startswith("--") and word.split("=")[0] not in told]


def test_json_blocks_are_json():
    """
    Rules in JSON can be copied as they are.
    """
    for example in EXAMPLES:
        if example.rule.lstrip().startswith("{") and example.kind == "detections":
            assert isinstance(json.loads(example.rule), dict)
