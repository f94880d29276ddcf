from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.weps.notify.pages import ALERT_ID, BASE, alert, page_of, posted
from tests.weps.notify.samples import DETECTED, make_alert, make_detection, make_observation
from tests.weps.notify.test_geojson import LAKE
from weps.model import AlertStatus, AlertUse, Language
from weps.notices import Reference
from weps.notify.cap import cap_time, is_message, sender_of, write_cap
from weps.notify.cap_index import write_cap_index

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
EARLIER = (
    Reference("11111111-1111-5111-8111-111111111111", DETECTED - timedelta(hours=2)),
    Reference("22222222-2222-5222-8222-222222222222", DETECTED - timedelta(hours=1)),
)


@pytest.fixture(scope="module")
def schema(shared):
    return etree.XMLSchema(etree.parse(shared / "schemas/oasis/emergency/cap/v1.2/CAP-v1.2.xsd"))


def message(told, references=()):
    return write_cap(told, sender="weps@weps.example.org", references=references, alerts_url=f"{BASE}/alerts")


def text(document, path):
    return etree.fromstring(document).findtext("/".join(f"{CAP}{name}" for name in path.split("/")))


MESSAGES = {
    "fires": (AlertStatus.FIRING, (), "Alert", None, "Immediate"),
    "steps": (AlertStatus.FIRING, EARLIER[:1], "Update", None, "Immediate"),
    "is over": (AlertStatus.RESOLVED, EARLIER, "Update", "AllClear", "Past"),
    "is withdrawn": (AlertStatus.CANCELLED, EARLIER, "Cancel", "None", "Past"),
    "match of a pattern": (AlertStatus.EVENT, (), "Alert", None, "Immediate"),
    "silence": (AlertStatus.NO_DATA, (), "Alert", "Monitor", "Unknown"),
    "source down": (AlertStatus.SOURCE_DOWN, (), "Alert", "Monitor", "Unknown"),
    "source up": (AlertStatus.SOURCE_UP, EARLIER[:1], "Update", "AllClear", "Past"),
    "source silent": (AlertStatus.SOURCE_SILENT, (), "Alert", "Monitor", "Unknown"),
    "source speaks": (AlertStatus.SOURCE_SPEAKS, EARLIER[:1], "Update", "AllClear", "Past"),
    "source changed": (AlertStatus.SOURCE_CHANGED, (), "Alert", "Assess", "Unknown"),
    "rule failed": (AlertStatus.RULE_FAILED, (), "Alert", "Assess", "Unknown"),
}


@pytest.mark.parametrize(("status", "references", "kind", "response", "urgency"), MESSAGES.values(), ids=MESSAGES)
def test_an_episode_is_told_as_emergency_services_tell_it(status, references, kind, response, urgency):
    """
    What begins is an Alert, a change an Update, the end an all-clear; Cancel is for what is withdrawn.
    """
    document = message(alert(status=status), references)

    assert (kind, response, urgency) == (
        text(document, "msgType"),
        text(document, "info/responseType"),
        text(document, "info/urgency"),
    )


@pytest.mark.shared
@pytest.mark.parametrize(("status", "references", "kind", "response", "urgency"), MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("use", AlertUse)
def test_every_message_is_valid(schema, status, references, kind, response, urgency, use):
    """
    The schema of OASIS finds nothing, whatever the status of the alert and of its subscription.
    """
    document = message(alert(status=status, use=use, late=True), references)

    assert schema.validate(etree.fromstring(document)), schema.error_log


@pytest.mark.shared
@pytest.mark.parametrize("status", AlertStatus)
def test_every_status_has_a_valid_message(schema, status):
    """
    Whatever an alert can say of its episode, there is a message for it, and an entry in the index but for what is
    only pending.
    """
    told = alert(status=status)
    page = replace(page_of(told), references={told.id: EARLIER})

    assert schema.validate(etree.fromstring(message(told, EARLIER))), schema.error_log
    assert (status is not AlertStatus.PENDING) == len(feedparser.parse(write_cap_index(page)).entries)


@pytest.mark.parametrize(
    ("status", "references", "expected"),
    [
        (AlertStatus.PENDING, (), False),
        (AlertStatus.FIRING, (), True),
        (AlertStatus.RESOLVED, (), False),
        (AlertStatus.RESOLVED, EARLIER, True),
        (AlertStatus.CANCELLED, (), False),
        (AlertStatus.EXPIRED, (), False),
        (AlertStatus.SOURCE_UP, (), True),
    ],
)
def test_people_are_not_warned_of_what_has_only_begun(status, references, expected):
    """
    Nor told that it is over: where nothing was told before, an end is no message.
    """
    assert expected is is_message(alert(status=status), references)


def test_a_message_references_what_was_told_before_as_it_was_told():
    """
    References are sender, identifier and sent with commas, apart by blanks, the same as in the messages themselves.
    """
    first = message(alert(id=EARLIER[0].id, detected=EARLIER[0].detected))

    document = message(alert(), EARLIER)

    assert (
        "weps@weps.example.org,11111111-1111-5111-8111-111111111111,2016-01-11T02:00:02+00:00 "
        "weps@weps.example.org,22222222-2222-5222-8222-222222222222,2016-01-11T03:00:02+00:00"
    ) == text(document, "references")
    told = ",".join(text(first, name) or "" for name in ("sender", "identifier", "sent"))
    assert told == (text(document, "references") or "").split()[0]
    assert text(first, "references") is None


def test_times_have_whole_seconds_and_never_a_z():
    """
    The standard wants an offset of UTC as +00:00 or -00:00 (clause 3.3.2).
    """
    document = message(alert())

    assert (
        "2016-01-11T04:00:02+00:00",
        "2016-01-11T04:00:02+00:00",
        "2016-01-11T03:55:45+00:00",
        "2016-01-12T04:00:02+00:00",
    ) == (
        text(document, "sent"),
        text(document, "info/effective"),
        text(document, "info/onset"),
        text(document, "info/expires"),
    )


USES = {
    "said so": (AlertUse.ACTUAL, AlertStatus.FIRING, "Actual"),
    "left out": (AlertUse.TEST, AlertStatus.FIRING, "Test"),
    "exercise": (AlertUse.EXERCISE, AlertStatus.FIRING, "Exercise"),
    "trouble of the watching, actual": (AlertUse.ACTUAL, AlertStatus.SOURCE_DOWN, "System"),
    "trouble of the watching, test": (AlertUse.TEST, AlertStatus.SOURCE_DOWN, "Test"),
}


@pytest.mark.parametrize(("use", "status", "expected"), USES.values(), ids=USES)
def test_only_the_owner_makes_an_alert_actual(use, status, expected):
    """
    Nobody is to act on a message whose owner has not said so, nor on a failure inside of this system.
    """
    assert expected == text(message(alert(use=use, status=status)), "status")


AREAS = {
    "point": ({"type": "Point", "coordinates": [144.9646, -37.8195]}, "circle", ["-37.8195,144.9646 0"]),
    "polygon": (LAKE, "polygon", ["51.0,7.0 51.0,8.0 52.0,8.0 51.0,7.0"]),
    "two polygons": (
        {
            "type": "MultiPolygon",
            "coordinates": [
                [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]],
                [[[2.0, 2.0], [3.0, 2.0], [3.0, 3.0], [2.0, 2.0]]],
            ],
        },
        "polygon",
        ["0.0,0.0 0.0,1.0 1.0,1.0 0.0,0.0", "2.0,2.0 2.0,3.0 3.0,3.0 2.0,2.0"],
    ),
    "nowhere": (None, "circle", []),
    "outside of the world": ({"type": "Polygon", "coordinates": [[[0, 0], [999, 0], [0, 99], [0, 0]]]}, "circle", []),
}


@pytest.mark.parametrize(("geometry", "name", "expected"), AREAS.values(), ids=AREAS)
def test_an_area_is_told_latitude_first(geometry, name, expected):
    """
    A point is a circle of no radius, a polygon is closed, and what is not known is left out.
    """
    told = make_alert(detection=make_detection(observation=make_observation(geometry=geometry)))

    info = etree.fromstring(message(told)).find(f"{CAP}info")

    assert "flinders" == info.findtext(f"{CAP}area/{CAP}areaDesc")
    assert expected == [found.text for found in info.iterfind(f"{CAP}area/{CAP}{name}")]


@pytest.mark.parametrize("geometry", [{"type": "LineString", "coordinates": [[7.0, 51.0], [8.0, 52.0]]}], ids=["line"])
def test_a_river_is_told_by_what_encloses_it(geometry):
    """
    CAP knows no lines.
    """
    told = make_alert(detection=make_detection(observation=make_observation(geometry=geometry)))

    found = etree.fromstring(message(told)).findtext(f"{CAP}info/{CAP}area/{CAP}polygon")

    assert {"51.0,7.0", "52.0,7.0", "52.0,8.0", "51.0,8.0"} == set(found.split())


def test_what_is_known_stands_in_parameters_and_resources():
    """
    Programs of other makers read values by name, and find the observations.
    """
    root = etree.fromstring(message(alert(language=Language.FRENCH)))

    info = root.find(f"{CAP}info")
    names = [found.findtext(f"{CAP}valueName") for found in info.iterfind(f"{CAP}parameter")]
    values = [found.findtext(f"{CAP}value") for found in info.iterfind(f"{CAP}parameter")]
    told = dict(zip(names, values, strict=True))
    assert ("612", "1", "greaterThan", "500") == (told["value"], told["uom"], told["condition"], told["threshold"])
    assert ("fr", "crowded", "Moderate", "Observed") == tuple(
        info.findtext(f"{CAP}{name}") for name in ("language", "event", "severity", "certainty")
    )
    assert "http://sos.example.org/sos?service=SOS&request=GetObservation" == info.findtext(f"{CAP}resource/{CAP}uri")
    assert (f"{BASE}/alerts/{ALERT_ID}", ALERT_ID) == (info.findtext(f"{CAP}web"), root.findtext(f"{CAP}incidents"))


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("https://alerts.example.org:8443/weps", "weps@alerts.example.org"),
        ("http://127.0.0.1:8080", "weps@127.0.0.1"),
        ("nonsense", "weps@localhost"),
    ],
    ids=["host", "address", "none"],
)
def test_a_sender_has_no_characters_that_references_part_at(url, sender):
    """
    Neither blanks nor commas nor markup stand in it (clause 3.2.1).
    """
    assert sender == sender_of(url)


@pytest.mark.shared
@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_any_text_gives_a_valid_message(schema, text):
    """
    Whatever strangers write into names, titles and texts, the message is valid.
    """
    told = alert(title=text, text=text, rule_name=text, pattern=text or "p", value=text, procedure=text)

    assert schema.validate(etree.fromstring(message(told, EARLIER))), schema.error_log


def test_the_index_leads_to_the_messages():
    """
    An Atom reader finds each message with its type; posted items are no messages and are not in it.
    """
    told = alert(status=AlertStatus.RESOLVED)

    parsed = feedparser.parse(write_cap_index(page_of(told, posted(), references={ALERT_ID: EARLIER})))

    (entry,) = parsed.entries
    assert (f"{BASE}/alerts/{ALERT_ID}.cap", "application/cap+xml") == (entry.links[0].href, entry.links[0].type)
    assert ("Update", "Test", "Past", "Moderate", "flinders", cap_time(DETECTED)) == (
        entry.cap_msgtype,
        entry.cap_status,
        entry.cap_urgency,
        entry.cap_severity,
        entry.cap_areadesc,
        entry.cap_sent,
    )
    assert "-37.8195,144.9646 0" == entry.cap_circle
