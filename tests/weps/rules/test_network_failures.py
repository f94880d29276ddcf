"""A rule that fails is taken out of the network and told of; the others give what they would give without it."""

from __future__ import annotations

import pytest

from tests.weps.rules.making import compiled, level, minute, threshold
from tests.weps.rules.test_network import Counting
from weps.errors import Fault, RuleError
from weps.rules.network import Failure, Network


class Failing(Counting):
    """A foreign rule that fails at one of its methods, the second time it is called."""

    def __init__(self, method, error):
        self.calls = 0
        plain = getattr(self, method)

        def fail(*given):
            self.calls += 1
            if self.calls == 2:
                raise error
            return plain(*given)

        setattr(self, method, fail)


@pytest.mark.parametrize("method", ["correlation_key", "step", "tick", "dump"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [(RuleError((Fault(0, "the window is full"),)), "the window is full"), (ZeroDivisionError(), "ZeroDivisionError")],
    ids=["known", "unexpected"],
)
def test_rule_that_fails_is_taken_out(method, error, reason):
    """
    Whatever it fails at: the others are shown all, and the reason is handed out once.
    """
    network = Network()
    network.add("before", compiled(threshold()), {}, minute(0))
    network.add("failing", Failing(method, error), {}, minute(0))
    network.add("after", compiled(threshold(consecutive=2)), {}, minute(0))

    found = []
    for number, value in enumerate((3, 3, 1, 1)):
        found += network.step([level(number, value)]) + network.tick(minute(number))
        network.take_changes()
    failures = network.take_failures()

    assert [("before", 0), ("after", 1), ("before", 2), ("after", 2)] == [
        (one.subscription_id, (one.detection.time - minute(0)).seconds // 60)
        for one in found
        if one.subscription_id != "failing"
    ]
    assert [("failing", True)] == [(one.subscription_id, reason in one.reason) for one in failures]
    assert ([], False) == (network.take_failures(), "failing" in network)


def test_rule_whose_state_does_not_fit_is_not_taken_in():
    """
    It is a failure like any other, and changes nothing.
    """
    network = Network()

    network.add("s", compiled(threshold(consecutive=2)), {"": {"version": 99}}, minute(0))

    assert (0, ["s"]) == (len(network), [one.subscription_id for one in network.take_failures()])


def test_failure_says_why():
    """
    The words of an error that was raised on purpose are those for people.
    """
    network = Network()
    network.fail("s", RuleError((Fault(0, "too long"),)))

    assert [Failure("s", "too long")] == network.take_failures()


def test_rule_that_fails_ends_all_who_share_it():
    """
    Subscriptions with the same rule are stepped as one; each is told that it cannot go on.
    """
    network, rule = Network(), Failing("step", RuleError((Fault(0, "too much"),)))
    for name in ("a", "b"):
        network.add(name, rule, {}, minute(0))
    network.add("other", compiled(threshold(consecutive=1, condition="notEqual")), {}, minute(0))

    found = network.step([level(0, 3), level(1, 3)])

    assert ["a", "b", "other"] == [one.subscription_id for one in found]
    assert [Failure("a", "too much"), Failure("b", "too much")] == network.take_failures()
    assert ["other"] == [name for name in ("a", "b", "other") if name in network]


def test_observation_that_no_rule_of_a_family_can_take_fails_these_only():
    """
    A place that is none breaks the rules that ask for the place; those that do not go on.
    """
    network, of = Network(), {"function": "mean", "window": "PT10M"}
    for number in range(2):
        rule = threshold(of=of, threshold=number, area={"bbox": [0, 0, 1, 1]})
        network.add(f"area{number}", compiled(rule), {}, minute(0))
        network.add(f"any{number}", compiled(threshold(of=of, threshold=number)), {}, minute(0))

    found = network.step([level(0, 3, geometry={"type": "Point", "coordinates": [7]})])

    assert ["any0", "any1"] == [one.subscription_id for one in found]
    assert ["area0", "area1"] == [one.subscription_id for one in network.take_failures()]
