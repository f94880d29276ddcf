"""
Telling subscribers how their jobs go: a POST when a job runs, one when it is finished.

Whom to tell is kept with the job, so that a restart forgets nobody. Every address goes through the guarded fetcher; a
subscriber that does not answer is asked a few times more and then given up. One host is told one thing at a time, so
that one that hangs delays nobody else.
"""

from __future__ import annotations

import heapq
import json
import logging
import threading
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from weps.errors import FeedError, NotFoundError
from weps.feeders.http import HttpRequest, require_success
from weps.model import JobStatus, Page
from weps.processes.base import JSON
from weps.processes.lanes import Lanes
from weps.processes.ogcapi_execute import Form, Result, Subscriber, encode_results
from weps.processes.ogcapi_jobs import status_info

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weps.model import Json
    from weps.processes.base import Context, ProcessSpec
    from weps.processes.job_control import JobControl
    from weps.processes.job_state import JobState

LOG = logging.getLogger(__name__)

SUBSCRIBER = "subscriber"
WAITS = (5.0, 30.0, 300.0)
"""Seconds until a subscriber that did not answer is told again."""
TOLD_AT_ONCE = 8
SECONDS_TO_ANSWER = 10.0
SECONDS_BETWEEN_LOOKS = 0.5
LONGEST_SLEEP = 600.0
_PAGE = 500


@dataclass(frozen=True, slots=True, order=True)
class _Look:
    """When a job is to be looked at, how often its subscriber did not answer, and whether it knows that it runs."""

    due: float
    job: str
    failures: int = 0
    told: bool = False


class Callbacks:
    """Watches the jobs that have a subscriber, in a thread that ends when there are none; others do the telling."""

    def __init__(
        self, processes: Mapping[str, ProcessSpec], context: Context, control: JobControl, base_url: str
    ) -> None:
        self._processes, self._context, self._control, self._base_url = processes, context, control, base_url
        self._looks: list[_Look] = []
        self._watched: set[str] = set()
        self._changed = threading.Condition()
        self._running = False
        self._lanes = Lanes("callback", TOLD_AT_ONCE)

    def check(self, subscriber: Subscriber) -> None:
        """Refuse addresses that can never be told anything; raises `SourceRefused`."""
        for address in asdict(subscriber).values():
            if address is not None:
                self._context.fetcher.check(address)

    def watch(self, job: str) -> None:
        """Tell the subscriber of a job from now on; a job that is watched already stays so."""
        with self._changed:
            if job in self._watched:
                return
            self._watched.add(job)
        self._look_again(_Look(time.monotonic(), job))

    def resume(self) -> None:
        """Watch the jobs whose subscribers were not told the end before this process began."""
        threading.Thread(target=self._resume, daemon=True, name="callbacks of old jobs").start()

    def _resume(self) -> None:
        offset = 0
        while jobs := self._context.engine.store.jobs(Page(offset, _PAGE), with_forms=True):
            for job in jobs:
                if self._subscriber(job.form) is not None:
                    self.watch(job.id)
            offset += len(jobs)

    def _look_again(self, look: _Look) -> None:
        with self._changed:
            heapq.heappush(self._looks, look)
            self._changed.notify()
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, daemon=True, name="callbacks").start()

    def _run(self) -> None:
        while (look := self._next()) is not None:
            try:
                self._look(look)
            except Exception:  # one job must not take the callbacks of the others with it
                LOG.exception("callback broke job=%s", look.job)
                self._try_again(look)

    def _next(self) -> _Look | None:
        """Wait for the next look that is due; None when there is nothing to wait for."""
        with self._changed:
            while self._looks:
                wait = self._looks[0].due - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._looks)
                self._changed.wait(min(wait, LONGEST_SLEEP))
            self._running = False
            return None

    def _look(self, look: _Look) -> None:
        subscriber = self._subscriber(self._form(look.job))
        if subscriber is None:
            self._watched.discard(look.job)
            return
        state = self._control.state(look.job)
        if state.status in {JobStatus.ACCEPTED, JobStatus.RUNNING}:
            following = replace(look, due=time.monotonic() + self._seconds_until_news(state), told=True)
            if look.told or subscriber.in_progress is None:
                self._look_again(following)
                return
            self._lanes.put(_host(subscriber.in_progress), lambda: self._tell_progress(state, subscriber, following))
            return
        address = subscriber.failed if state.status is JobStatus.FAILED else subscriber.success
        self._lanes.put(_host(address or subscriber.success), lambda: self._end(look, state, subscriber))

    def _tell_progress(self, state: JobState, subscriber: Subscriber, following: _Look) -> None:
        try:
            self._post(state.id, subscriber.in_progress or "", self._state_of(state))
        finally:
            self._look_again(following)

    def _end(self, look: _Look, state: JobState, subscriber: Subscriber) -> None:
        """Tell the end of a job, now or later."""
        told = False
        try:
            told = self._tell_end(state, subscriber)
        finally:
            if told or look.failures >= len(WAITS):
                self._forget_subscriber(state)
            else:
                self._try_again(look)

    def _forget_subscriber(self, state: JobState) -> None:
        form = self._form(state.id) or {}
        kept = {name: member for name, member in form.items() if name != SUBSCRIBER}
        self._context.engine.store.change_job(state.id, state.updated, form=kept)
        self._watched.discard(state.id)

    def _try_again(self, look: _Look) -> None:
        if look.failures >= len(WAITS):
            self._watched.discard(look.job)
            return
        due = time.monotonic() + WAITS[look.failures]
        self._look_again(replace(look, due=due, failures=look.failures + 1))

    def _seconds_until_news(self, state: JobState) -> float:
        """Give the seconds until a job may be finished: subscriptions end at a known time, or not by themselves."""
        if self._processes[state.process].outcome is None:
            return SECONDS_BETWEEN_LOOKS
        if state.completion is None:
            return LONGEST_SLEEP
        until_end = (state.completion - datetime.now(UTC)).total_seconds()
        return max(SECONDS_BETWEEN_LOOKS, min(until_end, LONGEST_SLEEP))

    def _tell_end(self, state: JobState, subscriber: Subscriber) -> bool:
        if state.status is JobStatus.SUCCEEDED:
            _, outputs = self._control.result(state.id)
            spec = self._processes[state.process]
            results = encode_results(spec, outputs, replace(Form.from_json(state.form, spec), raw=False))
            return self._post(state.id, subscriber.success, results)
        if state.status is JobStatus.FAILED and subscriber.failed is not None:
            return self._post(state.id, subscriber.failed, self._state_of(state))
        return True

    def _state_of(self, state: JobState) -> Result:
        return Result(json.dumps(status_info(state, self._base_url), ensure_ascii=False).encode(), JSON)

    def _post(self, job: str, address: str, result: Result) -> bool:
        try:
            headers = {"Content-Type": result.media_type}
            request = HttpRequest("POST", address, headers, result.body)
            require_success(self._context.fetcher.send(request, SECONDS_TO_ANSWER))
        except FeedError as error:
            LOG.warning("callback failed job=%s error=%s", job, error)
            return False
        LOG.info("callback told job=%s", job)
        return True

    def _form(self, job: str) -> dict[str, Any] | None:
        try:
            form = self._context.engine.store.job_without_outputs(job).form
        except NotFoundError:
            return None
        return form if isinstance(form, dict) else None

    @staticmethod
    def _subscriber(form: Json) -> Subscriber | None:
        return Subscriber(**form[SUBSCRIBER]) if isinstance(form, dict) and SUBSCRIBER in form else None


def _host(address: str) -> str:
    return urlsplit(address).netloc.lower()
