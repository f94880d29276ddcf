from __future__ import annotations

import pytest

from weps.errors import InputError
from weps.model import Target
from weps.notify.targets import parse_target, shown_target, without_login, written_target

TARGETS = {
    "https://a.example/s?key=1": (Target("insert-rss", "https://a.example/s?key=1"), "https://a.example/s"),
    "insert-rss+http://a.example/": (Target("insert-rss", "http://a.example/"), "http://a.example/"),
    "webhook+https://a.example/k?t=1": (Target("webhook", "https://a.example/k?t=1"), "webhook+https://a.example/k"),
    " MAILTO:duty@a.example": (Target("email", "duty@a.example"), "mailto:duty@a.example"),
    "mqtts://u:p@a.example/t/u?version=5": (
        Target("mqtt", "mqtts://u:p@a.example/t/u?version=5"),
        "mqtts://a.example/t/u",
    ),
}


@pytest.mark.parametrize(("text", "expected"), TARGETS.items(), ids=["store", "named", "webhook", "mail", "broker"])
def test_a_target_is_written_as_one_address(text, expected):
    """
    Its scheme tells the channel; it is written back without what may be a key.
    """
    target, written = expected

    assert parse_target(text) == target
    assert written_target(target) == written


@pytest.mark.parametrize("text", ["", "a.example", "ftp://a.example/", "websub+https://hub.example/", "//a.example/"])
def test_what_is_no_target_is_refused_with_what_is_one(text):
    """
    The error says how targets are written.
    """
    with pytest.raises(InputError, match=r"is no target\. https://… posts"):
        parse_target(text)


def test_strangers_are_shown_the_host_at_most():
    """
    The path of a webhook is often a key, and a mailbox somebody's name.
    """
    texts = (
        "webhook+https://a.example/key",
        "mailto:jane@a.example",
        "mqtt://u:p@a.example:1883/t",
        "https://u:p@a.example/s?k=1",
    )

    shown = [shown_target(parse_target(text)) for text in texts]

    assert shown == ["webhook at a.example", "mailto:…@a.example", "mqtt at a.example:1883", "https://a.example/s"]


def test_owners_are_not_shown_passwords_of_brokers():
    """
    The rest of an address is what they gave.
    """
    assert without_login("mqtt://u:p@a.example/t?version=5") == "mqtt://a.example/t?version=5"
    assert without_login("duty@a.example") == "duty@a.example"
