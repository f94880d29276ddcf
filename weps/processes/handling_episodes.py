"""The processes that work with episodes: list and look, acknowledge, assign, comment, cancel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from weps.episodes import EpisodeSelection
from weps.handling.episodes import Handling
from weps.model import AlertStatus
from weps.notify.episode_json import episode_to_json, whole_episode_to_json
from weps.processes.base import (
    JSON,
    Complex,
    Format,
    InputSpec,
    Kind,
    Literal,
    OutputSpec,
    ProcessSpec,
)
from weps.processes.inputs import DURATION_UNITS
from weps.processes.paging import LIMIT_INPUT, read_page
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.episodes import Episode
    from weps.processes.base import Context, Outputs
    from weps.processes.inputs import Inputs

IN_JSON = Complex((Format(JSON),))
EPISODE_ID = InputSpec("episodeId", "The identifier of the episode", Literal(), "As alerts name it.", min_occurs=1)
BY = InputSpec("by", "Who does it", Literal(), min_occurs=1)
TEXT = InputSpec("text", "What is to be said of it", Literal())
_TRUTH = Literal(allowed=("true", "false"))
_OUTPUTS = (
    OutputSpec("episode", "The episode with its alerts and what people did with it", IN_JSON),
    OutputSpec("state", "The state of the episode", Literal()),
    OutputSpec("info", "What was done, for people", Literal()),
)


def write_json(members: Any) -> dict[str, str]:
    """Give a value as complex output."""
    return {JSON: json.dumps(members, ensure_ascii=False)}


def _tell(episode: Episode, context: Context, info: str) -> Outputs:
    store = context.engine.store
    newest = store.newest_alerts_of([episode]).get(episode.id)
    whole = whole_episode_to_json(episode, newest, store.alerts_of_episode(episode.id), store.notes(episode.id))
    return {"episode": write_json(whole), "state": episode.state.value, "info": info}


def _handling(
    identifier: str,
    title: str,
    abstract: str,
    *inputs: InputSpec,
    act: Callable[[Handling, str, Inputs], Episode],
    done: str,
) -> ProcessSpec:
    """Give a process that does one thing with an episode; `done` is what was done."""
    places = {spec.identifier: spec.identifier for spec in inputs} | {"": EPISODE_ID.identifier}

    def handle(given: Inputs, context: Context) -> Outputs:
        with told_of(places):
            episode = act(Handling(context.engine.store), given.texts("episodeId")[0], given)
        return _tell(episode, context, f"Episode {episode.id} {done}; it is {episode.state.value}")

    return ProcessSpec(identifier, title, abstract, "1.0.0", (EPISODE_ID, *inputs), _OUTPUTS, handle)


ACKNOWLEDGE = _handling(
    "weps:Acknowledge",
    "Acknowledge an episode",
    "Lets it be known that somebody takes care: nothing is told again and nothing is escalated until the time is over, "
    "or the episode is. Then it is told again. Every change of the episode is still told.",
    BY,
    InputSpec("until", "Until when", Literal(Kind.INSTANT), "ISO 8601; until the episode is over if left out."),
    InputSpec(
        "for",
        "For how long",
        Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string"),
        "ISO 8601 or a number with a unit, instead of until.",
    ),
    TEXT,
    act=lambda work, identifier, given: work.acknowledge(
        identifier,
        given.texts("by")[0],
        until=given.instant("until"),
        lasting=given.duration("for"),
        text=given.text("text") or "",
    ),
    done="is acknowledged",
)
ASSIGN = _handling(
    "weps:Assign",
    "Assign an episode",
    "Says who is to take care of an episode.",
    InputSpec("to", "Who is to take care", Literal(may_be_empty=True), "Empty: nobody any more.", min_occurs=1),
    BY,
    TEXT,
    act=lambda work, identifier, given: work.assign(
        identifier, given.texts("to")[0], given.texts("by")[0], given.text("text") or ""
    ),
    done="is assigned",
)
COMMENT = _handling(
    "weps:Comment",
    "Comment on an episode",
    "Keeps what somebody has to say of an episode, also of one that is over.",
    BY,
    InputSpec("text", "What is to be said of it", Literal(), min_occurs=1),
    act=lambda work, identifier, given: work.comment(identifier, given.texts("by")[0], given.texts("text")[0]),
    done="has a comment more",
)
CANCEL_EPISODE = _handling(
    "weps:CancelEpisode",
    "Cancel an episode",
    "Withdraws what should not have been told, or does not matter any more: an alert says so, and why. What is "
    "observed afterwards does not belong to it.",
    BY,
    InputSpec("reason", "Why", Literal(), min_occurs=1),
    act=lambda work, identifier, given: work.cancel(identifier, given.texts("by")[0], given.texts("reason")[0]),
    done="is cancelled",
)


def _get(inputs: Inputs, context: Context) -> Outputs:
    with told_of({"": EPISODE_ID.identifier}):
        episode = context.engine.store.episode(inputs.texts("episodeId")[0])
    return _tell(episode, context, f"Episode {episode.id} is {episode.state.value}")


GET_EPISODE = ProcessSpec(
    "weps:GetEpisode",
    "Describe an episode",
    "Gives an episode with its alerts and what people did with it.",
    "1.0.0",
    (EPISODE_ID,),
    _OUTPUTS,
    _get,
)


def _list(inputs: Inputs, context: Context) -> Outputs:
    acknowledged, is_open = inputs.text("acknowledged"), inputs.text("open")
    selection = EpisodeSelection(
        subscription=inputs.text("subscriptionId"),
        states=tuple(AlertStatus(state) for state in inputs.texts("state")),
        is_open=None if is_open is None else is_open == "true",
        is_free=None if acknowledged is None else acknowledged == "false",
    )
    store, page = context.engine.store, read_page(inputs)
    with told_of({"": "after"}):
        episodes = store.episodes(selection, page)
    newest = store.newest_alerts_of(episodes)
    listed = [episode_to_json(episode, newest.get(episode.id)) for episode in episodes]
    total = store.count_episodes(selection)
    return {"episodes": write_json({"total": total, "episodes": listed}), "total": str(total)}


LIST_EPISODES = ProcessSpec(
    "weps:ListEpisodes",
    "List the episodes",
    "Gives the episodes of alerts page by page, the last begun first: what is open, and who takes care.",
    "1.0.0",
    (
        InputSpec("subscriptionId", "Only those of this subscription", Literal()),
        InputSpec(
            "state",
            "Only those in one of these states",
            Literal(allowed=tuple(status.value for status in AlertStatus)),
            max_occurs=len(AlertStatus),
        ),
        InputSpec("open", "Only those that go on, or do not", _TRUTH),
        InputSpec("acknowledged", "Only those that somebody takes care of, or nobody", _TRUTH),
        InputSpec("after", "The identifier of the last one of the page before", Literal()),
        LIMIT_INPUT,
    ),
    (
        OutputSpec("episodes", "The page of episodes", IN_JSON),
        OutputSpec("total", "How many there are on all pages", Literal(Kind.COUNT)),
    ),
    _list,
)
