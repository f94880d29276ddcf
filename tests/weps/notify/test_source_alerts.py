"""What is told of sources: silent, speaking again, changed; in every language, and without keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.weps.notify.samples import make_subscription
from weps.model import AlertStatus, Language, Source, SourceChange
from weps.notify.message import compose_source_alert
from weps.notify.page import subscription_page

DETECTED = datetime(2016, 1, 11, 4, tzinfo=UTC)
CHANGES = (
    SourceChange("procedure", "urn:gauge:1"),
    SourceChange("observedProperty", "urn:level", "urn:waterLevel"),
    SourceChange("offering", "rivers"),
)


def tell(status: AlertStatus, subscription=None, **members):
    return compose_source_alert(
        subscription or make_subscription(),
        id="a",
        episode="a",
        status=status,
        rule_name="crowded",
        detected=DETECTED,
        last_success=None,
        **{"error": None, **members},
    )


def test_a_source_that_has_nothing_new_is_told_apart_from_one_that_is_down():
    """
    The alert says that the source answers, and since when nothing came.
    """
    alert = tell(AlertStatus.SOURCE_SILENT, error="nothing new since 2016-01-11T03:00:00Z")

    assert alert.title == "Source silent: Flinders Street: nothing new comes from http://sos.example.org/sos"
    assert "Reason: nothing new since 2016-01-11T03:00:00Z" in alert.text
    assert "it answers, but has had nothing new for much longer than usual" in alert.text


def test_a_source_that_speaks_again_is_told_without_a_reason():
    """
    Good news need no explanation.
    """
    alert = tell(AlertStatus.SOURCE_SPEAKS, error="nothing new since 2016-01-11T03:00:00Z")

    assert alert.title == (
        "Source speaks again: Flinders Street: observations come from http://sos.example.org/sos again"
    )
    assert "Reason" not in alert.text


def test_each_change_of_a_source_is_told_by_name():
    """
    What is gone is told, and what has another name with that name.
    """
    alert = tell(AlertStatus.SOURCE_CHANGED, changes=CHANGES)

    assert "Procedure: urn:gauge:1 (not announced any more)" in alert.text
    assert "Observed property: urn:level (now announced as urn:waterLevel)" in alert.text
    assert "Offering: rivers (not announced any more)" in alert.text


SENTENCES = {
    Language.GERMAN: ("Quelle verändert: ", "Messverfahren: urn:gauge:1 (nicht mehr angekündigt)"),
    Language.FRENCH: ("Source modifiée : ", "urn:gauge:1 (n'est plus annoncé)"),
    Language.SPANISH: ("Fuente modificada: ", "urn:gauge:1 (ya no se anuncia)"),
    Language.ITALIAN: ("Fonte modificata: ", "urn:gauge:1 (non più annunciato)"),
}


@pytest.mark.parametrize(("language", "words"), SENTENCES.items(), ids=SENTENCES)
def test_changes_are_told_in_the_language_of_the_subscription(language, words):
    """
    Title and facts are in one language.
    """
    alert = tell(AlertStatus.SOURCE_CHANGED, make_subscription(language=language), changes=CHANGES)

    assert alert.title.startswith(words[0])
    assert words[1] in alert.text


def keyed():
    source = Source("pox", "https://user:pass@sos.example.org/sos?api_key=S3CRET", "<GetObservation/>")
    return replace(make_subscription(), source=source)


@pytest.mark.parametrize(
    "status", [status for status in AlertStatus if status.name.startswith("SOURCE_")], ids=lambda status: status.value
)
def test_no_alert_about_a_source_tells_the_key_in_its_address(status):
    """
    Keys stand in queries and before the host: neither is shown to readers of a feed.
    """
    alert = tell(status, keyed())

    assert "https://sos.example.org/sos" in alert.title
    assert [secret in alert.title + alert.text for secret in ("S3CRET", "api_key", "pass@")] == [False] * 3


def test_the_description_of_a_feed_does_not_tell_the_key_in_the_address_of_its_source():
    """
    Whoever has the address of a feed must not get the key of the sensor's owner with it.
    """
    page = subscription_page(keyed(), (), alternate_url="https://weps.example.org/", alerts_url=None)

    assert page.description.endswith("observed at https://sos.example.org/sos")


def test_the_reason_of_a_source_that_is_down_does_not_tell_the_key_that_was_asked_with():
    """
    Servers repeat in their errors what they were asked.
    """
    error = "no such offering: https://u:pass@sos.example.org/sos?offering=x&api_key=S3CRET"

    alert = tell(AlertStatus.SOURCE_DOWN, error=error)

    assert "Reason: no such offering: https://sos.example.org/sos\n" in alert.text
