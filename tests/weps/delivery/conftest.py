"""A store in a file, the pilot's channel, and a target on loopback."""

from __future__ import annotations

import pytest

from tests.weps.delivery.receiver import Receiver, post
from tests.weps.notify.stores import open_store
from weps.notify.insert_rss import InsertRssChannel


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path)
    yield opened
    opened.dispose()


@pytest.fixture
def channels():
    return {"insert-rss": InsertRssChannel(post, "http://weps.example.org/alerts")}
