"""Episodes as they are looked at and worked with, and the one transaction in which that is done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, exists, func, or_, select, update

from weps.episodes import Action, DueTimer, Note, Timer
from weps.errors import NotFoundError
from weps.store.alerts import alerts_by_sequence
from weps.store.bulk import insert_rows
from weps.store.database import Database
from weps.store.flapping import flaps_of, write_flaps
from weps.store.muting import Muting
from weps.store.rows import read_alert, read_episode
from weps.store.storing import TIMER_COLUMNS, store_alerts
from weps.store.subscriptions import one_subscription
from weps.store.tables import ALERTS, EPISODE_NOTES, EPISODE_TIMERS, EPISODES, FEEDS, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Select

    from weps.episodes import Episode, EpisodeSelection
    from weps.flapping import Flaps
    from weps.model import Alert, Page, Subscription, Target


class Episodes(Database):
    """What alerts tell of."""

    def episode(self, identifier: str) -> Episode:
        """Give one episode; raises `NotFoundError`."""
        with self.reading() as connection:
            return _one(connection, identifier)

    def episodes(self, selection: EpisodeSelection, page: Page) -> tuple[Episode, ...]:
        """Give a page of the episodes, the last begun first; raises `NotFoundError` for a page after nobody."""
        query = _selected(select(EPISODES), selection).order_by(EPISODES.c.first_alert.desc(), EPISODES.c.id)
        with self.reading() as connection:
            if page.after is not None:
                query = query.where(EPISODES.c.first_alert < _one(connection, page.after).first_alert)
            rows = connection.execute(query.offset(page.offset).limit(page.limit)).mappings()
            return tuple(read_episode(row) for row in rows)

    def count_episodes(self, selection: EpisodeSelection) -> int:
        """Count the episodes."""
        with self.reading() as connection:
            return int(connection.execute(_selected(select(func.count(EPISODES.c.id)), selection)).scalar_one())

    def newest_alerts_of(self, episodes: Sequence[Episode]) -> dict[str, Alert]:
        """Give the alerts that changed episodes last, by the ids of the episodes, as far as they are kept."""
        with self.reading() as connection:
            alerts = alerts_by_sequence(connection, (episode.newest_alert for episode in episodes))
        return {alert.episode: alert for alert in alerts.values()}

    def alerts_of_episode(self, identifier: str, limit: int = 100) -> tuple[Alert, ...]:
        """Give the newest alerts of an episode, oldest first."""
        mine = select(ALERTS).where(ALERTS.c.episode == identifier).order_by(ALERTS.c.sequence.desc()).limit(limit)
        with self.reading() as connection:
            return tuple(read_alert(row) for row in connection.execute(mine).mappings())[::-1]

    def notes(self, identifier: str, limit: int = 1000) -> tuple[Note, ...]:
        """Give what people did last with an episode, oldest first."""
        mine = select(EPISODE_NOTES).where(EPISODE_NOTES.c.episode == identifier)
        with self.reading() as connection:
            rows = connection.execute(mine.order_by(EPISODE_NOTES.c.id.desc()).limit(limit)).all()
        return tuple(Note(row.noted, row.author, Action(row.action), row.text) for row in rows[::-1])

    def due_timers(self, now: datetime, limit: int = 100) -> tuple[DueTimer, ...]:
        """Give what is due of episodes, the longest waiting first."""
        query = select(EPISODE_TIMERS).where(EPISODE_TIMERS.c.due <= now).order_by(EPISODE_TIMERS.c.due).limit(limit)
        with self.reading() as connection:
            return tuple(DueTimer(row.episode, Timer(row.kind), row.due) for row in connection.execute(query))

    def put_off_timer(self, timer: DueTimer, due: datetime) -> None:
        """Let something be due later that could not be done; what was done or put off by others stays so."""
        mine = EPISODE_TIMERS.c.episode == timer.episode, EPISODE_TIMERS.c.kind == timer.kind
        with self.writing() as connection:
            connection.execute(update(EPISODE_TIMERS).where(*mine, EPISODE_TIMERS.c.due == timer.due).values(due=due))

    def untold_since(self, end: datetime, after: str, limit: int = 500) -> tuple[tuple[Episode, Alert], ...]:
        """
        Give episodes that the end of a silence or inhibition may have to tell, in the order of their ids.

        Those are the open ones that had begun by then, and those whose last change was silenced; each comes with its
        newest alert.
        """
        concerned = EPISODES.c.opened < end, or_(EPISODES.c.closed.is_(None), EPISODES.c.muted)
        query = select(EPISODES).join(ALERTS, ALERTS.c.sequence == EPISODES.c.newest_alert)
        query = query.where(*concerned, EPISODES.c.id > after).order_by(EPISODES.c.id).limit(limit)
        with self.reading() as connection:
            found = [read_episode(row) for row in connection.execute(query).mappings()]
            alerts = alerts_by_sequence(connection, (episode.newest_alert for episode in found))
        return tuple((episode, alerts[episode.newest_alert]) for episode in found)

    def purge_episodes(self, before: datetime, limit: int = 500) -> int:
        """Delete episodes that were closed before a time and of which no alert is kept any more; gives how many."""
        kept = exists().where(ALERTS.c.episode == EPISODES.c.id)
        old = EPISODES.c.closed < before, ~kept
        with self.reading() as connection:
            identifiers = connection.execute(select(EPISODES.c.id).where(*old).limit(limit)).scalars().all()
        if identifiers:
            with self.writing() as connection:
                connection.execute(delete(EPISODES).where(EPISODES.c.id.in_(identifiers), *old))
        return len(identifiers)

    @contextmanager
    def handling(self, identifier: str) -> Iterator[EpisodeTransaction]:
        """Open the transaction in which something is done with one episode; raises `NotFoundError`."""
        with self.writing() as connection:
            yield EpisodeTransaction(connection, _one(connection, identifier), self.standing_targets)


class EpisodeTransaction:
    """What is read and written while something is done with one episode."""

    def __init__(self, connection: Connection, episode: Episode, standing_targets: tuple[Target, ...]) -> None:
        self._connection = connection
        self._standing_targets = standing_targets
        self.episode = episode

    def newest_alert(self) -> Alert:
        """Give the alert that changed the episode last."""
        return _alert(self._connection, self.episode)

    def subscription(self) -> Subscription:
        """Give the subscription that the episode is of."""
        return one_subscription(self._connection, self.episode.subscription_id)

    def targets(self) -> tuple[Target, ...]:
        """Give who is told of the episode: further targets too, once it was told to them."""
        subscription = self.subscription()
        further = subscription.attention.escalate_to if self.episode.escalated else ()
        return tuple(dict.fromkeys((*subscription.targets, *further)))

    def is_silenced(self, alert: Alert, now: datetime) -> bool:
        """Tell whether a silence or another episode mutes an alert."""
        return Muting(self._connection, now).muter(alert, self.episode) is not None

    def is_pushed_since(self, instant: datetime) -> bool:
        """Tell whether an alert of the episode was pushed from an instant on."""
        mine = ALERTS.c.episode == self.episode.id, ALERTS.c.stored >= instant, ALERTS.c.silenced.is_(None)
        return self._connection.execute(select(exists().where(*mine))).scalar_one()

    def flaps(self) -> Flaps | None:
        """Give what flaps, where that is what the episode tells of."""
        return flaps_of(self._connection, self.episode)

    def change_flaps(self, flaps: Flaps, **changes: Any) -> None:
        """Change what is known of something that flaps; without changes it is forgotten."""
        write_flaps(self._connection, flaps, **changes)

    def read_until(self) -> datetime | None:
        """Give up to when, in the time of the world, the source of the episode's subscription has been read."""
        mine = SUBSCRIPTIONS.c.id == self.episode.subscription_id
        query = select(FEEDS.c.polled_until).join_from(SUBSCRIPTIONS, FEEDS).where(mine)
        return self._connection.execute(query).scalar_one_or_none()

    def is_told(self, alert_id: str) -> bool:
        """Tell whether an alert is stored."""
        return self._connection.execute(select(exists().where(ALERTS.c.id == alert_id))).scalar_one()

    def tell(self, alert: Alert, targets: tuple[Target, ...], now: datetime) -> None:
        """Store an alert of the episode, and push it."""
        store_alerts(self._connection, [(alert, targets)], now, self._standing_targets)
        self.episode = _one(self._connection, self.episode.id)

    def change(self, **values: Any) -> None:
        """Change members of the episode."""
        mine = EPISODES.c.id == self.episode.id
        self._connection.execute(update(EPISODES).where(mine).values(**values))
        self.episode = _one(self._connection, self.episode.id)

    def note(self, note: Note) -> None:
        """Keep what somebody did."""
        row = {"episode": self.episode.id, "noted": note.noted, "author": note.author}
        self._connection.execute(EPISODE_NOTES.insert(), row | {"action": note.action, "text": note.text})

    def set_timer(self, kind: Timer, due: datetime) -> None:
        """Let something be due then."""
        insert_rows(self._connection, EPISODE_TIMERS, TIMER_COLUMNS, [(self.episode.id, kind.value, due)], ("due",))

    def drop_timers(self, *kinds: Timer) -> None:
        """Let nothing of these kinds be due any more."""
        mine = EPISODE_TIMERS.c.episode == self.episode.id, EPISODE_TIMERS.c.kind.in_(kinds)
        self._connection.execute(delete(EPISODE_TIMERS).where(*mine))

    def is_due(self, timer: DueTimer) -> bool:
        """Tell whether something is still due: nobody else did it or put it off meanwhile."""
        mine = EPISODE_TIMERS.c.episode == self.episode.id, EPISODE_TIMERS.c.kind == timer.kind
        return self._connection.execute(select(EPISODE_TIMERS.c.due).where(*mine)).scalar_one_or_none() == timer.due


def _one(connection: Connection, identifier: str) -> Episode:
    row = connection.execute(select(EPISODES).where(EPISODES.c.id == identifier)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no episode {identifier!r}")
    return read_episode(row)


def _alert(connection: Connection, episode: Episode) -> Alert:
    query = select(ALERTS).where(ALERTS.c.sequence == episode.newest_alert)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"the alerts of episode {episode.id!r} are not kept any more")
    return read_alert(row)


def _selected(query: Select[Any], selection: EpisodeSelection) -> Select[Any]:
    if selection.subscription is not None:
        query = query.where(EPISODES.c.subscription_id == selection.subscription)
    if selection.states:
        query = query.where(EPISODES.c.state.in_(selection.states))
    for column, wanted in ((EPISODES.c.closed, selection.is_open), (EPISODES.c.acknowledged_by, selection.is_free)):
        if wanted is not None:
            query = query.where(column.is_(None) if wanted else column.is_not(None))
    return query
