"""The n-th write of a job fails: nothing of the job is there, and it runs again."""

import contextlib
from typing import Any

import pytest

from tests.faults.house import Broken, House

MOST_WRITES = 40


def _without_jobs(house: House) -> dict[str, Any]:
    return {name: rows for name, rows in house.state().items() if name not in _OF_JOBS}


_OF_JOBS = ("job", "sqlite_sequence", "store_value")
"""What a failed job changes: its own row, and the clock."""


def _seconds_to_the_next(house: House) -> float:
    due: float = house.runtime.store.value("SELECT min(due) FROM job")
    return max(0.0, due - house.runtime.clock.now())


def _queue(house: House, name: str, **attributes: str) -> str:
    request = {"QueueName": name, "Attributes": attributes}
    url: str = house.call("sqs", "CreateQueue", request)["QueueUrl"]
    return url


def _purged(house: House) -> None:
    url = _queue(house, "queue")
    for _ in range(3):
        house.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": "x"})
    house.call("sqs", "PurgeQueue", {"QueueUrl": url})


def _moving(house: House) -> None:
    dead = _queue(house, "dead")
    arn = "arn:aws:sqs:us-east-1:111122223333:dead"
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"1"}}'
    url = _queue(house, "queue", RedrivePolicy=policy, VisibilityTimeout="0")
    for _ in range(3):
        house.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": "x"})
    for _ in range(2):
        house.call("sqs", "ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 10})
    house.call("sqs", "StartMessageMoveTask", {"SourceArn": arn})
    assert dead != url


@pytest.mark.parametrize("prepare", [_purged, _moving])
def test_a_job_that_fails_leaves_nothing_and_runs_again(prepare: Any) -> None:
    failures = 0
    for number in range(1, MOST_WRITES):
        house = House()
        prepare(house)
        before = _without_jobs(house)
        with house.failing(number), contextlib.suppress(Broken):  # it may be the clock's own write
            house.advance(_seconds_to_the_next(house))
        if _without_jobs(house) != before:  # it was not one of the job's
            house.close()
            break
        failures += 1
        assert house.runtime.store.all("SELECT attempts FROM job") == [(1,)]
        assert house.advance(_seconds_to_the_next(house)) == 1
        assert _without_jobs(house) != before
        assert house.runtime.store.all("SELECT attempts FROM job WHERE attempts > 0") == []
        house.close()
    else:
        pytest.fail(f"the job writes more than {MOST_WRITES} times")
    assert failures > 2
