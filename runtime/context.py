"""The context: all that an operation knows and may use besides its request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from protocols.http import Request
from runtime import arns
from runtime.bodies import Bodies
from runtime.ids import Ids
from runtime.principals import Principal
from runtime.settings import Config
from runtime.store import Store

if TYPE_CHECKING:
    from runtime.runtime import Runtime

Members = dict[str, Any]
"""A request or an answer: AWS's member names; blobs are bytes, times epoch seconds."""


class Context:
    """One operation's surroundings: of a request, a job or a call between services."""

    __slots__ = (
        "_now",
        "account",
        "actions",
        "endpoint_url",
        "http",
        "operation",
        "parent",
        "principal",
        "protocol",
        "region",
        "request_id",
        "runtime",
        "service",
        "source_arn",
        "source_ip",
        "topics",
        "waited",
    )

    def __init__(
        self,
        runtime: Runtime,
        *,
        service: str,
        operation: str,
        account: str,
        region: str,
        principal: Principal,
        request_id: str,
        http: Request | None = None,
        endpoint_url: str = "",
        protocol: str = "",
        parent: str = "",
        source_arn: str | None = None,
        source_ip: str = "",
    ) -> None:
        self.runtime = runtime
        self.service = service
        self.operation = operation
        self.account = account
        self.region = region
        self.principal = principal
        self.request_id = request_id
        self.http = http
        self.endpoint_url = endpoint_url
        self.protocol = protocol
        self.parent = parent
        """The request that caused this one; empty for a client's own."""
        self.source_arn = source_arn
        """On whose behalf a service calls (`aws:SourceArn`)."""
        self.source_ip = source_ip
        self.waited = 0.0
        """Seconds this request has been parked by `Wait` so far."""
        self.topics: list[str] | None = None
        self.actions: list[Callable[[], None]] | None = None
        self._now = 0.0

    # what there is -------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Virtual time in epoch seconds, the same throughout the operation."""
        if not self._now:
            self._now = self.runtime.clock.now()
        return self._now

    def restart_clock(self) -> None:
        """Read the time anew: the operation runs again, or another of its transactions begins."""
        self._now = 0.0

    @property
    def store(self) -> Store:
        """The database."""
        return self.runtime.store

    @property
    def ids(self) -> Ids:
        """The source of randomness."""
        return self.runtime.ids

    @property
    def config(self) -> Config:
        """How AWS behaves here."""
        return self.runtime.config

    @property
    def bodies(self) -> Bodies:
        """Files of large payloads."""
        return self.runtime.bodies

    @property
    def partition(self) -> str:
        """aws, aws-cn, aws-us-gov: where the region belongs."""
        return arns.partition(self.region)

    def arn(
        self,
        resource: str,
        service: str | None = None,
        *,
        region: str | None = None,
        account: str | None = None,
    ) -> str:
        """The ARN of a resource of this service, account and region; "" leaves a part empty."""
        return ":".join(
            (
                "arn",
                self.partition,
                service if service is not None else self.service,
                region if region is not None else self.region,
                account if account is not None else self.account,
                resource,
            )
        )

    # what can be caused --------------------------------------------------------------------------

    def changed(self, topic: str) -> None:
        """Something that requests may wait for happened: they run again once this one succeeded."""
        if self.topics is None:
            self.topics = []
        self.topics.append(topic)

    def after_commit(self, action: Callable[[], None]) -> None:
        """An effect outside the database, carried out once this operation is permanent."""
        if self.actions is None:
            self.actions = []
        self.actions.append(action)

    def call(
        self,
        service: str,
        operation: str,
        request: Members,
        *,
        principal: Principal | str | None = None,
        source_arn: str | None = None,
        account: str | None = None,
        region: str | None = None,
    ) -> Members:
        """Call another service's operation, as AWS's services do, in this transaction.

        It is validated, authorised and journaled. `principal` is the caller's own unless given; a
        string names a service (`s3.amazonaws.com`). Raises the operation's Error.
        """
        return self.runtime.call(
            self,
            service,
            operation,
            request,
            principal=principal,
            source_arn=source_arn,
            account=account,
            region=region,
        )

    def later(
        self,
        service: str,
        operation: str,
        request: Members,
        *,
        delay_seconds: float = 0.0,
        principal: str | None = None,
        source_arn: str | None = None,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Call an operation after this one's commit: a row in the outbox, retried till it succeeds.

        The request must be JSON values (no bytes, no streams).
        """
        self.runtime.scheduler.add(
            due=self.now + delay_seconds,
            service=service,
            function="",
            account=account or self.account,
            region=region or self.region,
            parent=self.request_id,
            payload={
                "operation": operation,
                "request": request,
                "principal": principal or f"{self.service}.amazonaws.com",
                "source_arn": source_arn,
            },
        )

    def schedule(
        self, function: str, payload: Members, *, at: float, key: str | None = None
    ) -> None:
        """Run `services/<this service>/jobs.py: function(context, payload)` at a virtual time.

        A job with the same key (per account and region) is replaced. The payload must be JSON
        values.
        """
        self.runtime.scheduler.add(
            due=at,
            service=self.service,
            function=function,
            account=self.account,
            region=self.region,
            parent=self.request_id,
            payload=payload,
            key=key,
        )

    def unschedule(self, key: str) -> None:
        """Take a keyed job of this service back."""
        self.runtime.scheduler.remove(self.service, self.account, self.region, key)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction of an `async def` handler: undone when the block raises."""
        self.restart_clock()
        with self.runtime.operation_frame(self):
            yield

    def task(self, name: str, work: Any) -> None:
        """Start a coroutine outside the thread once this is committed; `settle` waits for it."""
        scheduler = self.runtime.scheduler

        def start() -> None:
            scheduler.task(name, work)

        self.after_commit(start)
