"""Subscriptions as jobs of WPS 2.0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.weps.processes.jobs20 import instant, subscribe
from tests.weps.processes.requests20 import (
    execute,
    literal,
    output,
)
from weps.model import SubscriptionStatus


@pytest.mark.shared
def test_the_job_of_a_subscription_is_the_subscription(wps, client, validate):
    """
    Its id, Running until it ends, its end as the estimated completion, the next poll within the sampling rate.
    """
    before = datetime.now(UTC)

    reply = client.post(subscribe(runtime="PT6H", samplingRate="PT1M"))

    found = wps.newest
    assert validate(reply.body) == []
    assert (reply.job, reply.job_status) == (found.id, "Running")
    assert instant(reply, "EstimatedCompletion") == found.expires
    assert before < instant(reply, "NextPoll") <= datetime.now(UTC) + timedelta(minutes=1)
    assert client.status(found.id).job == found.id


def test_a_subscription_without_end_has_no_estimated_completion(client):
    """
    It runs until it is dismissed.
    """
    reply = client.post(subscribe())

    assert reply.job_status == "Running"
    assert reply.texts("//wps:EstimatedCompletion") == []


@pytest.mark.shared
def test_the_result_of_a_subscription_is_not_ready_before_its_end(client, validate):
    """
    ResultNotReady, with the job as its locator.
    """
    job = client.post(subscribe()).job

    reply = client.result(job)

    assert reply.status == 400
    assert validate(reply.body) == []
    assert reply.fault == ("ResultNotReady", job)


@pytest.mark.shared
@pytest.mark.parametrize("response", ["document", "raw"])
def test_the_result_of_a_subscription_is_there_after_its_end(wps, client, validate, response):
    """
    In the form that Execute asked for.
    """
    outputs = "feed" if response == "raw" else "subscriptionId feed"
    job = client.post(subscribe(response=response, outputs=outputs, runtime="PT1H")).job
    wps.engine.store.end_subscription(job, SubscriptionStatus.ENDED, datetime.now(UTC))

    reply = client.result(job)

    feed = wps.engine.feed_url(wps.engine.subscription(job))
    assert validate(reply.body) == []
    assert client.status(job).job_status == "Succeeded"
    if response == "raw":
        assert reply.texts("/wps:LiteralValue") == [feed]
    else:
        assert reply.texts("/wps:Result/wps:JobID") == [job]
        assert (reply.output("subscriptionId"), reply.output("feed")) == (job, feed)


@pytest.mark.shared
def test_dismiss_ends_a_subscription_and_may_be_repeated(wps, client, validate):
    """
    The status stays Dismissed, and there is no result.
    """
    job = client.post(subscribe()).job

    replies = [client.dismiss(job), client.dismiss(job), client.status(job)]

    assert [validate(reply.body) for reply in replies] == [[], [], []]
    assert [(reply.job, reply.job_status) for reply in replies] == [(job, "Dismissed")] * 3
    assert wps.engine.subscription(job).status is SubscriptionStatus.CANCELLED
    assert client.result(job).fault == ("NoSuchJob", job)


def test_dismiss_after_the_end_leaves_the_subscription_as_it_was(wps, client):
    """
    It ended by itself; its client does not want the result.
    """
    job = client.post(subscribe()).job
    wps.engine.store.end_subscription(job, SubscriptionStatus.ENDED, datetime.now(UTC))

    statuses = [client.dismiss(job).job_status, client.status(job).job_status]

    assert statuses == ["Dismissed", "Dismissed"]
    assert wps.engine.subscription(job).status is SubscriptionStatus.ENDED


@pytest.mark.shared
def test_a_subscription_whose_rule_could_not_go_on_has_failed(wps, client, validate):
    """
    When it did is told, why is its result; its client may dismiss it.
    """
    job = client.post(subscribe(runtime="P1D")).job
    failed = datetime.now(UTC)
    with wps.engine.store.batch(wps.engine.subscription(job).feed_id) as transaction:
        transaction.end_failed([job], failed)

    replies = [client.status(job), client.result(job), client.dismiss(job)]

    assert [validate(reply.body) for reply in replies] == [[], [], []]
    assert (replies[0].job_status, instant(replies[0], "EstimatedCompletion")) == ("Failed", failed)
    assert (replies[1].fault, "could not go on" in replies[1].text) == (("InternalServerError", None), True)
    assert (replies[2].job_status, client.status(job).job_status) == ("Dismissed", "Dismissed")
    assert wps.engine.subscription(job).status is SubscriptionStatus.FAILED


@pytest.mark.shared
def test_the_completion_of_a_job_that_is_over_is_when_it_really_was(wps, client, validate):
    """
    A subscription that was to run for a day and is dismissed now, and a job that is finished.
    """
    before = datetime.now(UTC)
    listing = execute("weps:ListRuleLanguages", "", output("total"), "async")
    subscribed, quick = client.post(subscribe(runtime="P1D")).job, client.post(listing).job

    replies = [client.dismiss(subscribed), client.status(quick)]

    assert [validate(reply.body) for reply in replies] == [[], []]
    assert all(before <= instant(reply, "EstimatedCompletion") <= datetime.now(UTC) for reply in replies)
    assert instant(replies[0], "EstimatedCompletion") == wps.engine.subscription(subscribed).ended


@pytest.mark.parametrize("mode", ["sync", "auto"])
def test_a_subscription_that_was_made_synchronously_is_a_job_as_well(wps, client, mode):
    """
    The result is given at once, and its id is good for GetStatus and Dismiss, also after its end.
    """
    made = client.post(subscribe(mode=mode)).output("subscriptionId")

    running = client.status(made).job_status
    wps.engine.store.end_subscription(made, SubscriptionStatus.ENDED, datetime.now(UTC))

    assert running == "Running"
    assert client.result(made).output("subscriptionId") == made
    assert [client.dismiss(made).job_status, client.status(made).job_status] == ["Dismissed", "Dismissed"]


@pytest.mark.shared
def test_a_paused_subscription_is_told_as_paused(wps, client, validate):
    """
    A status beside those of the standard, which leaves room for it.
    """
    job = client.post(subscribe()).job

    client.post(execute("weps:Pause", literal("subscriptionId", job), output("info")))

    reply = client.status(job)
    assert validate(reply.body) == []
    assert reply.job_status == "Paused"
    assert reply.texts("//wps:NextPoll") == []
