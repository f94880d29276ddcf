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

from tests.weps.handling.desk import BOSS, Desk
from tests.weps.notify.stores import open_store
from weps.composing import Composer, Thread, flapping_alert
from weps.episodes import OPEN, EpisodeSelection
from weps.flapping import ABOUT_FLAPPING
from weps.ledger import Attempt, Outcome
from weps.matching import Matcher
from weps.model import Alert, AlertStatus, Flapping, Observation, Page, Reminder, RuleText, Severity
from weps.rules.languages import compile_rule
from weps.rules.network import Found
from weps.store import RuleState
from weps.store.tables import ALERTS, EPISODE_TIMERS, FLAPS, OUTBOX

RULE = """{"type": "threshold", "condition": "greaterThan", "steps": [
    {"threshold": 30, "severity": "Minor", "reset": 28}, {"threshold": 40, "severity": "Severe", "reset": 38}]%s}"""
SHOWN = ', "consecutive": 2, "pending": true'
SERIES = ("north", "south")
QUARTER = 0.25
MEMORY = Path("/dev/shm")


class Episodes(RuleBasedStateMachine):
    """
    Two series under a threshold with two steps, on a real store, with the rules and ids of the engine.

    Sometimes a step has to be met twice, and what has begun is shown; sometimes more than two changes in an hour are
    too many. Each end of a silence has to tell what is open then and not acknowledged, unless another silence holds.
    """

    def __init__(self) -> None:
        super().__init__()
        # in memory where that can be: nobody pulls the plug here, and each step is a commit
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.desk = Desk(open_store(Path(self.folder.name)))
        self.number = 0
        self.silences: list[str] = []

    @initialize(shown=st.booleans(), flapping=st.sampled_from((None, Flapping(2, timedelta(hours=1)))))
    def begin(self, shown: bool, flapping: Flapping | None) -> None:
        repeat, escalate = timedelta(hours=1), timedelta(hours=1.5)
        self.subscription = self.desk.subscribe(
            repeat=repeat, escalate_after=escalate, escalate_to=(BOSS,), flapping=flapping
        )
        self.rule = compile_rule(RuleText("application/vnd.weps.threshold+json", RULE % (SHOWN if shown else "")))

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
            batch.add_alerts(alerts, self.desk.now, flapping_alert)

    @rule(quarters=st.integers(1, 6))
    def tick(self, quarters: int) -> None:
        """Let time pass, and let the scheduler look every quarter of an hour."""
        for _ in range(quarters):
            self.desk.hour += QUARTER
            before, ended = self.to_be_told(), self.holding(-QUARTER)
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

    @rule(series=st.sampled_from(SERIES), changes=st.integers(1, 4), quarters=st.integers(0, 5))
    def flap(self, series: str, changes: int, quarters: int) -> None:
        """What random steps seldom come to either: something is restless, and then perhaps calm."""
        for number in range(changes):
            for _ in range(2):
                self.observe(series, (41, 20)[number % 2])
        if quarters:
            self.tick(quarters)

    @precondition(lambda self: self.silences)
    @rule(data=st.data())
    def end_silence(self, data: st.DataObject) -> None:
        self.desk.quiet.end(data.draw(st.sampled_from(self.silences)))
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
        """
        Transitions come in order; nothing is due of what is over.

        What is silenced is not pushed, nor what is only pending; all else is.
        """
        with self.desk.store.reading() as connection:
            columns = ALERTS.c.sequence, ALERTS.c.id, ALERTS.c.episode, ALERTS.c.status
            alerts = connection.execute(
                select(*columns, ALERTS.c.reminder, ALERTS.c.silenced).order_by(ALERTS.c.sequence)
            ).all()
            pushed = set(connection.execute(select(OUTBOX.c.alert_sequence)).scalars())
            due = set(connection.execute(select(EPISODE_TIMERS.c.episode)).scalars())
        episodes = {episode.id: episode for episode in self.episodes()}
        quiet = for_feeds_only(alerts)
        assert pushed == {alert.sequence for alert in alerts if alert.silenced is None} - quiet
        assert due <= {identifier for identifier, episode in episodes.items() if episode.is_open}
        assert len({alert.id for alert in alerts}) == len(alerts)
        assert {alert.episode for alert in alerts} == episodes.keys()
        for identifier, episode in episodes.items():
            mine = [alert for alert in alerts if alert.episode == identifier]
            changes = [alert.status for alert in mine if alert.reminder is None]
            assert changes == sorted(changes, key=ORDER.index)
            assert set(changes[:-1]) <= {AlertStatus.PENDING, AlertStatus.FIRING}
            assert (episode.state, episode.is_open) == (changes[-1], changes[-1] in OPEN)
            assert episode.alert_count == len(mine)

    @invariant()
    def what_flaps_is_told_once_and_then_when_it_is_calm(self) -> None:
        """
        Nothing of it is pushed in between, but that it flaps.

        Where nothing was silenced, how it stands was told; where nothing is silenced any more, nobody is left alarmed.
        """
        with self.desk.store.reading() as connection:
            restless = set(connection.execute(select(FLAPS.c.episode).where(FLAPS.c.since.is_not(None))).scalars())
        alerts = self.desk.alerts(self.subscription)
        quiet = for_feeds_only(alerts)
        for series in SERIES:
            mine = [alert for alert in alerts if alert.feature_of_interest == series]
            on = False
            for alert in mine:
                if alert.reminder in ABOUT_FLAPPING:
                    on = alert.reminder is Reminder.FLAPPING
                else:
                    assert not on or alert.silenced or alert.status is AlertStatus.PENDING or alert.sequence in quiet
            assert on is bool(restless & {alert.episode for alert in mine})
            told = [alert for alert in mine if alert.silenced is None and alert.sequence not in quiet]
            changes = [alert for alert in mine if alert.reminder is None and alert.sequence not in quiet]
            if changes and not self.silences and not on:
                assert told[-1].status == changes[-1].status
            if told and not on and not self.holding() and changes[-1].status not in OPEN:
                assert told[-1].status not in OPEN

    def episodes(self, **conditions):
        return self.desk.store.episodes(EpisodeSelection(**conditions), Page(limit=1000))

    def open_episodes(self) -> list[str]:
        # in the order of their begin, since ids differ from run to run
        return [episode.id for episode in self.episodes(is_open=True)]

    def to_be_told(self) -> dict[str, Alert]:
        """What the end of a silence has to tell: what goes on and nobody takes care of, unless it flaps."""
        with self.desk.store.reading() as connection:
            restless = set(connection.execute(select(FLAPS.c.episode).where(FLAPS.c.since.is_not(None))).scalars())
        going = [episode for episode in self.episodes(is_open=True, is_free=True) if episode.id not in restless]
        return self.desk.store.newest_alerts_of([one for one in going if one.state is not AlertStatus.PENDING])

    def holding(self, hours: float = 0):
        now = self.desk.now + timedelta(hours=hours)
        return [silence for silence in self.desk.store.silences(Page(limit=1000)) if silence.holds(now)]

    def reminded_at(self, now: datetime) -> set[str]:
        reminders = ALERTS.c.reminder.is_not(None), ALERTS.c.stored == now
        with self.desk.store.reading() as connection:
            return set(connection.execute(select(ALERTS.c.episode).where(*reminders)).scalars())


ORDER = (AlertStatus.PENDING, AlertStatus.FIRING, AlertStatus.RESOLVED, AlertStatus.CANCELLED)


def for_feeds_only(alerts) -> set[int]:
    """What is pending, and its end where it never fired."""
    states: dict[str, str] = {}
    found = set()
    for alert in alerts:
        before = states.get(alert.episode)
        is_end = before == AlertStatus.PENDING and alert.status not in OPEN
        if alert.reminder is None and (is_end or alert.status == AlertStatus.PENDING):
            found.add(alert.sequence)
        states[alert.episode] = before if is_end else alert.status
    return found


MANY = int(os.environ.get("WEPS_TEST_EXAMPLES", "10"))
TestEpisodes = Episodes.TestCase
TestEpisodes.settings = settings(
    max_examples=MANY, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
