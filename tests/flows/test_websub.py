"""Topics of a real hub of WebSub, and publications of OGC Pub/Sub, watched by the installed command."""

from __future__ import annotations

import json
import re

import pytest

from tests.flows.conftest import Running, free_port
from tests.flows.test_other_sources import MAPPING, RULE, past, told
from tests.pubsub_publisher import Publisher
from tests.waiting import wait_for
from tests.websub_hub import WebSubHub
from tests.weps.web.test_push import OM
from weps.__main__ import main
from weps.client import execute
from weps.errors import InputError

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>levels</title>
<link rel="hub" href="{hub}"/><link rel="self" href="{self}"/></feed>"""


@pytest.fixture
def hub():
    with WebSubHub() as running:
        running.topics["atom"] = (ATOM, "application/atom+xml", {})
        running.topics["plain"] = ("levels", "text/plain", {"Link": '<{hub}>; rel="hub", <{self}>; rel="self"'})
        running.topics["mute"] = ("nothing", "text/plain", {})
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service for all of this file: each test has a hub of its own."""
    settings = {"WEPS_ALLOWED_HOSTS": json.dumps(["127.0.0.1"])}
    running = Running(free_port(), tmp_path_factory.mktemp("data"), settings)
    running.start()
    yield running
    running.kill()


def watch(service: Running, address: str, **inputs: str) -> dict[str, str]:
    return service.subscribe(rule=RULE, sourceType="push", sosEndpoint=address, mapping=MAPPING, **inputs)


def cancel(service: Running, answer: dict[str, str]) -> None:
    execute(f"{service.url}/wps", "weps:Unsubscribe", {"subscriptionId": answer["subscriptionId"]}, {})


def reading(procedure: str, value: float, minutes: float = 5) -> bytes:
    return json.dumps({"t": past(minutes).isoformat(), "p": procedure, "v": value}).encode()


@pytest.mark.parametrize("name", ["atom", "plain"])
def test_a_topic_is_watched_by_its_address(service, hub, name):
    """
    Its hub is found, asked, verified; what it signs becomes an alert; the end of the subscription is told to it.
    """
    answer = watch(service, hub.topic(name), pushSecret="a secret of ours")
    wait_for(lambda: hub.subscribers)

    statuses = hub.push(hub.topic(name), reading("A", 31))
    alerts = told(service, answer["feed"])
    cancel(service, answer)
    wait_for(lambda: not hub.subscribers)

    assert ([200], ["A 31"]) == (statuses, alerts)
    assert ["subscribe", "unsubscribe"] == [form["hub.mode"] for form in hub.asked]
    assert {hub.topic(name)} == {form["hub.topic"] for form in hub.asked}
    assert hub.url in answer["info"]


def test_a_topic_is_asked_for_once_and_until_the_last_subscription_ends(service, hub):
    """
    Two subscriptions share what is pushed; the hub goes on while one is left.
    """
    answers = [watch(service, hub.topic("atom")) for _ in range(2)]
    wait_for(lambda: hub.subscribers)
    cancel(service, answers[0])

    statuses = hub.push(hub.topic("atom"), reading("B", 32))

    assert [200] == statuses
    assert ([], ["B 32"]) == tuple(told(service, answer["feed"]) for answer in answers)
    assert ["subscribe"] == [form["hub.mode"] for form in hub.asked]


def test_a_topic_that_is_denied_is_a_source_that_is_down(service, hub):
    """
    The subscriber is told at once why; and that it is up when the hub confirms after all.
    """
    hub.denial = "not for you"
    answer = watch(service, hub.topic("atom"))
    (down,) = service.wait_for_entries(answer["feed"], 1)
    hub.denial = None
    hub.verify(hub.asked[0])

    up = service.wait_for_entries(answer["feed"], 2)[-1]

    assert "the hub denied the topic: not for you" in down.description
    assert re.search("up|again", up.title)


def test_a_hub_that_pushes_to_nobody_is_told_that_it_is_over(service, hub):
    """
    What it pushes is refused as gone, and it is asked to end.
    """
    answer = watch(service, hub.topic("atom"))
    (subscriber,) = wait_for(lambda: list(hub.subscribers.values()))
    cancel(service, answer)
    wait_for(lambda: not hub.subscribers)
    hub.subscribers[subscriber.callback] = subscriber

    assert [410] == hub.push(hub.topic("atom"), reading("C", 33))


def test_an_address_without_a_hub_is_refused(service, hub):
    """
    The message tells what else can be done.
    """
    with pytest.raises(InputError, match="The topic names no hub of WebSub"):
        watch(service, hub.topic("mute"))


def test_a_hub_is_asked_by_the_command_line(service, hub, tmp_path, capsys):
    """
    The secret stands in a file, so that it is not shown with the command.
    """
    texts = {"rule": RULE, "mapping": MAPPING.text, "secret": "a secret of ours\n"}
    files = {name: tmp_path / name for name in texts}
    for name, text in texts.items():
        files[name].write_text(text)
    options = {
        "--rule": files["rule"],
        "--mapping": files["mapping"],
        "--source-type": "push",
        "--every": "PT0.3S",
        "--push-hub": hub.url,
        "--push-topic": hub.topic("plain"),
        "--push-secret": files["secret"],
    }
    arguments = [str(part) for option in options.items() for part in option]

    code = main(["subscribe", *arguments, "--url", f"{service.url}/wps"])
    printed = json.loads(capsys.readouterr().out)
    wait_for(lambda: hub.subscribers)
    statuses = hub.push(hub.topic("plain"), reading("D", 34))

    assert (0, [200], ["D 34"]) == (code, statuses, told(service, printed["feed"]))
    assert ["a secret of ours"] == [form["hub.secret"] for form in hub.asked]


def test_a_publication_of_ogc_is_watched(service):
    """
    Its publisher is asked by Subscribe, what it notifies becomes an alert, and it is asked to end.
    """
    with Publisher() as publisher:
        answer = service.subscribe(
            rule=RULE, sourceType="push", pushHub=publisher.url, pushTopic="urn:levels", pushProtocol="pubsub"
        )
        wait_for(lambda: publisher.subscribers)
        statuses = publisher.publish(OM.decode())
        alerts = told(service, answer["feed"])
        cancel(service, answer)
        wait_for(lambda: not publisher.subscribers)

    assert ([200], ["river 31.5"]) == (statuses, alerts)
    assert ["Subscribe", "Unsubscribe"] == publisher.asked
