"""Ten thousand requests with something wrong: no crash, no hang, no leak, and nothing is learnt."""

import contextlib
import re
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import NamedTuple, Self

import pytest

from fogbank import Server
from tests.hostile import mutations, seeds
from tests.hostile.mutations import Case
from tests.server.raw import Answer, Wire, connected

COUNT = 2_000
WARM = 600
GROWTH_KIB = 16 * 1024
SEED = 20_260_000
_LEAKS = re.compile(rb"Traceback|File \"|\.py\b|sqlite3|<locals>|0x7f[0-9a-f]{6}|object at 0x")


class Target(NamedTuple):
    """A server with something in it."""

    server: Server
    queue_url: str
    upload: str


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A server of its own, whose memory is watched."""
    with Server(strict_answers=True) as server:
        sqs, s3 = server.client("sqs"), server.client("s3")
        url = sqs.create_queue(QueueName="queue")["QueueUrl"]
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="key", Body=b"x")
        upload = s3.create_multipart_upload(Bucket="bucket", Key="big")["UploadId"]
        yield Target(server, url, upload)


def _resident_kib(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status")
    if not status.exists():
        pytest.skip("no /proc here: memory cannot be watched")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
    assert found is not None
    return int(found.group(1))


class Attacker:
    """Sends requests over a connection that is kept as long as it lasts."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._wire: Wire | None = None
        self.statuses: dict[int, int] = {}

    def send(self, case: Case) -> None:
        """One request that HTTP itself does not mind."""
        if self._wire is None:
            self._wire = Wire(self._server.endpoint_url)
        data = case.wire()
        try:
            self._wire.write(data)
            answer = self._wire.read(case.method)
        except TimeoutError:
            raise AssertionError(f"no answer to {data[:2000]!r}") from None
        except (OSError, HTTPException):
            self.close()  # the server would not go on with it
            return
        self._judge(data, answer)
        if answer.headers.get("connection") == "close":
            self.close()

    def send_raw(self, data: bytes) -> None:
        """Bytes on a connection of their own, then an end."""
        with connected(self._server.endpoint_url) as wire:
            try:
                wire.write(data)
                wire.socket.shutdown(1)
                told = b""
                while piece := wire.socket.recv(65536):
                    told += piece
            except TimeoutError:
                raise AssertionError(f"the connection stays open after {data[:2000]!r}") from None
            except OSError:
                return
        if told:
            status = int(told[9:12])
            self._judge(data, Answer(status, {}, told))

    def _judge(self, data: bytes, answer: Answer) -> None:
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        assert answer.status < 500 or answer.status == 501, f"{answer} to {data[:4000]!r}"
        leak = _LEAKS.search(answer.body)
        assert leak is None, f"{leak} in {answer.body[:2000]!r} to {data[:2000]!r}"

    def close(self) -> None:
        """End the connection."""
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.close()
        self._wire = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _cases(kind: str, target: Target, random: Random) -> list[Case]:
    if kind == "xml":
        return seeds.xml("bucket", target.upload)
    if kind == "noise":
        return seeds.noise(random)
    found: list[Case] = getattr(seeds, kind)(target.queue_url)
    return found


@pytest.mark.parametrize("kind", ["query", "json", "xml", "cbor", "noise"])
def test_seeds_are_what_they_claim(target: Target, kind: str) -> None:
    with Attacker(target.server) as attacker:
        for case in _cases(kind, target, Random(SEED)):
            attacker.send(case)
    if kind != "noise":
        assert attacker.statuses[200] >= 3
        assert attacker.statuses[501] >= 1
    assert sum(attacker.statuses.values()) == len(_cases(kind, target, Random(SEED)))


@pytest.mark.parametrize("kind", ["query", "json", "xml", "cbor", "noise"])
def test_mutated_requests_do_no_harm(target: Target, kind: str) -> None:
    random = Random(f"{SEED} {kind}")
    cases = _cases(kind, target, random)
    warm_kib = 0
    with Attacker(target.server) as attacker:
        for number in range(COUNT):
            case = random.choice(cases)
            if random.random() < 0.1:
                attacker.send_raw(mutations.unframed(random, case))
            else:
                attacker.send(mutations.framed(random, case))
            if number == WARM:
                warm_kib = _resident_kib(target.server)
    grown = _resident_kib(target.server) - warm_kib
    assert grown < GROWTH_KIB, f"{grown} KiB more after {COUNT - WARM} requests"
    assert "Traceback" not in target.server.log, target.server.log[-6000:]
    assert len(attacker.statuses) >= 3, attacker.statuses
    assert target.server.health()["status"] == "ok"
    assert target.server.client("sts").get_caller_identity()["Account"] == "000000000000"
