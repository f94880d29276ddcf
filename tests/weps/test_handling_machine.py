"""Any order of observations, ticks, acknowledgements, silences, restarts and deliveries keeps what is promised."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from tests.weps.desk import BOSS, Desk
from tests.weps.notify.stores import open_store
from weps.composing import Composer, Thread
from weps.episodes import OPEN, EpisodeSelection
from weps.ledger import Attempt, Outcome
from weps.matching import Matcher
from weps.model import Alert, AlertStatus, Observation, Page, RuleText, Severity
from weps.rules.languages import compile_rule
from weps.rules.network import Found
from weps.store import RuleState
from weps.store.tables import ALERTS, EPISODE_TIMERS, OUTBOX

RULE = """{"type": "threshold", "condition": "greaterThan", "steps": [
    {"threshold": 30, "severity": "Minor", "reset": 28}, {"threshold": 40, "severity": "Severe", "reset": 38}]}"""
SERIES = ("north", "south")
QUARTER = 0.25
MEMORY = Path("/dev/shm")


class Episodes(RuleBasedStateMachine):
    """
    Two series under a threshold with two steps, on a real store, with the rules and ids of the engine.

    Each end of a silence has to tell what is open then and not acknowledged, unless another silence holds.
    """

    def __init__(self) -> None:
        super().__init__()
        # in memory where that can be: nobody pulls the plug here, and each step is a commit
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.desk = Desk(open_store(Path(self.folder.name)))
        self.number = 0
        self.silences: list[str] = []

    @initialize()
    def begin(self) -> None:
        repeat, escalate = timedelta(hours=1), timedelta(hours=1.5)
        self.subscription = self.desk.subscribe(repeat=repeat, escalate_after=escalate, escalate_to=(BOSS,))
        self.rule = compile_rule(RuleText("application/vnd.weps.threshold+json", RULE))

    def teardown(self) -> None:
        self.desk.store.dispose()
        self.folder.cleanup()

    @rule(series=st.sampled_from(SERIES), value=st.sampled_from((20, 29, 31, 39, 41)))
    def observe(self, series: str, value: float) -> None:
        """Step the rule over an observation and store what it detects, as the engine does in its transaction."""
        self.number += 1
        observed = Observation(self.desk.now, "p", "t", series, float(value), "Cel", id=f"o-{self.number}")
        with self.desk.store.batch(self.subscription.feed_id) as batch:
            kept = batch.states([self.subscription.id]).get((self.subscription.id, series))
            thread = Thread(kept.detections, kept.open_episode) if kept else Thread()
            state = self.rule.load(kept.state) if kept else self.rule.start(self.subscription.activation)
            state, detections = self.rule.step(state, observed)
            composer = Composer(batch, {}, {}, self.desk.now, lambda *_: None)
            alerts = []
            for detection in detections:
                found = Found(self.subscription.id, series, detection)
                alert, thread = composer.compose(self.subscription, found, thread, True)
                alerts.append((alert, self.subscription.targets))
            dumped = RuleState(self.rule.dump(state), thread.detections, thread.open_episode)
            batch.save_states({(self.subscription.id, series): dumped})
            batch.add_alerts(alerts, self.desk.now)

    @rule(quarters=st.integers(1, 6))
    def tick(self, quarters: int) -> None:
        """Let time pass, and let the scheduler look every quarter of an hour."""
        for _ in range(quarters):
            self.desk.hour += QUARTER
            before, ended = self.open_and_free(), self.holding(-QUARTER)
            self.desk.due.run_due()
            told = self.reminded_at(self.desk.now)
            wanted = {
                episode
                for episode, alert in before.items()
                if any(silence.matcher.matches(alert) for silence in ended if not silence.holds(self.desk.now))
                and not any(silence.matcher.matches(alert) for silence in self.holding())
            }
            assert wanted <= told, "the end of a silence tells what is open"

    @rule(restarting=st.booleans())
    def restart(self, restarting: bool) -> None:
        if restarting:
            self.desk.restart()

    @precondition(lambda self: self.open_episodes())
    @rule(hours=st.sampled_from((None, 0.5, 2)), data=st.data())
    def acknowledge(self, hours: float | None, data: st.DataObject) -> None:
        episode = data.draw(st.sampled_from(self.open_episodes()))
        self.desk.work.acknowledge(episode, "Ada", lasting=None if hours is None else timedelta(hours=hours))

    @precondition(lambda self: self.open_episodes())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.desk.work.cancel(data.draw(st.sampled_from(self.open_episodes())), "Ada", "enough")

    @rule(feature=st.sampled_from((*SERIES, "")), hours=st.sampled_from((0.5, 1, 3)))
    def silence(self, feature: str, hours: float) -> None:
        matcher = Matcher(features_of_interest=(feature,)) if feature else Matcher(severities=tuple(Severity))
        made = self.desk.quiet.silence(matcher, author="Ada", reason="works", lasting=timedelta(hours=hours))
        self.silences.append(made.id)

    @rule(
        series=st.sampled_from(SERIES),
        values=st.tuples(*[st.sampled_from((20, 31, 41))] * 2),
        feature=st.sampled_from((*SERIES, "")),
        hours=st.sampled_from((0.5, 1)),
        quarters=st.integers(1, 5),
    )
    def sit_a_silence_out(self, series: str, values: tuple, feature: str, hours: float, quarters: int) -> None:
        """What random steps seldom come to: something happens, is silenced, goes on, and the silence may end."""
        self.observe(series, values[0])
        self.silence(feature, hours)
        self.observe(series, values[1])
        self.tick(quarters)

    @precondition(lambda self: self.silences)
    @rule(data=st.data())
    def end_silence(self, data: st.DataObject) -> None:
        self.desk.quiet.end_silence(data.draw(st.sampled_from(self.silences)))
        self.desk.due.run_due()

    @rule(most=st.integers(1, 3))
    def deliver(self, most: int) -> None:
        """Take some deliveries out of the outbox; the last of them is lost with its process and stays."""
        for ready in self.desk.store.ready(self.desk.now, 10, most):
            attempt = Attempt(self.desk.now, self.desk.now, True)
            self.desk.store.record([Outcome(delivery, attempt) for delivery in ready.deliveries[:-1]])

    @invariant()
    def one_episode_is_open_for_a_series(self) -> None:
        alerts = self.desk.store.newest_alerts_of(self.episodes(is_open=True))
        features = [alert.feature_of_interest for alert in alerts.values()]
        assert len(features) == len(set(features))

    @invariant()
    def what_is_stored_agrees(self) -> None:
        """Transitions come in order; what is silenced is not pushed, all else is; nothing is due of what is over."""
        with self.desk.store.reading() as connection:
            columns = ALERTS.c.sequence, ALERTS.c.id, ALERTS.c.episode, ALERTS.c.status
            alerts = connection.execute(
                select(*columns, ALERTS.c.reminder, ALERTS.c.silenced).order_by(ALERTS.c.sequence)
            ).all()
            pushed = set(connection.execute(select(OUTBOX.c.alert_sequence)).scalars())
            due = set(connection.execute(select(EPISODE_TIMERS.c.episode)).scalars())
        episodes = {episode.id: episode for episode in self.episodes()}
        assert pushed == {alert.sequence for alert in alerts if alert.silenced is None}
        assert due <= {identifier for identifier, episode in episodes.items() if episode.is_open}
        assert len({alert.id for alert in alerts}) == len(alerts)
        assert {alert.episode for alert in alerts} == episodes.keys()
        for identifier, episode in episodes.items():
            mine = [alert for alert in alerts if alert.episode == identifier]
            changes = [alert.status for alert in mine if alert.reminder is None]
            assert set(changes[:-1]) <= {AlertStatus.FIRING}
            assert changes[-1] in (AlertStatus.FIRING, AlertStatus.RESOLVED, AlertStatus.CANCELLED)
            assert (episode.state, episode.is_open) == (changes[-1], changes[-1] in OPEN)
            assert episode.alert_count == len(mine)

    def episodes(self, **conditions):
        return self.desk.store.episodes(EpisodeSelection(**conditions), Page(limit=1000))

    def open_episodes(self) -> list[str]:
        return sorted(episode.id for episode in self.episodes(is_open=True))

    def open_and_free(self) -> dict[str, Alert]:
        return self.desk.store.newest_alerts_of(self.episodes(is_open=True, is_free=True))

    def holding(self, hours: float = 0):
        now = self.desk.now + timedelta(hours=hours)
        return [silence for silence in self.desk.store.silences(Page(limit=1000)) if silence.holds(now)]

    def reminded_at(self, now: datetime) -> set[str]:
        reminders = ALERTS.c.reminder.is_not(None), ALERTS.c.stored == now
        with self.desk.store.reading() as connection:
            return set(connection.execute(select(ALERTS.c.episode).where(*reminders)).scalars())


MANY = int(os.environ.get("WEPS_TEST_EXAMPLES", "10"))
TestEpisodes = Episodes.TestCase
TestEpisodes.settings = settings(
    max_examples=MANY, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
