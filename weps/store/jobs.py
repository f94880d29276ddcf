"""Executions that go on after their request was answered."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, or_, select, update

from weps.errors import NotFoundError
from weps.model import Job, JobStatus, Page
from weps.store.database import Database
from weps.store.tables import JOBS, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Row

_LARGE = ("form", "outputs")
_NAMES = tuple(field.name for field in fields(Job))
_SMALL_COLUMNS = tuple(JOBS.c[name] for name in _NAMES if name not in _LARGE)


class Jobs(Database):
    """What is executed, or was, until it is forgotten."""

    def add_job(self, job: Job) -> None:
        """Store a new job."""
        with self.writing() as connection:
            connection.execute(JOBS.insert().values(**asdict(job)))

    def job(self, identifier: str) -> Job:
        """Give one job; raises `NotFoundError`."""
        return self._job(identifier, _NAMES)

    def job_without_outputs(self, identifier: str) -> Job:
        """Give all of one job but what it gave, which may be large; raises `NotFoundError`."""
        return self._job(identifier, tuple(name for name in _NAMES if name != "outputs"))

    def _job(self, identifier: str, names: tuple[str, ...]) -> Job:
        columns = (JOBS.c[name] for name in names)
        with self.reading() as connection:
            row = connection.execute(select(*columns).where(JOBS.c.id == identifier)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no job {identifier!r}")
        return _read(row)

    def jobs(
        self,
        page: Page,
        processes: Collection[str] = (),
        begin: datetime | None = None,
        end: datetime | None = None,
        *,
        with_forms: bool = False,
    ) -> tuple[Job, ...]:
        """
        Give a page of the jobs, newest first, without their outputs, and without their forms unless these are wanted.

        All of them, or those of some processes, or those that were created from `begin` or up to `end`.
        """
        columns = (*_SMALL_COLUMNS, JOBS.c.form) if with_forms else _SMALL_COLUMNS
        query = select(*columns).order_by(JOBS.c.number.desc()).offset(page.offset).limit(page.limit)
        if processes:
            query = query.where(JOBS.c.process.in_(processes))
        if begin is not None:
            query = query.where(JOBS.c.created >= begin)
        if end is not None:
            query = query.where(JOBS.c.created <= end)
        with self.reading() as connection:
            return tuple(_read(row) for row in connection.execute(query))

    def count_jobs(self, process: str | None = None) -> int:
        """Count the jobs."""
        query = select(func.count()).select_from(JOBS)
        if process is not None:
            query = query.where(JOBS.c.process == process)
        with self.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def change_job(self, identifier: str, now: datetime, **values: Any) -> bool:
        """Change a job; False when it was dismissed or is not there, and so stays as it is."""
        change = (
            update(JOBS)
            .where(JOBS.c.id == identifier, JOBS.c.status != JobStatus.DISMISSED)
            .values(updated=now, **values)
            .returning(JOBS.c.id)
        )
        with self.writing() as connection:
            return connection.execute(change).scalar_one_or_none() is not None

    def delete_job(self, identifier: str) -> None:
        """Forget a job."""
        with self.writing() as connection:
            connection.execute(delete(JOBS).where(JOBS.c.id == identifier))

    def forget_jobs(self, before: datetime) -> int:
        """
        Forget the jobs that were finished before an instant, or that nobody has worked for since; gives their number.

        The job of a subscription stays as long as its subscription.
        """
        subscribed = select(SUBSCRIPTIONS.c.id).where(SUBSCRIPTIONS.c.id == JOBS.c.id).exists()
        old = or_(JOBS.c.finished < before, and_(JOBS.c.finished.is_(None), JOBS.c.updated < before, ~subscribed))
        with self.writing() as connection:
            return connection.execute(delete(JOBS).where(old)).rowcount


def _read(row: Row[Any]) -> Job:
    members = dict(row._mapping)
    return Job(**members | {"status": JobStatus(members["status"])})
