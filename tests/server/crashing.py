"""Load on a server that is killed, and what must be there afterwards."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from fogbank import Server

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10)
BUCKET = "crashes"
_WAIT_SECONDS = 20.0
_SIZES = (0, 40, 5_000, 70_000, 300_000)


def content(name: str) -> bytes:
    """What a message or object of this name holds: half of it can't be taken for the whole."""
    size = _SIZES[int(hashlib.sha256(name.encode()).hexdigest(), 16) % len(_SIZES)]
    seed = f"{name}\n".encode()
    return seed * (size // len(seed) + 1)


class Load:
    """Clients that write as fast as they can, until the server is gone."""

    def __init__(self, server: Server, queue_url: str, prefix: str) -> None:
        self.sent: set[str] = set()
        self.put: set[str] = set()
        self.current = -1
        """The last number with which one object was overwritten."""
        self._queue_url = queue_url
        self._prefix = prefix
        self._acknowledged = threading.Semaphore(0)
        self._gone = threading.Event()
        self._sqs = server.client("sqs", config=ONCE)
        self._s3 = server.client("s3", config=ONCE)

    def until(self, count: int, kill: Callable[[], None]) -> None:
        """Write until so many writes are acknowledged, and then on until the server is killed."""
        writers = (self._send, self._send, self._put, self._put, self._overwrite)
        with ThreadPoolExecutor(len(writers)) as threads:
            running = [
                threads.submit(self._write, writer, f"{self._prefix}-{number}")
                for number, writer in enumerate(writers)
            ]
            try:
                for _ in range(count):
                    assert self._acknowledged.acquire(timeout=_WAIT_SECONDS)
            finally:
                kill()
                self._gone.set()
            for one in running:
                one.result(_WAIT_SECONDS)

    def _write(self, writer: Callable[[str, int], None], name: str) -> None:
        number = 0
        while True:
            try:
                writer(f"{name}-{number}", number)
            except ClientError:
                raise  # the server answers rightly or not at all
            except BotoCoreError:
                assert self._gone.wait(_WAIT_SECONDS)
                return
            self._acknowledged.release()
            number += 1

    def _send(self, name: str, _number: int) -> None:
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=content(name).decode())
        self.sent.add(name)

    def _put(self, name: str, _number: int) -> None:
        self._s3.put_object(Bucket=BUCKET, Key=name, Body=content(name))
        self.put.add(name)

    def _overwrite(self, _name: str, number: int) -> None:
        body = content(f"{self._prefix}-current-{number}")
        self._s3.put_object(Bucket=BUCKET, Key=f"{self._prefix}-current", Body=body)
        self.current = number


def messages(server: Server, queue_url: str) -> set[str]:
    """The names of all messages of a queue, each of them whole."""
    found: set[str] = set()
    sqs = server.client("sqs", config=ONCE)
    while True:
        answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        if "Messages" not in answer:
            return found
        found |= {_whole(message["Body"].encode()) for message in answer["Messages"]}


def objects(server: Server, prefix: str) -> dict[str, str]:
    """The objects of a prefix, each of them whole: the names that their bodies hold, by key."""
    s3: Any = server.client("s3", config=ONCE)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}-")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {key: _whole(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys}


def _whole(body: bytes) -> str:
    name = body.partition(b"\n")[0].decode()
    assert body == content(name), f"{name} is there by half"
    return name
