"""Episodes and silences over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from starlette.applications import Starlette

from tests.weps.asgi import Answer, Client
from tests.weps.handling.desk import Desk
from tests.weps.notify.stores import open_store
from weps.model import AlertStatus
from weps.web.episodes import create_episode_routes
from weps.web.silences import create_silence_routes


class Office(Desk):
    """A desk with an HTTP face; its time is that on the wall, as that of the face is."""

    def ask(self, method: str, url: str, body: object = None, kind: str = "application/json") -> Answer:
        client = Client(Starlette(routes=[*create_episode_routes(self.store), *create_silence_routes(self.store)]))
        chunk = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.ask(method, url, *([] if body is None else [chunk]), content_type=kind)

    def get(self, url: str) -> dict:
        return json.loads(self.ask("GET", url).body)


@pytest.fixture
def office(tmp_path):
    made = Office(open_store(tmp_path))
    yield made
    made.store.dispose()


def test_what_people_do_is_shown_with_the_episode(office):
    """
    Acknowledged, assigned, commented and cancelled, with its alerts and who did what.
    """
    office.tell(office.subscribe())
    office.ask("POST", "/episodes/e-1/acknowledge", {"by": "Ada", "for": "PT1H", "text": "on my way"})
    office.ask("POST", "/episodes/e-1/assign", {"by": "Ada", "to": "Bob"})
    office.ask("POST", "/episodes/e-1/comment", {"by": "Bob", "text": "a loose wire"})
    answer = office.ask("POST", "/episodes/e-1/cancel", {"by": "Bob", "reason": "no fire"})

    shown = office.get("/episodes/e-1")

    assert (answer.status, json.loads(answer.body)) == (200, shown)
    assert (shown["state"], shown["isOpen"], shown["assignee"]) == ("cancelled", False, "Bob")
    assert [alert["status"] for alert in shown["alerts"]] == ["firing", "cancelled"]
    assert [(note["by"], note["action"], note.get("text")) for note in shown["notes"]] == [
        ("Ada", "acknowledge", "on my way"),
        ("Ada", "assign", "to Bob"),
        ("Bob", "comment", "a loose wire"),
        ("Bob", "cancel", "no fire"),
    ]


def test_what_was_told_again_a_hundred_times_still_says_what_it_is(office):
    """
    Its latest alerts are shown, and the title of the one that changed it last, as in the list.
    """
    subscription = office.subscribe(repeat=timedelta(minutes=1))
    office.tell(subscription)
    office.run(*(minute / 60 for minute in range(1, 111)))

    shown = office.get("/episodes/e-1")

    [listed] = office.get("/episodes")["episodes"]
    assert (len(shown["alerts"]), {alert["reminder"] for alert in shown["alerts"]}) == (100, {"repeat"})
    assert {name: shown[name] for name in listed} == listed
    assert (listed["title"].partition(":")[0], listed["alertCount"]) == ("crowded", 111)


def test_the_list_is_paged_and_narrowed(office):
    """
    `next` leads on until everything was given.
    """
    subscription = office.subscribe()
    for name in "abc":
        office.tell(subscription, episode=name)
    office.tell(subscription, AlertStatus.RESOLVED, "b")

    first = office.get("/episodes?limit=2")
    second = office.get(first["next"])

    assert [each["id"] for each in first["episodes"] + second["episodes"]] == ["c", "b", "a"]
    assert "next" not in second
    assert [each["id"] for each in office.get("/episodes?open=true&acknowledged=false")["episodes"]] == ["c", "a"]
    assert [each["title"] for each in office.get("/episodes?state=resolved")["episodes"]] == [
        "Resolved: crowded: PeopleCount at flinders 612 is no longer greater than 500"
    ]


def test_a_silence_is_made_shown_and_ended(office):
    """
    With what is meant and when; one that is over is shown only on demand.
    """
    weekly = {"days": ["Mon", "Tue"], "from": "22:00", "until": "06:00", "timeZone": "Europe/Berlin"}
    wish = {"author": "Ada", "reason": "nights", "severity": "Minor,Severe", "procedure": ["p"], "weekly": weekly}
    made = office.ask("POST", "/silences", wish | {"bbox": [144, -38, 146, -37]})
    silence = json.loads(made.body)

    listed = office.get("/silences")["silences"]
    ended = json.loads(office.ask("POST", f"/silences/{silence['id']}/end").body)

    assert (made.status, made.headers["location"]) == (201, f"/silences/{silence['id']}")
    assert [each["id"] for each in listed] == [silence["id"]]
    assert (silence["weekly"], silence["severity"], silence["bbox"]) == (
        weekly,
        ["Minor", "Severe"],
        [144, -38, 146, -37],
    )
    assert "ends" in ended
    assert office.get("/silences") == {"silences": []}
    assert [each["id"] for each in office.get("/silences?all=true")["silences"]] == [silence["id"]]


ACT, SILENCES = "/episodes/e-1/acknowledge", "/silences"
WISH = {"author": "Ada", "reason": "works", "severity": "Minor", "for": "PT1H"}
REFUSED = {
    "no episode": ("GET", "/episodes/nobody", None, 404, "there is no episode"),
    "nothing to act on": ("POST", "/episodes/nobody/comment", {"by": "A", "text": "x"}, 404, "there is no episode"),
    "over": ("POST", "/episodes/over/acknowledge", {"by": "Ada"}, 409, "over: it is resolved"),
    "nobody": ("POST", ACT, {}, 400, "by: is missing"),
    "no text": ("POST", ACT, {"by": 7}, 400, "by: is no text"),
    "no instant": ("POST", ACT, {"by": "Ada", "until": "soon"}, 400, "until: is an instant"),
    "no duration": ("POST", ACT, {"by": "Ada", "for": "long"}, 400, "for: "),
    "unknown member": ("POST", ACT, {"by": "Ada", "whom": "x"}, 400, "no member 'whom'"),
    "no JSON": ("POST", ACT, b"{", 400, "is no JSON"),
    "no object": ("POST", ACT, [1], 400, "no JSON object"),
    "too large": ("POST", ACT, b" " * 70_000, 413, "larger"),
    "unknown parameter": ("GET", "/episodes?colour=red", None, 400, "no parameter 'colour'"),
    "unknown state": ("GET", "/episodes?state=lost", None, 400, "is none of event, pending"),
    "behind nobody": ("GET", "/episodes?after=nobody", None, 400, "there is no episode"),
    "no number": ("GET", "/episodes?limit=many", None, 400, "from 1 to 500"),
    "no truth": ("GET", "/episodes?open=maybe", None, 400, "true or false"),
    "everything": ("POST", SILENCES, {"author": "A", "reason": "r", "for": "PT1H"}, 400, "which alerts are meant"),
    "no area": ("POST", SILENCES, WISH | {"bbox": "here"}, 400, "bbox is west,south,east,north"),
    "no week": ("POST", SILENCES, WISH | {"weekly": "nights"}, 400, "weekly: is an object"),
    "no day": ("POST", SILENCES, WISH | {"weekly": {"days": "Xmas", "from": "1", "until": "2"}}, 400, "days: 'Xmas'"),
    "no severity": ("POST", SILENCES, WISH | {"severity": "loud"}, 400, "is none of Extreme"),
    "no silence": ("GET", "/silences/nobody", None, 404, "there is no silence"),
    "no silence to end": ("POST", "/silences/nobody/end", None, 404, "there is no silence"),
}


@pytest.mark.parametrize(("method", "url", "body", "status", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(office, method, url, body, status, said):
    """
    With a status and a sentence; nothing is changed.
    """
    subscription = office.subscribe()
    office.tell(subscription)
    office.tell(subscription, episode="over")
    office.tell(subscription, AlertStatus.RESOLVED, "over")

    answer = office.ask(method, url, body)

    assert (answer.status, said in answer.text) == (status, True), answer.text
    assert office.get("/episodes/e-1")["notes"] == []
    assert office.get("/silences?all=true") == {"silences": []}


def test_forms_of_browsers_are_not_taken(office):
    """
    A page elsewhere can make a browser send a form, which must do nothing here.
    """
    office.tell(office.subscribe())

    answer = office.ask("POST", ACT, {"by": "Ada"}, kind="text/plain")

    assert (answer.status, office.get("/episodes/e-1")["notes"]) == (415, [])
