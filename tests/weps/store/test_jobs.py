"""Jobs in the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from weps.errors import NotFoundError
from weps.model import Job, JobStatus, Page
from weps.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(f"sqlite:///{tmp_path / 'weps.db'}")
    made.migrate()
    return made


def job(identifier: str, **members) -> Job:
    return Job(identifier, "test:Process", JobStatus.ACCEPTED, NOW, NOW, **members)


def test_a_job_is_read_back_by_another_store_on_the_same_database(store: Store):
    """
    With all its members.
    """
    added = job("a", percent=5, form={"raw": True}, outputs={"text": {"text": "ä"}}, fault={"code": "b"}, owner="me")

    store.add_job(added)

    assert Store(store.url).job("a") == added


def test_a_job_that_is_not_there_is_not_found(store: Store):
    """
    As one that was forgotten.
    """
    with pytest.raises(NotFoundError):
        store.job("a")


def test_a_job_is_changed_until_it_is_dismissed(store: Store):
    """
    What comes afterwards is told that it is too late.
    """
    store.add_job(job("a"))

    changes = [
        store.change_job("a", LATER, status=JobStatus.RUNNING, percent=10),
        store.change_job("a", LATER, status=JobStatus.DISMISSED, finished=LATER),
        store.change_job("a", LATER, status=JobStatus.SUCCEEDED, outputs={"text": {"text": "too late"}}),
        store.change_job("b", LATER, percent=1),
    ]

    found = store.job("a")
    assert changes == [True, True, False, False]
    assert (found.status, found.percent, found.updated, found.outputs) == (JobStatus.DISMISSED, 10, LATER, None)


def test_jobs_are_listed_newest_first_without_what_is_large(store: Store):
    """
    Page by page, of one process where one is named.
    """
    for identifier in "abc":
        store.add_job(job(identifier, outputs={"text": {"text": "large"}}))

    listed = store.jobs(Page(offset=1, limit=5))

    assert [(one.id, one.outputs) for one in listed] == [("b", None), ("a", None)]
    assert store.jobs(Page(), ("test:Other",)) == ()
    assert (store.count_jobs(), store.count_jobs("test:Other")) == (3, 0)


def test_old_jobs_are_forgotten(store: Store):
    """
    Those that were finished long ago, and those that nobody works for any more.
    """
    store.add_job(job("finished", finished=NOW))
    store.add_job(job("silent"))
    store.add_job(job("young", finished=LATER))

    forgotten = store.forget_jobs(LATER)

    assert forgotten == 2
    assert [one.id for one in store.jobs(Page())] == ["young"]


def test_a_job_is_deleted(store: Store):
    """
    Deleting it twice is no error.
    """
    store.add_job(job("a"))

    store.delete_job("a")
    store.delete_job("a")

    assert store.count_jobs() == 0
