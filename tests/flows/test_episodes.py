"""Episodes of a running service: what is due comes about by itself, and pulling the plug changes nothing."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import requests
from sqlalchemy import func, select

from tests.flows.killed import kill_again_and_again
from tests.flows.rules import HEAT
from tests.waiting import wait_for
from tests.weps.handling.desk import ALL, HOUR, MONDAY, Desk
from tests.weps.notify.stores import open_store
from weps.model import Reminder
from weps.store.tables import ALERTS, OUTBOX

EPISODES = 60
WORKER = """
import sys
from datetime import datetime
from weps.handling.reminders import Reminding
from weps.store import Store
print("begin", flush=True)
Reminding(Store(sys.argv[1]), lambda: datetime.fromisoformat(sys.argv[2])).run_due()
"""


def test_whoever_is_killed_while_telling_again_tells_everything_once(tmp_path):
    """
    Reminders and the end of a silence, told to 120 episodes by processes that are killed again and
    again, are in the feed once each, and pushed once each.
    """
    desk = Desk(open_store(tmp_path))
    subscription = desk.subscribe(repeat=HOUR)
    for number in range(EPISODES):
        desk.tell(subscription, episode=f"told-{number}")
    desk.quiet.silence(ALL, author="Ada", reason="works", begins=MONDAY + 0.5 * HOUR, lasting=2 * HOUR)
    desk.hour = 0.5
    for number in range(EPISODES):
        desk.tell(subscription, episode=f"silenced-{number}")

    kills = 0
    for hour in (1.5, 2.5, 3.5):
        arguments = desk.store.url, str(MONDAY + timedelta(hours=hour))
        kills += kill_again_and_again(WORKER, arguments, (0.05, 0.15, 0.3, 60))

    with desk.store.reading() as connection:
        told = connection.execute(select(ALERTS.c.episode, ALERTS.c.reminder)).all()
        pushes = connection.execute(select(func.count()).select_from(OUTBOX)).scalar_one()
        pushed = connection.execute(select(func.count(OUTBOX.c.alert_sequence.distinct()))).scalar_one()
        silenced = connection.execute(select(func.count()).where(ALERTS.c.silenced.is_not(None))).scalar_one()
    desk.store.dispose()
    assert kills >= 3
    # within the silence nobody is reminded; its end tells all, and an hour later all are reminded
    wanted = {f"{kind}-{number}" for kind in ("told", "silenced") for number in range(EPISODES)}
    for reminder in (Reminder.SILENCE_OVER, Reminder.REPEAT):
        assert Counter(row.episode for row in told if row.reminder == reminder) == Counter(wanted)
    assert (silenced, pushes, pushed) == (EPISODES, len(told) - EPISODES, len(told) - EPISODES)


def test_a_running_service_expires_what_its_subscription_left_open(service):
    """
    From an observation over the acknowledgement by HTTP to the last item of the feed, across a power cut.
    """
    service.insert_sensor("ws", "AirTemperature")
    made = service.subscribe(rule=HEAT, getObservationTemplate=service.template("ws", "AirTemperature"))
    service.insert("ws", "AirTemperature", (1, 31))
    [alert] = service.wait_for_entries(made["feed"], 1)
    episode = f"{service.url}/episodes/{alert.weps_episode}"
    acknowledged = requests.post(f"{episode}/acknowledge", json={"by": "Ada", "for": "PT1S"}, timeout=20)
    service.kill()
    time.sleep(1)
    service.start()
    service.wait_for_entries(made["feed"], 2)
    requests.delete(f"{service.url}/jobs/{made['subscriptionId']}", timeout=20)

    entries = service.wait_for_entries(made["feed"], 3)

    shown = wait_for(lambda: requests.get(episode, timeout=20).json())
    assert acknowledged.status_code == 200
    assert [entry.get("weps_reminder") or entry.weps_status for entry in entries] == [
        "firing",
        "acknowledgement-over",
        "expired",
    ]
    assert (shown["state"], shown["isOpen"], shown["alertCount"]) == ("expired", False, 3)
