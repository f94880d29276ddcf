"""The engine against the reference, over random documents and streams."""

from __future__ import annotations

import json
import math
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from tests.weps.rules.eml.documents import documents, streams
from tests.weps.rules.eml.reference import Evaluator, read_document
from tests.weps.rules.eml.reference.generate import START, document, stream
from tests.weps.rules.eml.reference.views import TiedError
from weps.model import Observation
from weps.rules.eml import compile_eml
from weps.rules.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from tests.weps.rules.eml.reference.generate import Tick
    from weps.model import Detection

EXAMPLES = int(os.environ.get("WEPS_EML_EXAMPLES", "60"))


def by_reference(text: str, told: Iterable[Observation | Tick]) -> Iterator[tuple[Any, ...]]:
    """Give what the reference finds."""
    evaluator = Evaluator(read_document(text), START)
    for one in told:
        if isinstance(one, Observation):
            evaluator.observe(one)
        else:
            evaluator.advance(one)
    for found in evaluator.found:
        value = found.value if found.message is None else found.message
        yield found.time, found.pattern, found.event, found.output, value, found.causes


def by_engine(text: str, told: Iterable[Observation | Tick]) -> Iterator[tuple[Any, ...]]:
    """Give what the rule finds by itself, its state stored after every step."""
    rule = compile_eml(text)
    state = rule.start(START)
    for one in told:
        state, found = rule.step(state, one) if isinstance(one, Observation) else rule.tick(state, one)
        yield from map(_plain, found)
        state = rule.load(json.loads(json.dumps(rule.dump(state), allow_nan=False)))


def by_network(text: str, told: Iterable[Observation | Tick]) -> Iterator[tuple[Any, ...]]:
    """Give what the rule finds in the network that runs live."""
    network = Network()
    network.add("it", compile_eml(text), {}, START)
    for one in told:
        for found in network.step((one,)) if isinstance(one, Observation) else network.tick(one):
            yield _plain(found.detection)


def _plain(detection: Detection) -> tuple[Any, ...]:
    value = detection.value if detection.message is None else detection.message
    time = round(detection.time.timestamp() * 1000)
    return time, detection.pattern, detection.event or "", detection.output, value, detection.causes


def agree(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Tell whether two detections are the same, numbers but for rounding."""
    return all(
        math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-9)
        if isinstance(mine, int | float) and isinstance(theirs, int | float)
        else mine == theirs
        for mine, theirs in zip(one, other, strict=True)
    )


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_the_engine_finds_what_the_reference_finds(chance: Random) -> None:
    """
    Any valid document finds in any stream what the text of the semantics says, alone and in the network.
    """
    text, told = document(chance), stream(chance)
    note(text)
    note(str(told))

    _compare(text, told)


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(), streams())
def test_the_engine_finds_in_chains_what_the_reference_finds(text: str, observations: list[Observation]) -> None:
    """
    Documents of longer chains, with streams of an hour, find what the text of the semantics says.
    """
    _compare(text, [*observations, START + timedelta(hours=1)])


def _compare(text: str, told: list[Observation | Tick]) -> None:
    try:
        expected = list(by_reference(text, told))
    except TiedError:
        assume(False)
    alone, networked = list(by_engine(text, told)), list(by_network(text, told))

    for found in (alone, networked):
        assert [one for one, other in zip(found, expected, strict=False) if not agree(one, other)] == []
        assert len(found) == len(expected)
