"""What a command that speaks to a service need not wait for."""

from __future__ import annotations

import subprocess
import sys

from tests.waiting import PATIENCE

DEAR = ("weps.app", "sqlalchemy", "pywps", "apscheduler", "granian")


def test_only_the_service_itself_is_slow_to_begin():
    """
    The command imports neither the service nor the libraries that only it needs, which would take most of a second.
    """
    program = f"import sys, weps.__main__; print([name for name in {DEAR!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE)

    assert done.stdout == "[]\n"
