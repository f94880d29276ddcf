"""Any order of alerts, inhibitions, silences, restarts and ticks keeps what is promised of muting and grouping."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from tests.weps.handling.desk import Desk
from tests.weps.notify.stores import open_store
from weps.episodes import EpisodeSelection
from weps.handling.groups import Grouping
from weps.handling.inhibitions import Inhibiting
from weps.matching import Matcher
from weps.model import AlertStatus, Page, Reminder, Severity
from weps.store.tables import ALERTS, GROUP_MEMBERS, GROUPS, OUTBOX

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED
SEVERITIES = {"big": Severity.SEVERE, "small": Severity.MINOR}
MEANT = {kind: Matcher(severities=(severity,)) for kind, severity in SEVERITIES.items()}
THINGS = st.tuples(st.sampled_from(tuple(SEVERITIES)), st.sampled_from(("north", "south")))
QUARTER = 0.25
MEMORY = Path("/dev/shm")


class Muting(RuleBasedStateMachine):
    """
    Big and small alerts at two places; while inhibitions hold, what is big mutes what is small at its place.

    What has to be pushed is decided anew here, by what is open and in force. Sometimes alerts wait half an hour for
    others.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.desk = Desk(open_store(Path(self.folder.name)))
        self.number = 0
        self.open: dict[tuple[str, str], str] = {}
        self.expected: dict[str, bool] = {}
        self.heard: set[str] = set()
        self.inhibitions: dict[str, float | None] = {}
        self.silenced_until = 0.0

    @initialize(group=st.sampled_from((None, timedelta(hours=0.5))))
    def begin(self, group: timedelta | None) -> None:
        self.subscription = self.desk.subscribe(group=group)

    def teardown(self) -> None:
        self.desk.store.dispose()
        self.folder.cleanup()

    @rule(things=st.lists(THINGS, min_size=1, max_size=4))
    def tell(self, things: list[tuple[str, str]]) -> None:
        """Begin or end what is told of things, in one transaction."""
        alerts = []
        # what begins or ends in this very instant mutes, whatever comes first
        sources = {place for kind, place in (*self.open, *things) if kind == "big"}
        for kind, place in things:
            episode = self.open.pop((kind, place), None)
            status = FIRING if episode is None else RESOLVED
            if episode is None:
                self.number += 1
                episode = self.open[kind, place] = f"{kind}-{place}-{self.number}"
            made = {"severity": SEVERITIES[kind], "feature_of_interest": place}
            alerts.append(self.desk.alert(self.subscription, status, episode, **made))
            self.expect(alerts[-1].id, episode, status, self.is_muted(kind, place in sources))
        self.desk.take(self.subscription, *alerts)

    @rule(quarters=st.integers(1, 4))
    def tick(self, quarters: int) -> None:
        """Let time pass, and let the scheduler look every quarter of an hour."""
        for _ in range(quarters):
            self.desk.hour += QUARTER
            self.look()

    @rule()
    def look(self) -> None:
        self.desk.due.run_due()
        Grouping(self.desk.store, lambda _: "http://feed", lambda: self.desk.now).run_due()
        self.heard |= {alert.episode for alert in self.desk.alerts(self.subscription) if alert.reminder}
        muted = {each.id for each in self.episodes(is_open=True) if each.muted}
        quiet = {
            episode for (kind, place), episode in self.open.items() if self.is_muted(kind, ("big", place) in self.open)
        }
        assert muted <= quiet, "what nothing mutes any more is told"

    @rule(restarting=st.booleans())
    def restart(self, restarting: bool) -> None:
        if restarting:
            self.desk.restart()

    @rule(hours=st.sampled_from((None, 0.5, 1)))
    def inhibit(self, hours: float | None) -> None:
        work = Inhibiting(self.desk.store, lambda: self.desk.now)
        lasting = None if hours is None else timedelta(hours=hours)
        equal = ("featureOfInterest",)
        made = work.inhibit(MEANT["big"], MEANT["small"], equal=equal, author="Ada", reason="x", lasting=lasting)
        self.inhibitions[made.id] = None if hours is None else self.desk.hour + hours

    @precondition(lambda self: self.inhibitions)
    @rule(data=st.data())
    def end_inhibition(self, data: st.DataObject) -> None:
        identifier = data.draw(st.sampled_from(sorted(self.inhibitions)))
        Inhibiting(self.desk.store, lambda: self.desk.now).end(identifier)
        del self.inhibitions[identifier]

    @rule(hours=st.sampled_from((0.25, 0.75)))
    def silence(self, hours: float) -> None:
        self.desk.quiet.silence(MEANT["small"], author="Ada", reason="works", lasting=timedelta(hours=hours))
        self.silenced_until = max(self.silenced_until, self.desk.hour + hours)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        thing = data.draw(st.sampled_from(sorted(self.open)))
        is_muted = self.is_muted(thing[0], ("big", thing[1]) in self.open)
        episode = self.open.pop(thing)
        self.desk.work.cancel(episode, "Ada", "enough")
        self.expect(self.desk.store.alerts_of_episode(episode)[-1].id, episode, AlertStatus.CANCELLED, is_muted)

    @invariant()
    def what_is_stored_agrees(self) -> None:
        """What has to be pushed is carried to its target once; what is muted never; windows keep their time."""
        with self.desk.store.reading() as connection:
            alerts = connection.execute(select(ALERTS)).mappings().all()
            rows = connection.execute(select(OUTBOX.c.alert_sequence, OUTBOX.c.group_id)).all()
            members = connection.execute(
                select(GROUP_MEMBERS.c.alert_sequence, GROUPS).join_from(GROUP_MEMBERS, GROUPS)
            ).all()
        pushed = {row["sequence"] for row in alerts if row["silenced"] is None}
        alone = [row.alert_sequence for row in rows if row.group_id is None]
        groups = [row.group_id for row in rows if row.group_id is not None]
        gathered = [row.alert_sequence for row in members if row.closed is None or row.id in groups]
        assert Counter([*alone, *gathered]) == Counter(pushed)
        assert len(groups) == len(set(groups))
        stored = {row["sequence"]: row["stored"] for row in alerts}
        assert all(row.opened <= stored[row.alert_sequence] < row.due for row in members)
        told = {row["id"]: row["silenced"] is None for row in alerts if row["reminder"] is None}
        assert told == self.expected
        over = [(row["episode"], row["stored"]) for row in alerts if row["reminder"] == Reminder.INHIBITION_OVER]
        assert len(over) == len(set(over)), "an end is told once"

    def is_muted(self, kind: str, has_source: bool) -> bool:
        """Tell whether an alert is muted, with something big at its place or without."""
        if kind == "big":
            return False
        holds = any(end is None or self.desk.hour < end for end in self.inhibitions.values())
        return self.desk.hour < self.silenced_until or (holds and has_source)

    def expect(self, alert: str, episode: str, status: AlertStatus, is_muted: bool) -> None:
        """Note what the store has to decide for an alert: the end of what nobody heard of is told to nobody."""
        self.expected[alert] = not is_muted and (status is FIRING or episode in self.heard)
        if self.expected[alert]:
            self.heard.add(episode)

    def episodes(self, **conditions):
        return self.desk.store.episodes(EpisodeSelection(**conditions), Page(limit=1000))


MANY = int(os.environ.get("WEPS_TEST_EXAMPLES", "10"))
TestMuting = Muting.TestCase
TestMuting.settings = settings(
    max_examples=MANY, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
