from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.notify.samples import DETECTED, make_alert, make_detection, make_observation, make_subscription
from weps.errors import InputError
from weps.model import AlertStatus, Comparison, Detection, Language, Severity
from weps.notify.languages import PHRASES
from weps.notify.message import TEXT_LIMIT, TITLE_LIMIT, compose_failure_alert, compose_source_alert
from weps.notify.telling import FIELDS, check_templates

WARM = make_detection(
    value=36.5,
    observation=make_observation(value=36.5, uom="Cel", observed_property="Heat"),
    comparison=Comparison("greaterThan", (35.5,), "Cel"),
)
TITLES = {
    Language.ENGLISH: "Resolved: Flinders Street: Heat at flinders 36.5 °C is no longer greater than 35.5 °C",
    Language.GERMAN: "Entwarnung: Flinders Street: Heat bei flinders 36,5 °C ist nicht mehr größer als 35,5 °C",
    Language.FRENCH: "Fin d'alerte : Flinders Street : Heat à flinders 36,5 °C n'est plus supérieur à 35,5 °C",
    Language.SPANISH: "Fin de la alerta: Flinders Street: Heat en flinders 36,5 °C ya no es mayor que 35,5 °C",
    Language.ITALIAN: "Cessato allarme: Flinders Street: Heat a flinders 36,5 °C non è più maggiore di 35,5 °C",
}


@pytest.mark.parametrize("language", Language)
def test_an_alert_is_told_in_the_language_of_its_subscription(language):
    """
    Words, decimal marks and units are those of the language; what programs read stays as it is.
    """
    told = make_alert(detection=WARM, status=AlertStatus.RESOLVED, subscription=make_subscription(language=language))

    assert (TITLES[language], language) == (told.title, told.language)
    assert (36.5, "Cel", AlertStatus.RESOLVED) == (told.value, told.uom, told.status)


TIMES = {
    Language.ENGLISH: "Phenomenon time: 2016-01-11T03:55:45.014Z",
    Language.GERMAN: "Zeit der Beobachtung: 11.01.2016 03:55:45,014 UTC",
    Language.FRENCH: "Heure du phénomène : 11/01/2016 03:55:45,014 UTC",
    Language.SPANISH: "Hora del fenómeno: 11/01/2016 03:55:45,014 UTC",
    Language.ITALIAN: "Ora del fenomeno: 11/01/2016 03:55:45,014 UTC",
}


@pytest.mark.parametrize("language", Language)
def test_times_are_written_as_is_usual_in_a_language(language):
    """
    They stay in UTC and say so.
    """
    told = make_alert(subscription=make_subscription(language=language))

    assert TIMES[language] in told.text.splitlines()


@pytest.mark.parametrize("language", Language)
def test_every_status_severity_and_condition_has_words_in_every_language(language):
    """
    Nothing that can happen is told in another language than the rest.
    """
    say = PHRASES[language]

    english = PHRASES[Language.ENGLISH]
    assert (set(AlertStatus), set(AlertStatus), set(Severity), set(english.conditions)) == (
        set(say.prefixes),
        set(say.statuses),
        set(say.severities),
        set(say.conditions),
    )


@pytest.mark.parametrize("language", Language)
def test_phrases_hold_as_many_places_as_there_are_things_to_put_there(language):
    """
    A translation with a place too many or too few would break an alert, or leave out what it tells.
    """
    say, english = PHRASES[language], PHRASES[Language.ENGLISH]
    names = [name for name in english.__slots__ if isinstance(getattr(english, name), str)]

    assert {name: getattr(english, name).count("{}") for name in names} == {
        name: getattr(say, name).count("{}") for name in names
    }


def test_silence_trouble_and_failure_are_told_in_the_language_too():
    """
    What is about the watching itself is read by the same people.
    """
    subscription = make_subscription(language=Language.GERMAN)
    silence = Detection(time=DETECTED, pattern="t", comparison=Comparison("noData", (90_000.0,), "s"))

    silent = make_alert(detection=silence, status=AlertStatus.NO_DATA, subscription=subscription)
    down = compose_source_alert(
        subscription,
        id="a",
        episode="a",
        status=AlertStatus.SOURCE_DOWN,
        rule_name="",
        detected=DETECTED,
        last_success=DETECTED,
        error="keine Antwort",
    )
    failed = compose_failure_alert(subscription, id="a", rule_name="", detected=DETECTED, reason="x")

    assert "Keine Daten: Flinders Street: keine Beobachtung seit mehr als 1 Tag, 1:00:00" == silent.title
    assert "Quelle ausgefallen: Flinders Street: http://sos.example.org/sos ist nicht lesbar" == down.title
    assert "Zuletzt gelesen: 11.01.2016 04:00:02 UTC" in down.text
    assert "Regel gescheitert: Flinders Street: die Regel kann nicht weiterlaufen, ihr Abonnement ist beendet" == (
        failed.title
    )


TEMPLATES = {
    "value": ("{title}: {value} {uom}", "Flinders Street: 36.5 °C"),
    "threshold": ("{condition} {threshold}", "greater than 35.5 °C"),
    "names": ("{observedProperty}/{feature}/{procedure}", "Heat/flinders/PedestrianCounting1"),
    "rule": ("{name} {severity} {status} {event} {pattern}", "crowded Moderate firing firing threshold"),
    "time and place": ("{time} {latitude} {longitude}", "2016-01-11T03:55:45.014Z -37.8195 144.9646"),
    "the sentence": ("! {message}", "! Heat at flinders 36.5 °C is greater than 35.5 °C"),
    "braces": ("{{{value}}}", "{36.5}"),
    "plain": ("Heat", "Heat"),
}


@pytest.mark.parametrize(("template", "title"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_title_follows_the_template_of_the_owner(template, title):
    """
    Names in braces are filled with what is known, as people write it.
    """
    told = make_alert(detection=WARM, subscription=make_subscription(title_template=template))

    assert title == told.title


def test_a_text_follows_the_template_of_the_owner_line_by_line():
    """
    The sentence and the facts that stand there otherwise can be put into it.
    """
    subscription = make_subscription(message_template="Warning!\n{message}\n--\n{facts}", language=Language.GERMAN)

    lines = make_alert(detection=WARM, subscription=subscription).text.splitlines()

    sentence = "Heat bei flinders 36,5 °C ist größer als 35,5 °C"
    assert ["Warning!", sentence, "--", "Regel: crowded, Version 3"] == lines[:4]


@pytest.mark.parametrize(
    ("template", "title"),
    [("{value}", "Resolved: 36.5"), ("{status}: {value}", "resolved: 36.5")],
    ids=["not told", "told"],
)
def test_what_is_over_is_never_told_as_if_it_went_on(template, title):
    """
    A template that does not tell the status gets it put before.
    """
    told = make_alert(
        detection=WARM, status=AlertStatus.RESOLVED, subscription=make_subscription(title_template=template)
    )

    assert title == told.title


def test_what_is_not_known_is_empty_and_an_empty_title_is_the_usual_one():
    """
    A timer has no value; a title without a word would be none.
    """
    timer = Detection(time=datetime(2016, 1, 11, 4, tzinfo=UTC), pattern="every_hour")

    some = make_alert(detection=timer, subscription=make_subscription(title_template="[{value}{feature}]"))
    none = make_alert(detection=timer, subscription=make_subscription(title_template="{value}{feature}"))

    assert ("[]", "Flinders Street: every_hour") == (some.title, none.title)


FAULTS = {
    "unknown name": ("{speed}", "{speed}, which is no field; use only the names condition, detectionTime"),
    "attribute": ("{value.__class__}", "no field"),
    "index": ("{value[0]}", "no field"),
    "layout": ("{value:>1000000}", "no field"),
    "conversion": ("{value!r}", "no field"),
    "number": ("{0}", "no field"),
    "no name": ("{}", "no field"),
    "single brace": ("{value", "single brace"),
    "too long": ("x" * 4_001, "longer than 4000"),
}


@pytest.mark.parametrize(("template", "told"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("where", ["titleTemplate", "messageTemplate"])
def test_a_template_that_is_more_than_names_is_refused(template, told, where):
    """
    Nothing of it is run, and the fault names what is known.
    """
    templates = (template, None) if where == "titleTemplate" else (None, template)

    with pytest.raises(InputError) as refusal:
        check_templates(*templates)

    assert (where, True) == (refusal.value.where, told in refusal.value.message)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([*(f"{{{field}}}" for field in FIELDS), "{{", "}}", "<b>", " "]), max_size=12))
def test_any_template_that_is_taken_gives_an_alert(parts):
    """
    Values are filled in once: braces in what strangers wrote are text.
    """
    template = "".join(parts)
    check_templates(template, template)
    subscription = make_subscription(title_template=template, message_template=template, title="{value}{{")

    told = make_alert(detection=make_detection(message="{facts}" * 1_000), subscription=subscription)

    assert 0 < len(told.title) <= TITLE_LIMIT
    assert 0 < len(told.text) <= TEXT_LIMIT
