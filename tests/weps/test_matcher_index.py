"""Finding what matches an alert among many."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.notify.samples import make_alert
from weps.matcher_index import index_matchers
from weps.matching import Matcher
from weps.model import Severity
from weps.notices import Box

NAMES = st.sampled_from(["a", "b", "c"])
SOME = st.lists(NAMES, max_size=3).map(tuple)
MATCHERS = st.builds(
    Matcher,
    subscriptions=SOME,
    procedures=SOME,
    observed_properties=SOME,
    features_of_interest=SOME,
    severities=st.lists(st.sampled_from(Severity), max_size=2).map(tuple),
    box=st.sampled_from([None, Box(140, -40, 150, -30), Box(0, 0, 1, 1)]),
)
ALERTS = st.builds(
    lambda subscription, procedure, observed_property, feature, severity: make_alert(
        subscription_id=subscription,
        procedure=procedure,
        observed_property=observed_property,
        feature_of_interest=feature,
        severity=severity,
    ),
    NAMES,
    NAMES,
    st.none() | NAMES,
    NAMES,
    st.sampled_from(Severity),
)


@given(st.lists(MATCHERS, max_size=12), ALERTS)
@settings(max_examples=300)
def test_the_index_finds_what_asking_all_of_them_in_turn_finds(matchers, alert):
    """
    The first that means the alert, or nothing.
    """
    index = index_matchers((matcher, number) for number, matcher in enumerate(matchers))

    found = index.first(alert)

    assert found == next((number for number, matcher in enumerate(matchers) if matcher.matches(alert)), None)


def test_only_what_may_mean_an_alert_is_asked():
    """
    Of many that name other sensors none is asked.
    """
    asked = []

    class Asked(Matcher):
        def matches(self, alert, state=None):
            asked.append(self.procedures)
            return super().matches(alert)

    others = [Asked(procedures=(f"http://sensors.example.org/{number}",)) for number in range(100)]
    mine = Asked(procedures=("http://sensors.example.org/PedestrianCounting1",))

    found = index_matchers([(matcher, matcher.procedures) for matcher in (*others, mine)]).first(make_alert())

    assert found == mine.procedures
    assert asked == [mine.procedures]
