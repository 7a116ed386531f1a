"""SQS without a server: handlers called one after the other, on a clock that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from runtime import dispatch, principals
from runtime.context import Context, Members
from runtime.runtime import Runtime, open_runtime
from runtime.settings import Settings
from server.handlers import Registry

ACCOUNT = "111122223333"
REGION = "eu-west-1"


class InProcess:
    """A runtime of its own, with the SQS of one account in it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        service = runtime.services.find("sqs")
        assert service is not None
        self._service = service
        service.prepare(runtime.store)

    def context(self, operation: str) -> Context:
        """What an operation knows of its surroundings."""
        return Context(
            self.runtime,
            service="sqs",
            operation=operation,
            account=ACCOUNT,
            region=REGION,
            principal=principals.root(ACCOUNT),
            request_id="request",
            endpoint_url="http://localhost:4566",
            protocol="json",
        )

    def __call__(self, operation: str, **request: Any) -> Members:
        """Call an operation. Raises its Error."""
        handler = self._service.handler(operation)
        assert handler is not None
        answer = dispatch.perform(self.runtime, self.context(operation), handler, request)
        return answer or {}

    def create(self, name: str, **attributes: object) -> str:
        """The URL of a new queue."""
        given = {key: str(value) for key, value in attributes.items()}
        return str(self("CreateQueue", QueueName=name, Attributes=given)["QueueUrl"])

    def advance(self, seconds: float) -> None:
        """Move the clock; jobs don't run."""
        self.runtime.clock.freeze(self.runtime.clock.now() + seconds)

    def counts(self, url: str) -> tuple[int, int, int]:
        """How many messages are available, delayed and in flight."""
        found = self("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return (
            int(found["ApproximateNumberOfMessages"]),
            int(found["ApproximateNumberOfMessagesDelayed"]),
            int(found["ApproximateNumberOfMessagesNotVisible"]),
        )


@contextmanager
def sqs_in_process() -> Iterator[InProcess]:
    """SQS with nothing in it, on a frozen clock."""
    runtime = open_runtime(Settings(seed=1), Registry())
    try:
        runtime.clock.freeze(1_800_000_000.0)
        yield InProcess(runtime)
    finally:
        runtime.commit()
        runtime.store.close()
        _remove(runtime)


def _remove(runtime: Runtime) -> None:
    import shutil

    shutil.rmtree(runtime.folder, ignore_errors=True)
