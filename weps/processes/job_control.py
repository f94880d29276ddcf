"""
Executions that go on after their request was answered, whichever protocol they were asked for in.

All that is known of them is in the store: another process, or this one after a restart, gives the same answers. The
job of a process that makes subscriptions is its subscription. Others run in threads; the process in which one runs
gives it a sign of life, so that a job that nobody works for any more is told from one that takes its time.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from weps.errors import FeedError, InputError, NotFoundError
from weps.model import Job, JobStatus, Page, SubscriptionStatus
from weps.processes.execute import execute
from weps.processes.faults import Dismissed, Fault, NoSuchJob, ResultNotReady, WpsError
from weps.processes.job_life import SignsOfLife
from weps.processes.job_state import JobState, outputs_from_json, outputs_to_json
from weps.processes.wps20_faults import EXECUTION_CODES, fault_20_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from weps.model import Json, Subscription
    from weps.processes.base import Context, Given, Outputs, ProcessSpec

LOG = logging.getLogger(__name__)

KEPT = timedelta(days=7)
FIRST_WAIT = 0.5
AT_ONCE = 4
MOST_UNFINISHED = 100
SILENCE = timedelta(seconds=30)
_SWEEP_SECONDS = 3600.0
_SECONDS_UNHEARD = 1.0
_POLL = timedelta(seconds=1)
_STATUSES = {
    SubscriptionStatus.ACTIVE: JobStatus.RUNNING,
    SubscriptionStatus.PAUSED: JobStatus.RUNNING,
    SubscriptionStatus.ENDED: JobStatus.SUCCEEDED,
    SubscriptionStatus.CANCELLED: JobStatus.DISMISSED,
    SubscriptionStatus.FAILED: JobStatus.FAILED,
}
_INTERRUPTED = Fault(
    "NoApplicableCode", None, "The server stopped while the job ran; nothing came of it. Execute it again.", 500
)


class JobControl:
    """
    Starts, watches and ends jobs.

    `first_wait` is how many seconds a job may take before its client is answered. `AT_ONCE` jobs run at once, others
    wait for them; more than `most_unfinished` are refused.
    """

    def __init__(
        self,
        processes: Mapping[str, ProcessSpec],
        context: Context,
        *,
        first_wait: float = FIRST_WAIT,
        most_unfinished: int = MOST_UNFINISHED,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._processes, self._context, self._clock = processes, context, clock
        self._store = context.engine.store
        self._first_wait = first_wait
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._life = SignsOfLife(self._store, clock, most_unfinished)
        self._swept = float("-inf")

    def run(self, spec: ProcessSpec, given: Mapping[str, Sequence[Given]]) -> Outputs:
        """Execute a process while its client waits; no job comes of it. Raises the errors of `weps.errors`."""
        return execute(spec, given, self._context)

    def start(self, spec: ProcessSpec, given: Mapping[str, Sequence[Given]], form: Json = None) -> JobState:
        """
        Execute a process as a job; what a client did wrong is raised, if it is found out soon, and leaves no job.

        Raises the errors of `weps.errors`.
        """
        now = self._clock()
        if spec.outcome is not None:
            made: list[Subscription] = []
            execute(spec, given, replace(self._context, subscribed=made.append))
            identifier = made[0].id
            self._store.add_job(Job(identifier, spec.identifier, JobStatus.RUNNING, now, now, form=form))
            return self.state(identifier)
        self._sweep(now)
        job = Job(str(uuid.uuid4()), spec.identifier, JobStatus.ACCEPTED, now, now, form=form)
        refusals: list[Exception] = []
        self._life.enter(job.id)
        try:
            self._store.add_job(job)
        except BaseException:
            self._life.leave(job.id)
            raise
        worker = threading.Thread(target=self._work, args=(job, spec, given, refusals), daemon=True, name="job")
        worker.start()
        worker.join(self._first_wait)
        if refusals and not worker.is_alive():
            self._store.delete_job(job.id)
            raise refusals[0]
        return self.state(job.id)

    def state(self, identifier: str) -> JobState:
        """Tell how far a job has come; raises `NoSuchJob`."""
        return self._state(*self._find(identifier))

    def states(
        self,
        page: Page,
        processes: Collection[str] = (),
        begin: datetime | None = None,
        end: datetime | None = None,
    ) -> tuple[JobState, ...]:
        """Give a page of the jobs, newest first: all, or those of some processes, or of some time."""
        jobs = self._store.jobs(page, processes, begin, end)
        return tuple(self._state(job, self._subscription_of(job)) for job in jobs)

    def result(self, identifier: str) -> tuple[JobState, Outputs]:
        """
        Give what a job gave, and how its client wants it.

        Raises `NoSuchJob`, `ResultNotReady`, and for a job that failed what it failed with.
        """
        job, subscription = self._find(identifier)
        state = self._state(job, subscription)
        if state.status is JobStatus.DISMISSED:
            raise NoSuchJob(f"The job {identifier} was dismissed; it has no result.", identifier)
        if state.fault is not None:
            raise WpsError(state.fault.code, state.fault.text, state.fault.locator, state.fault.status)
        if state.status is not JobStatus.SUCCEEDED:
            raise ResultNotReady(f"The job {identifier} is not finished; ask GetStatus how far it is.", identifier)
        if subscription is None:
            return state, outputs_from_json(self._store.job(identifier).outputs)
        outcome = self._processes[subscription.process].outcome
        if outcome is None:
            raise RuntimeError(f"{subscription.process} makes subscriptions but tells nothing of them")
        return state, outcome(subscription, self._context)

    def dismiss(self, identifier: str) -> JobState:
        """End a job and forget its result; a subscription is ended. Doing it twice is no error. Raises `NoSuchJob`."""
        job, subscription = self._find(identifier)
        now = self._clock()
        if subscription is not None:
            ended = self._context.engine.cancel(identifier)
            if ended.status is not SubscriptionStatus.CANCELLED and not self._store.change_job(
                identifier, now, status=JobStatus.DISMISSED
            ):
                self._remember_dismissal(identifier, subscription.process, now)
        else:
            self._store.change_job(
                job.id, now, status=JobStatus.DISMISSED, finished=now, outputs=None, fault=None, percent=None
            )
        LOG.info("dismissed job=%s", identifier)
        return self.state(identifier)

    def _remember_dismissal(self, identifier: str, process: str, now: datetime) -> None:
        try:
            self._store.job(identifier)
        except NotFoundError:
            self._store.add_job(Job(identifier, process, JobStatus.DISMISSED, now, now))

    def _find(self, identifier: str) -> tuple[Job, Subscription | None]:
        """Give a job and the subscription that it is; one that was not made by a job is one all the same."""
        try:
            job = self._store.job_without_outputs(identifier)
            return job, self._subscription_of(job)
        except NotFoundError:
            pass
        try:
            found = self._context.engine.subscription(identifier)
        except NotFoundError as error:
            raise NoSuchJob(f'There is no job "{identifier}", or no longer.', identifier) from error
        return Job(found.id, found.process, JobStatus.RUNNING, found.created, found.created), found

    def _subscription_of(self, job: Job) -> Subscription | None:
        spec = self._processes.get(job.process)
        return None if spec is None or spec.outcome is None else self._context.engine.subscription(job.id)

    def _state(self, job: Job, subscription: Subscription | None) -> JobState:
        if subscription is not None:
            return self._state_of_subscription(subscription, job)
        now = self._clock()
        fault = None if job.fault is None else Fault(**dict(job.fault))  # type: ignore[arg-type]
        if job.status in {JobStatus.ACCEPTED, JobStatus.RUNNING} and job.updated < now - SILENCE:
            # Whoever worked for it is gone. Where the clock of another machine is late, its result still counts.
            job, fault = replace(job, status=JobStatus.FAILED, finished=job.updated), _INTERRUPTED
        return JobState(
            *(job.id, job.process, job.status, job.created, job.updated, job.finished),
            percent=100 if job.status is JobStatus.SUCCEEDED else job.percent,
            next_poll=None if job.finished else now + _POLL,
            expiration=job.finished + KEPT if job.finished else None,
            fault=fault,
            form=job.form,
        )

    def _state_of_subscription(self, subscription: Subscription, job: Job) -> JobState:
        now = self._clock()
        status = _STATUSES[subscription.status]
        if status is not JobStatus.RUNNING and job.status is JobStatus.DISMISSED:
            status = JobStatus.DISMISSED
        running = status is JobStatus.RUNNING
        paused = running and subscription.status is not SubscriptionStatus.ACTIVE
        due = subscription.next_poll
        return JobState(
            *(subscription.id, subscription.process, status, job.created),
            updated=max(job.updated, subscription.created, subscription.ended or subscription.created),
            finished=subscription.ended,
            percent=100 if status is JobStatus.SUCCEEDED else None,
            paused=paused,
            completion=subscription.expires if running else None,
            next_poll=_next_look(due, now, subscription.sampling_rate) if running and not paused else None,
            fault=self._failure(subscription) if status is JobStatus.FAILED else None,
            form=job.form,
        )

    def _failure(self, subscription: Subscription) -> Fault:
        """Tell why a rule could not go on: its last alert says it."""
        last = self._store.alerts(subscription.id, Page(0, 1))
        return Fault("NoApplicableCode", None, last[0].text if last else "The rule could not go on.", 500)

    def _work(
        self, job: Job, spec: ProcessSpec, given: Mapping[str, Sequence[Given]], refusals: list[Exception]
    ) -> None:
        try:
            with self._slots:
                self._store.change_job(job.id, self._clock(), status=JobStatus.RUNNING)
                outputs = execute(spec, given, replace(self._context, progress=self._progress_of(job.id)))
            self._finish(job.id, JobStatus.SUCCEEDED, percent=100, outputs=outputs_to_json(outputs))
        except Dismissed:
            LOG.info("stopped job=%s", job.id)
        except (InputError, NotFoundError) as error:
            refusals.append(error)
            self._finish(job.id, JobStatus.FAILED, fault=asdict(fault_20_of(error, EXECUTION_CODES)))
        except FeedError as error:
            LOG.warning("job failed job=%s process=%s error=%r", job.id, spec.identifier, str(error))
            self._finish(job.id, JobStatus.FAILED, fault=asdict(fault_20_of(error, EXECUTION_CODES)))
        except Exception as error:  # whatever happens to one job must be known to its client, and to nobody else
            LOG.exception("job broke job=%s process=%s", job.id, spec.identifier)
            self._finish(job.id, JobStatus.FAILED, fault=asdict(fault_20_of(error, EXECUTION_CODES)))
        finally:
            self._life.leave(job.id)

    def _finish(self, identifier: str, status: JobStatus, **values: Any) -> None:
        now = self._clock()
        self._store.change_job(identifier, now, status=status, finished=now, **values)
        LOG.info("finished job=%s status=%s", identifier, status)

    def _progress_of(self, identifier: str) -> Callable[[float], None]:
        told, asked = -1, float("-inf")

        def progress(percent: float) -> None:
            nonlocal told, asked
            whole, now = max(0, min(99, int(percent))), time.monotonic()
            # Also what moves slowly is to learn soon that nobody wants it any more.
            if whole == told and now - asked < _SECONDS_UNHEARD:
                return
            told, asked = whole, now
            if not self._store.change_job(identifier, self._clock(), percent=whole):
                raise Dismissed(f"the job {identifier} was dismissed")

        return progress

    def _sweep(self, now: datetime) -> None:
        if time.monotonic() - self._swept > _SWEEP_SECONDS:
            self._swept = time.monotonic()
            self._store.forget_jobs(now - KEPT)


def _next_look(due: datetime | None, now: datetime, sampling_rate: timedelta) -> datetime:
    return due if due is not None and due > now else now + sampling_rate
