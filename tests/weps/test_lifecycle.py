"""Subscriptions that are renewed, updated, paused and resumed, on a real store and a real SOS."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.flows.rules import HEAT, OVERSHOOT
from tests.weps.bench import Bench, at
from weps.errors import InputError, NotFoundError, RuleError
from weps.model import Changes, Page, RuleText, Severity, SubscriptionStatus, Target
from weps.rules.languages import detect_language

MILDER = HEAT.replace("30", "25")
REWRITTEN = HEAT.replace("\n", " ").replace("{", '{ "name": "Heat wave",', 1)
HELD = '{"type": "threshold", "condition": "greaterThan", "threshold": 30, "consecutive": 3}'


def rule(text: str) -> Changes:
    return Changes(rule=RuleText(detect_language(text), text))


@pytest.mark.parametrize(
    ("runtime", "end", "expires"),
    [(timedelta(hours=2), None, at(150)), (None, at(45), at(45)), (None, None, None)],
    ids=["longer", "shorter", "without end"],
)
def test_a_renewed_subscription_ends_at_its_new_time(
    bench: Bench, runtime: timedelta | None, end: datetime | None, expires: datetime | None
):
    """
    Half an hour into its hour, a subscription gets another end; it is ended then and not before.
    """
    subscription = bench.subscribe(runtime=timedelta(hours=1))
    bench.now = at(30)

    renewed = bench.engine.renew(subscription.id, runtime, end)

    states = []
    for minute in (44, 61, 151):
        bench.now = at(minute)
        bench.engine.expire()
        states.append(bench.engine.subscription(subscription.id).status is SubscriptionStatus.ACTIVE)
    assert renewed.expires == expires
    assert states == [expires is None or at(minute) < expires for minute in (44, 61, 151)]


@pytest.mark.parametrize(
    ("runtime", "end", "where"),
    [(timedelta(0), None, "runtime"), (None, at(-1), "expires")],
    ids=["no time at all", "in the past"],
)
def test_a_lifetime_that_cannot_be_is_refused(
    bench: Bench, runtime: timedelta | None, end: datetime | None, where: str
):
    """
    A subscription is not renewed until a time that is over.
    """
    subscription = bench.subscribe(runtime=timedelta(hours=1))

    with pytest.raises(InputError) as caught:
        bench.engine.renew(subscription.id, runtime, end)

    assert caught.value.where == where
    assert bench.engine.subscription(subscription.id).expires == at(60)


CHANGES = {
    "renew": lambda bench, identifier: bench.engine.renew(identifier, timedelta(hours=1)),
    "update": lambda bench, identifier: bench.engine.update(identifier, Changes(title="new")),
    "pause": lambda bench, identifier: bench.engine.pause(identifier),
    "resume": lambda bench, identifier: bench.engine.resume(identifier),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("over", ["cancelled", "ended", "expired a moment ago"])
def test_what_is_over_cannot_be_changed(bench: Bench, change, over: str):
    """
    A subscription that was cancelled or has expired stays as it is, also before anybody noted that it expired.
    """
    subscription = bench.subscribe(runtime=timedelta(hours=1))
    bench.now = at(61)
    if over == "cancelled":
        bench.engine.cancel(subscription.id)
    elif over == "ended":
        bench.engine.expire()
    before = bench.engine.subscription(subscription.id)

    with pytest.raises(InputError, match="subscribe anew"):
        change(bench, subscription.id)

    assert bench.engine.subscription(subscription.id) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_unknown_subscription_cannot_be_changed(bench: Bench, change):
    """
    The id of no subscription is named in the error.
    """
    with pytest.raises(NotFoundError, match="nobody"):
        change(bench, "nobody")


def test_the_last_active_subscription_that_is_paused_stops_the_polls_of_its_feed(bench: Bench):
    """
    Pausing one of two leaves the feed polled, pausing both stops it; nothing is evaluated for a paused one.
    """
    first, second = bench.subscribe(), bench.subscribe()
    bench.poll(1)
    bench.engine.pause(first.id)
    bench.sos.insert((at(2), 31))
    bench.poll(3)
    bench.engine.pause(second.id)
    asked = len(bench.sos.asked)
    bench.sos.insert((at(4), 20), (at(5), 31))

    bench.poll(60)

    assert len(bench.sos.asked) == asked
    assert (bench.times(first), bench.times(second)) == ([], [("firing", at(2))])
    assert bench.store.feed(first.feed_id).next_poll is None


@pytest.mark.parametrize("restarting", [False, True], ids=["in one run", "with a restart during the pause"])
@pytest.mark.parametrize("shared", [False, True], ids=["alone", "with a neighbour"])
def test_a_resumed_subscription_goes_on_like_a_new_one(bench: Bench, restarting: bool, shared: bool):
    """
    On resuming, only the newest observation of the pause is looked at, and what comes is evaluated from then on.
    """
    subscription = bench.subscribe()
    if shared:
        bench.subscribe(OVERSHOOT)
    bench.sos.insert((at(1), 31))
    bench.poll(2)
    bench.engine.pause(subscription.id)
    bench.sos.insert((at(3), 20), (at(4), 40), (at(5), 20), (at(6), 33))
    bench.poll(7)
    if restarting:
        bench.restart()
    bench.now = at(10)
    resumed = bench.engine.resume(subscription.id)
    bench.sos.insert((at(12), 20), (at(13), 35))

    bench.poll(14)

    assert resumed.status is SubscriptionStatus.ACTIVE
    assert bench.times(subscription) == [
        ("firing", at(1)),
        ("firing", at(6)),
        ("resolved", at(12)),
        ("firing", at(13)),
    ]
    alerts = bench.alerts(subscription)
    assert len({alert.id for alert in alerts}) == 4
    assert alerts[0].episode != alerts[1].episode == alerts[2].episode


def test_what_must_hold_in_a_row_begins_anew_after_a_pause(bench: Bench):
    """
    Two observations before and one after a pause are not three in a row.
    """
    subscription = bench.subscribe(HELD)
    bench.sos.insert((at(1), 31), (at(2), 31))
    bench.poll(2.5)
    bench.engine.pause(subscription.id)
    bench.now = at(10)
    bench.engine.resume(subscription.id)
    bench.sos.insert((at(11), 31))
    bench.poll(12)
    before = bench.times(subscription)
    bench.sos.insert((at(13), 31))

    bench.poll(14)

    assert (before, bench.times(subscription)) == ([], [("firing", at(13))])


def test_pausing_and_resuming_twice_changes_nothing(bench: Bench):
    """
    The second pause and the second resume find what they want; the rule does not begin anew.
    """
    subscription = bench.subscribe()
    bench.sos.insert((at(1), 31))
    bench.poll(2)

    untouched = bench.engine.resume(subscription.id)
    paused = [bench.engine.pause(subscription.id) for _ in range(2)]
    resumed = [bench.engine.resume(subscription.id) for _ in range(2)]

    assert untouched.revision == 0
    assert [each.status.value for each in paused + resumed] == ["paused", "paused", "active", "active"]
    assert paused[0] == paused[1]
    assert resumed[0].revision == resumed[1].revision


def test_a_paused_subscription_ends_with_its_lifetime_and_can_be_cancelled(bench: Bench):
    """
    A pause does not prolong a subscription, and it can be cancelled while it is paused.
    """
    ending, leaving = bench.subscribe(runtime=timedelta(hours=1)), bench.subscribe()
    for each in (ending, leaving):
        bench.engine.pause(each.id)
    bench.engine.cancel(leaving.id)
    bench.now = at(61)

    bench.engine.expire()

    states = [bench.engine.subscription(each.id).status.value for each in (ending, leaving)]
    assert states == ["ended", "cancelled"]


def test_a_subscription_with_history_resumes_on_the_common_feed(bench: Bench):
    """
    One that still has a feed of its own, because it began not long ago, shares that of its source when it is resumed.
    """
    bench.sos.insert(*((at(-minute), 31 - minute % 2 * 10) for minute in range(10, 0, -1)))
    neighbour = bench.subscribe()
    subscription = bench.subscribe(start=at(-10))
    bench.poll(0)
    count = len(bench.alerts(subscription))
    bench.engine.pause(subscription.id)
    bench.poll(2)
    resumed = bench.engine.resume(subscription.id)
    bench.sos.insert((at(3), 20), (at(4), 32))

    bench.poll(5)

    assert resumed.feed_id == neighbour.feed_id != subscription.feed_id
    assert bench.store.feed(subscription.feed_id).next_poll is None
    assert [time for _, time in bench.times(subscription)[count:]][-1] == at(4)


def test_another_rule_begins_anew_with_the_newest_observation(bench: Bench):
    """
    A milder threshold is a new version of the rule and fires at once for the value that it finds.
    """
    subscription = bench.subscribe(HEAT)
    bench.sos.insert((at(1), 31), (at(2), 27))
    bench.poll(3)

    updated, restarted = bench.engine.update(subscription.id, rule(MILDER))
    bench.poll(5)

    assert (restarted, updated.rule_version) == (True, 2)
    assert bench.times(subscription) == [("firing", at(1)), ("resolved", at(2)), ("firing", at(2))]
    assert [alert.rule_version for alert in bench.alerts(subscription)] == [1, 1, 2]


@pytest.mark.parametrize("restarting", [False, True], ids=["in one run", "with a restart"])
@pytest.mark.parametrize(
    ("before", "after"),
    [(HEAT, REWRITTEN), (OVERSHOOT, OVERSHOOT.replace("\n    ", "\n\t"))],
    ids=["threshold", "eml"],
)
def test_a_rule_that_says_the_same_goes_on_in_its_state(bench: Bench, before: str, after: str, restarting: bool):
    """
    Written otherwise, a rule is a new version, but finds what the old one would have found, and nothing twice.
    """
    untouched, subscription = bench.subscribe(before), bench.subscribe(before)
    bench.sos.insert((at(1), 20), (at(2), 31))
    bench.poll(3)
    if restarting:
        bench.restart()

    updated, restarted = bench.engine.update(subscription.id, rule(after))
    bench.sos.insert((at(4), 32), (at(5), 20), (at(6), 33))
    bench.poll(7)

    assert (restarted, updated.rule_version) == (False, 2)
    assert bench.times(subscription) == bench.times(untouched) != []
    assert len({alert.id for alert in bench.alerts(subscription)}) == len(bench.alerts(subscription))


def test_the_very_same_text_is_no_new_version(bench: Bench):
    """
    What is sent again as it is changes nothing.
    """
    subscription = bench.subscribe(HEAT)

    updated, restarted = bench.engine.update(subscription.id, rule(HEAT))

    assert (restarted, updated.rule_version) == (False, 1)


def test_what_is_updated_counts_from_the_next_poll(bench: Bench):
    """
    Title and severity are those of the next alert; the sampling rate is that of the feed; the rule goes on.
    """
    subscription = bench.subscribe(HELD)
    bench.sos.insert((at(1), 31), (at(2), 31))
    bench.poll(3)

    changes = Changes(sampling_rate=timedelta(seconds=30), title="Heat in town", severity=Severity.SEVERE)
    updated, restarted = bench.engine.update(subscription.id, changes)
    bench.sos.insert((at(4), 31))
    bench.poll(5)

    (alert,) = bench.alerts(subscription)
    assert (restarted, updated.rule_version) == (False, 1)
    assert ("Heat in town" in alert.title, alert.severity, alert.phenomenon_time) == (True, Severity.SEVERE, at(4))
    assert bench.store.feed(subscription.feed_id).interval == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        (rule('{"type": "threshold", "condition": "higherThan", "threshold": 3}'), RuleError),
        (Changes(sampling_rate=timedelta(0)), InputError),
        (Changes(targets=(Target("pigeon", "roof"),)), InputError),
    ],
    ids=["rule", "sampling rate", "channel"],
)
def test_a_wrong_update_leaves_a_subscription_as_it_is(bench: Bench, changes: Changes, error: type[Exception]):
    """
    What cannot be is refused, and nothing is changed.
    """
    subscription = bench.engine.subscription(bench.subscribe().id)

    with pytest.raises(error):
        bench.engine.update(subscription.id, changes)

    assert bench.engine.subscription(subscription.id) == subscription


def test_two_updates_at_the_same_time_do_not_mix(bench: Bench):
    """
    Changes that were made for a subscription as it was before are refused, because another one came first.
    """
    subscription = bench.subscribe()
    bench.engine.update(subscription.id, rule(MILDER))

    with pytest.raises(InputError, match="at the same time"):
        bench.store.update_subscription(subscription, Changes(title="late"), "", bench.now, None)

    assert bench.engine.subscription(subscription.id).title == ""


def test_a_source_that_is_down_at_first_is_looked_at_when_it_is_back(bench: Bench):
    """
    The first look is had when the source answers at last, also after its subscribers were told that it is down.
    """
    bench.sos.insert((at(-5), 35))
    bench.sos.answer = (503, b"down")
    subscription = bench.subscribe()
    for hour in (1, 2, 3):
        bench.poll(60 * hour)
    bench.sos.answer = None

    bench.poll(60 * 5)

    assert [alert.status.value for alert in bench.alerts(subscription)] == ["source-down", "firing", "source-up"]


def test_a_feed_that_begins_anew_does_not_remember_what_it_held(bench: Bench):
    """
    Of two subscribers with a pause between them the second is told of what is the newest then.
    """
    first = bench.subscribe()
    bench.sos.insert((at(1), 35))
    bench.poll(2)
    bench.engine.cancel(first.id)
    bench.sos.insert((at(3), 20))
    bench.now = at(10)

    second = bench.subscribe()
    bench.poll(12)

    assert bench.times(second) == []


def test_a_page_goes_on_after_a_subscription(bench: Bench):
    """
    Pages that follow one another by the last id have every subscription once, oldest first.
    """
    made = [bench.subscribe().id for _ in range(5)]
    found: list[str] = []

    while page := bench.engine.subscriptions(Page(limit=2, after=found[-1] if found else None)):
        found += [each.id for each in page]

    assert found == made
    with pytest.raises(NotFoundError, match="nobody"):
        bench.engine.subscriptions(Page(after="nobody"))
