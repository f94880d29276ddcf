"""Several processes of the same work side by side: each takes connections at the same port, where the system can."""

from __future__ import annotations

import logging
import multiprocessing
import signal
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger("sos_server")
_SECONDS_TO_STOP = 10


class WorkerError(Exception):
    """A worker ended though nobody told it to; the text says how."""


class _Stopped(Exception):
    """Somebody wants all workers to end."""


def run_workers(number: int, work: Callable[[], None]) -> None:
    """
    Run work in so many processes until SIGTERM or SIGINT, which every one of them is told.

    Raises `WorkerError` when one ends by itself: then all end, and whoever started the service starts it again.
    """
    context = multiprocessing.get_context("fork")  # nothing runs here yet that a worker could not take over
    processes = [context.Process(target=_begin, args=(work,)) for _ in range(number)]
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _stop)
    try:
        for process in processes:
            process.start()
        _LOG.info("working workers=%s", ",".join(str(process.pid) for process in processes))
        sentinel, *_ = wait([process.sentinel for process in processes])
        ended = next(process for process in processes if process.sentinel == sentinel)
        ended.join()
        raise WorkerError(f"worker {ended.pid} ended with {ended.exitcode}; its reason is in the log above")
    except _Stopped:
        _LOG.info("stopping workers=%d", number)
    finally:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        for process in processes:
            if process.is_alive():
                process.terminate()
        for process in processes:
            if process.pid is not None:
                process.join(_SECONDS_TO_STOP)


def _begin(work: Callable[[], None]) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)
    work()


def _stop(_number: int, _frame: object) -> NoReturn:
    raise _Stopped
