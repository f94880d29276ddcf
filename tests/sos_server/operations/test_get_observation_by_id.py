"""Finding observations by their identifiers: those they were published with, and those made for the others."""

from __future__ import annotations

from sos_server.requests import DeleteObservation, GetCapabilities, GetObservationById
from tests.sos_server.make import Asked, insertion, observation, sensor


def _found(sos: Asked, *identifiers: str) -> list[tuple[str, float]]:
    answer = sos.ask(GetObservationById(identifiers))
    return [(row.identifier, row.value) for _, rows in answer.series for row in rows]


def test_an_observation_is_found_by_the_name_it_was_published_with(sos: Asked) -> None:
    """
    The values of one array share a name, all of them are given; what is not here is left out (07.08).
    """
    sos.ask(sensor())
    names = ("a", "b", "b", None)
    sos.ask(insertion(*(observation(at, float(at), identifier=name) for at, name in enumerate(names))))

    assert [("a", 0.0)] == _found(sos, "a")
    assert [("a", 0.0), ("b", 1.0), ("b", 2.0)] == _found(sos, "b", "unheard of", "a", "a")
    assert [] == _found(sos, "unheard of", "observation.1.2.3", "observation.x")


def test_an_observation_without_a_name_has_one_made_for_it(sos: Asked) -> None:
    """
    Capabilities tell one (07.09 takes it from there); it stays with the observation and ends with it.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(-9_000_000, 1.0), observation(1, 2.0)))

    (name,) = sos.ask(GetCapabilities()).observations

    assert [(name, 1.0)] == _found(sos, name)
    sos.ask(DeleteObservation((name,)))
    sos.ask(insertion(observation(-9_000_000, 3.0)))
    assert [] == _found(sos, name)


def test_capabilities_tell_a_few_names_only(sos: Asked) -> None:
    """
    None without observations, else at most ten.
    """
    sos.ask(sensor())
    before = sos.ask(GetCapabilities()).observations
    sos.ask(insertion(*(observation(at, float(at), identifier=f"name {at:02}") for at in range(20))))

    after = sos.ask(GetCapabilities()).observations

    assert ((), 10, "name 00") == (before, len(after), after[0])
