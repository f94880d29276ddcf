"""Inhibitions over HTTP."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette

from tests.weps.asgi import Answer, Client
from tests.weps.notify.stores import open_store
from weps.web.inhibitions import create_inhibition_routes

WISH = {
    "author": "Ada",
    "reason": "one is enough",
    "source": {"severity": "Severe", "status": ["firing"]},
    "target": {"severity": ["Minor", "Moderate"], "bbox": [144, -38, 146, -37]},
    "equal": ["featureOfInterest", "procedure"],
}


class Office:
    """A store with an HTTP face."""

    def __init__(self, folder) -> None:
        self.store = open_store(folder)
        self.client = Client(Starlette(routes=create_inhibition_routes(self.store)))

    def ask(self, method: str, url: str, body: object = None, kind: str = "application/json") -> Answer:
        return self.client.ask(method, url, *([] if body is None else [json.dumps(body).encode()]), content_type=kind)

    def get(self, url: str) -> dict:
        return json.loads(self.ask("GET", url).body)


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path)
    yield made
    made.store.dispose()


def test_an_inhibition_is_made_shown_and_ended(office):
    """
    With what mutes, what is muted and what has to be the same; one that is over is shown only on demand.
    """
    made = office.ask("POST", "/inhibitions", WISH)
    inhibition = json.loads(made.body)
    shown, listed = office.get(f"/inhibitions/{inhibition['id']}"), office.get("/inhibitions")

    ended = json.loads(office.ask("POST", f"/inhibitions/{inhibition['id']}/end").body)

    assert (made.status, made.headers["location"]) == (201, f"/inhibitions/{inhibition['id']}")
    assert (shown, listed) == (inhibition, {"inhibitions": [inhibition]})
    assert inhibition["source"] == {"severity": ["Severe"], "status": ["firing"]}
    assert inhibition["target"] == {"severity": ["Minor", "Moderate"], "bbox": [144, -38, 146, -37]}
    assert (inhibition["equal"], inhibition["holds"]) == (["procedure", "featureOfInterest"], True)
    assert ("ends" in inhibition, "ends" in ended, ended["holds"]) == (False, True, False)
    assert office.get("/inhibitions") == {"inhibitions": []}
    assert [each["id"] for each in office.get("/inhibitions?all=true&limit=1")["inhibitions"]] == [inhibition["id"]]


REFUSED = {
    "no source": (WISH | {"source": None}, "source: is an object with one or more of subscription"),
    "an empty source": (WISH | {"source": {}}, "source: say which alerts are meant"),
    "an empty target": (WISH | {"target": {"severity": []}}, "target: say which alerts are meant"),
    "no object": (WISH | {"target": "all"}, "target: is an object"),
    "unknown member": (WISH | {"target": {"colour": "red"}}, "target: there is no member 'colour'"),
    "no severity": (WISH | {"target": {"severity": "loud"}}, "target.severity: 'loud' is none of"),
    "no area": (WISH | {"source": {"bbox": "here"}}, "bbox is west,south,east,north"),
    "a state that is over": (WISH | {"source": {"status": "resolved"}}, "source: resolved mutes nothing"),
    "unknown equal": (WISH | {"equal": "colour"}, "equal: 'colour' is none of"),
    "nobody": (WISH | {"author": " "}, "author: say who you are"),
    "no reason": (WISH | {"reason": ""}, "reason: say why"),
    "over already": (WISH | {"ends": "2001-01-01T00:00:00Z"}, "ends: must lie ahead"),
}


@pytest.mark.parametrize(("body", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(office, body, said):
    """
    With a sentence that says what is wrong and where; nothing is kept.
    """
    answer = office.ask("POST", "/inhibitions", body)

    assert (answer.status, said in answer.text) == (400, True), answer.text
    assert office.get("/inhibitions?all=true") == {"inhibitions": []}


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/inhibitions/nobody", 404),
        ("POST", "/inhibitions/nobody/end", 404),
        ("GET", "/inhibitions?limit=many", 400),
        ("GET", "/inhibitions?colour=red", 400),
    ],
)
def test_what_is_not_there_is_told(office, method, url, status):
    """
    By its status.
    """
    assert office.ask(method, url).status == status


def test_forms_of_browsers_are_not_taken(office):
    """
    A page elsewhere can make a browser send a form, which must do nothing here.
    """
    answer = office.ask("POST", "/inhibitions", WISH, kind="text/plain")

    assert (answer.status, office.get("/inhibitions")) == (415, {"inhibitions": []})
