"""The message that a new target gets first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.weps.notify.samples import make_subscription
from weps.delivery.introduction import compose_introduction, introduce
from weps.errors import DeliveryError
from weps.ledger import Receipt
from weps.model import AlertUse, Language, Target

NOW = datetime(2016, 1, 11, 5, tzinfo=UTC)
HOOK = Target("webhook", "https://example.org/hook")
WORDS = {
    Language.ENGLISH: (
        "Test: Flinders {Street}",
        "Alerts of the subscription s-1 (Flinders {Street}) will come here. Nothing has happened.",
    ),
    Language.GERMAN: (
        "Test: Flinders {Street}",
        "Hier kommen die Meldungen des Abonnements s-1 (Flinders {Street}) an. Es ist nichts geschehen.",
    ),
    Language.FRENCH: (
        "Essai : Flinders {Street}",
        "Les alertes de l'abonnement s-1 (Flinders {Street}) arriveront ici. Il ne s'est rien passé.",
    ),
    Language.SPANISH: (
        "Prueba: Flinders {Street}",
        "Aquí llegarán las alertas de la suscripción s-1 (Flinders {Street}). No ha ocurrido nada.",
    ),
    Language.ITALIAN: (
        "Prova: Flinders {Street}",
        "Qui arriveranno gli avvisi dell'abbonamento s-1 (Flinders {Street}). Non è successo nulla.",
    ),
}


@pytest.mark.parametrize("language", Language)
def test_it_speaks_the_language_of_the_subscription(language):
    """
    As its alerts will; braces in a title are nothing but braces.
    """
    subscription = make_subscription(title="Flinders {Street}", language=language)

    message = compose_introduction(subscription, HOOK, NOW)

    assert (message.title, message.text) == WORDS[language]
    assert (message.language, message.use, message.pattern) == (language, AlertUse.TEST, "test")


def test_one_that_fails_is_told_and_the_others_go_on():
    """
    What went wrong stands beside its target; a data store for notifications, which keeps everything, gets none.
    """

    class Peer:
        def check(self, address):
            pass

        def send(self, alert, address):
            if "broken" in address:
                raise DeliveryError("the webhook answered with HTTP status 500")
            return Receipt(204)

    broken, store = Target("webhook", "https://example.org/broken"), Target("insert-rss", "https://example.org/")

    found = introduce({"webhook": Peer(), "insert-rss": Peer()}, make_subscription(), (HOOK, broken, store), NOW)

    assert [(each.target, each.error, each.was_sent) for each in found] == [
        (HOOK, None, True),
        (broken, "the webhook answered with HTTP status 500", True),
        (store, None, False),
    ]
