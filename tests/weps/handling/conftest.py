"""What the tests of work with episodes share."""

from __future__ import annotations

import pytest

from tests.weps.handling.yard import Yard
from tests.weps.notify.stores import open_store


@pytest.fixture
def yard(tmp_path):
    """A desk over an empty store, at which big alerts can mute small ones."""
    made = Yard(open_store(tmp_path))
    yield made
    made.store.dispose()
