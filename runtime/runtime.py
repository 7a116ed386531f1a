"""The runtime: one of everything, opened together, and the ways from one operation to another."""

import asyncio
import fcntl
import inspect
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import orjson

from protocols.codec import validate
from protocols.errors import Error, Invalid
from protocols.model import Service as Model
from runtime import credentials, principals, resources, tags
from runtime.bodies import Bodies
from runtime.clock import Clock
from runtime.context import Context, Members
from runtime.faults import Faults
from runtime.ids import Ids
from runtime.journal import BODY_BYTES, Entry, Journal
from runtime.metrics import Metrics
from runtime.principals import Principal
from runtime.scheduler import Job, Scheduler
from runtime.settings import Config, Settings
from runtime.store import COMMIT_SECONDS, Store, StoreError

log = logging.getLogger("fogbank.runtime")

Handler = Callable[..., Any]


class Service(Protocol):
    """What the runtime needs of a service's folder."""

    name: str

    @property
    def model(self) -> Model:
        """Its operations and shapes."""

    def handler(self, operation: str) -> Handler | None:
        """The function of an operation, if there is one."""

    def job(self, function: str) -> Handler | None:
        """A function of its `jobs.py`."""

    def prepare(self, store: Store) -> None:
        """Make sure that its tables are there."""


class Services(Protocol):
    """Where services are found by botocore's name of them."""

    def find(self, service: str) -> Service | None:
        """A service that botocore knows, whether anything of it is there or not."""


class Runtime:
    """One server's state and everything that acts on it; made by `open_runtime`."""

    def __init__(self, settings: Settings, services: Services, folder: Path) -> None:
        self.settings = settings
        self.config: Config = settings.config
        self.services = services
        self.folder = folder
        self.stopping = False
        self.hooks: Any = None
        """The server's init hooks, once there are any."""
        self.clock = Clock()
        self.started_real = self.clock.real()
        self.ids = Ids(settings.seed)
        self.faults = Faults(self.ids)
        self.metrics = Metrics()
        self.presigned: dict[str, float] = {}
        """Signatures of URLs that don't say when they were made: the virtual moment they expire."""
        durable = settings.data is not None
        self.store = Store(folder / "state.db", durable=durable)
        for schema in (credentials.SCHEMA, tags.SCHEMA, resources.SCHEMA):
            self.store.script(schema)
        self.bodies = Bodies(folder / "bodies", self.store, self.ids, self.after_commit)
        self.journal = Journal(
            folder / "journal.db",
            rows=settings.journal_rows,
            size_bytes=settings.journal_bytes,
            durable=durable,
        )
        self.scheduler = Scheduler(self.store, self.clock, self._run_job)
        self._load_clock()
        self.store.commit()
        self._lock: IO[bytes] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._committing: asyncio.Handle | None = None
        self._committed: asyncio.Future[None] | None = None
        self._actions: list[Callable[[], None]] = []

    # from start to stop ------------------------------------------------------------------------

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to commit and to run what falls due."""
        self._loop = loop
        self.store.on_dirty = self._schedule_commit
        if self.settings.data is not None:
            self.bodies.sweep()
        self.scheduler.start(loop)

    def stop_waiting(self) -> None:
        """Answer parked requests, and run nothing more: the server is about to stop."""
        self.stopping = True
        self.scheduler.stop()

    async def close(self) -> None:
        """Write what is left, close the files, and remove them unless they are to stay."""
        self.stop_waiting()
        await self.journal.close()
        self.commit()
        self.store.on_dirty = lambda: None
        self.store.close()
        if self._lock is not None:
            self._lock.close()
        if self.settings.data is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    # commits -----------------------------------------------------------------------------------

    def _schedule_commit(self) -> None:
        """The first write since the last commit: durable ones end with the loop's tick."""
        if self._loop is None or self._committing is not None:
            return
        if self.store.durable:
            self._committing = self._loop.call_soon(self._commit_in_turn)
        else:
            self._committing = self._loop.call_later(COMMIT_SECONDS, self._commit_in_turn)

    def _commit_in_turn(self) -> None:
        try:
            self.commit()
        except Exception:
            log.exception("the state could not be written")

    def commit(self) -> None:
        """Make all writes so far permanent, then let the answers that wait for that leave.

        Raises StoreError when they could not be written: they are undone, what was to follow them
        does not happen, and the answers that wait fail.
        """
        if self._committing is not None:
            self._committing.cancel()
            self._committing = None
        waiting, self._committed = self._committed, None
        actions, self._actions = self._actions, []
        try:
            self.store.commit()
        except Exception as failure:
            if waiting is not None and not waiting.done():
                waiting.set_exception(failure)
            raise
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        for action in actions:
            action()

    def committed(self) -> "asyncio.Future[None]":
        """Done when everything written so far is permanent."""
        if self._committed is None:
            assert self._loop is not None
            self._committed = self._loop.create_future()
        return self._committed

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run an action once what is written now is permanent; it must bear its write's undoing."""
        self._actions.append(action)

    # operations --------------------------------------------------------------------------------

    def authorize(self, context: Context, request: Members) -> None:
        """Where policies will decide: principal, action, resources and conditions are known here.

        Nothing is refused yet, which is why `iam` can only be `off` (see `settings.Config`).
        """

    @contextmanager
    def operation_frame(self, context: Context) -> Iterator[None]:
        """A frame of an operation that has several, with what follows each of them."""
        with self.store.frame():
            yield
        self.settle_effects(context)

    def settle_effects(self, context: Context) -> None:
        """Wake who waits for what an operation changed, and carry out its effects elsewhere."""
        topics, context.topics = context.topics, None
        if topics is not None and self.scheduler.has_waiters:
            for topic in topics:
                self.scheduler.changed(topic)
        actions, context.actions = context.actions, None
        if actions is not None:
            if self.store.durable and self.store.dirty:
                self._actions += actions
            else:
                for action in actions:
                    action()

    def call(
        self,
        context: Context,
        service: str,
        operation: str,
        request: Members,
        *,
        principal: Principal | str | None = None,
        source_arn: str | None = None,
        account: str | None = None,
        region: str | None = None,
    ) -> Members:
        """One service calls another's operation (see `Context.call`)."""
        account = account or context.account
        if isinstance(principal, str):
            principal = principals.service(principal, account)
        child = Context(
            self,
            service=service,
            operation=operation,
            account=account,
            region=region or context.region,
            principal=principal or context.principal,
            request_id=self.ids.uuid(),
            endpoint_url=context.endpoint_url,
            parent=context.request_id,
            source_arn=source_arn,
            source_ip=context.source_ip,
        )
        started = self.clock.monotonic()
        try:
            answer = self._called(child, request)
        except Error as error:
            self.record(child, request, None, error, started)
            raise
        self.record(child, request, answer, None, started)
        if child.topics is not None:
            context.topics = [*(context.topics or ()), *child.topics]
        if child.actions is not None:
            context.actions = [*(context.actions or ()), *child.actions]
        return answer

    def _called(self, context: Context, request: Members) -> Members:
        service = self.services.find(context.service)
        handler = None if service is None else service.handler(context.operation)
        if service is None or handler is None:
            raise not_implemented(context.service, context.operation)
        operation = service.model.operations[context.operation]
        try:
            validate(operation, request)
        except Invalid as invalid:
            raise Error("ValidationException", str(invalid), status=400) from None
        service.prepare(self.store)
        if self.config.iam != "off":
            self.authorize(context, request)
        with self.store.frame():
            answer = handler(context, request)
        if inspect.iscoroutine(answer):
            answer.close()
            raise TypeError(f"{context.service}.{context.operation} cannot be called in-process")
        return answer or {}

    def _run_job(self, job: Job) -> Callable[[], None]:
        """Carry out a job inside its frame; answers what is to happen when the frame has ended."""
        payload = job.payload
        service = self.services.find(job.service)
        if service is None:
            raise LookupError(f"a job of {job.service}, which does not exist")
        context = Context(
            self,
            service=job.service,
            operation=job.function,
            account=job.account,
            region=job.region,
            principal=principals.service(f"{job.service}.amazonaws.com", job.account),
            request_id=self.ids.uuid(),
            parent=job.parent,
        )
        service.prepare(self.store)
        if job.function:
            handler = service.job(job.function)
            if handler is None:
                raise LookupError(f"services/{job.service}/jobs.py has no {job.function}")
            handler(context, payload)
        else:
            context.request_id = job.parent
            self.call(
                context,
                job.service,
                payload["operation"],
                payload["request"],
                principal=payload["principal"],
                source_arn=payload["source_arn"],
            )
        return lambda: self.settle_effects(context)

    def record(
        self,
        context: Context,
        request: Any,
        answer: Any,
        error: Error | None,
        started: float,
        status: int = 0,
        user_agent: str = "",
        size_bytes: int = BODY_BYTES,
    ) -> None:
        """Put one call into the journal; `size_bytes` is how long it was on the wire, if it was."""
        code = message = None
        if error is not None:
            code, message = error.code, error.message
            status = status or error.status or 400
        seconds = self.clock.monotonic() - started
        self.metrics.count(context.service, context.operation, status or 200, seconds)
        self.journal.append(
            Entry(
                context.request_id,
                context.parent,
                context.now,
                int(seconds * 1e6),
                context.service,
                context.operation,
                context.account,
                context.region,
                context.principal.arn,
                context.principal.access_key_id,
                context.source_ip,
                user_agent,
                status or 200,
                code,
                message,
                request,
                answer,
            ),
            size_bytes,
        )

    # the clock ---------------------------------------------------------------------------------

    async def advance(self, seconds: float) -> int:
        """Move virtual time forward, running what falls due; answers how much that was."""
        fired = await self.scheduler.advance(seconds)
        self._keep_clock()
        return fired

    def freeze(self, at: float | None = None) -> None:
        """Stop the flow of virtual time, at a moment if one is given."""
        self.clock.freeze(at)
        self._keep_clock()

    def resume(self) -> None:
        """Let virtual time flow on."""
        self.clock.resume()
        self._keep_clock()

    def _keep_clock(self) -> None:
        """A later server with the same data goes on from here: time must not run backwards."""
        self.store.set("clock", orjson.dumps(self.clock.state()).decode())
        self.scheduler.poke()

    def _load_clock(self) -> None:
        text = self.store.setting("clock")
        if text is not None:
            self.clock.go_on(orjson.loads(text))


def not_implemented(service: str, operation: str) -> Error:
    """What isn't there says so, by name."""
    return Error("NotImplemented", f"fogbank does not implement {service}.{operation}", status=501)


def open_runtime(settings: Settings, services: Services) -> Runtime:
    """Open the state in the data folder, or a new one in a temporary folder.

    Raises StoreError when the folder can't be used: damaged, foreign, or in use by another server.
    """
    if settings.data is None:
        return Runtime(settings, services, Path(tempfile.mkdtemp(prefix="fogbank-")))
    folder = settings.data
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("ab")
    except OSError as failure:
        raise StoreError(f"the data folder {folder} cannot be used: {failure.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StoreError(f"another fogbank (pid {_owner(folder)}) uses {folder}") from None
    (folder / "pid").write_text(str(os.getpid()))
    runtime = Runtime(settings, services, folder)
    runtime._lock = lock
    return runtime


def _owner(folder: Path) -> str:
    try:
        return (folder / "pid").read_text()
    except OSError:
        return "unknown"
