"""The server as a process: how it begins, what it bears, how it ends."""

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from fogbank import Server, StartError
from runtime.settings import Settings
from server.main import endpoint_url
from tests.guards.sources import ROOT
from tests.server import crashing, raw

IPV6 = pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="no IPv6 here")
SECONDS = 20.0
"""Longer than any of it takes."""


def _words(*more: str) -> list[str]:
    return [sys.executable, "-m", "fogbank", "serve", f"--parent-pid={os.getpid()}", *more]


def _environment() -> dict[str, str]:
    return {**os.environ, "FOGBANK_COMPATIBILITY": "off"}


@contextlib.contextmanager
def process(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """A server that has said `Ready.`, and is gone after the block whatever happens."""
    with subprocess.Popen(
        _words(*words), cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            assert select.select([server.stdout], [], [], SECONDS)[0], "it says nothing"
            assert server.stdout.readline() == "Ready.\n"
            yield server
        finally:
            server.kill()


def refused(*words: str) -> str:
    """The last line of a server that doesn't start, and says why."""
    ended = subprocess.run(
        _words(*words),
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    return ended.stderr.rstrip().rpartition("\n")[2]


def request(operation: str, **members: Any) -> bytes:
    """A request to SQS."""
    headers = {
        "x-amz-target": f"AmazonSQS.{operation}",
        "content-type": "application/x-amz-json-1.0",
        **raw.claimed("sqs"),
    }
    return raw.request("POST", "/", headers, json.dumps(members).encode())


def call(wire: raw.Wire, operation: str, **members: Any) -> None:
    """Write a request to SQS."""
    wire.write(request(operation, **members))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server for what leaves no traces."""
    with Server(s3_namespace="account") as started:
        yield started


# how it begins and ends ---------------------------------------------------------------------------


def test_the_port_file_tells_where_it_is_and_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "port.json"
    with process("--host=127.0.0.1", "--port=0", f"--port-file={path}") as server:
        content = json.loads(path.read_text())
        assert content["pid"] == server.pid
        assert content["endpoint_url"] == f"http://127.0.0.1:{content['port']}"
        with raw.connected(content["endpoint_url"]) as wire:
            call(wire, "ListQueues")
            assert wire.read().status == 200
            server.send_signal(signal.SIGINT)
            assert wire.ended()
        assert server.wait(SECONDS) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_port_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "port.json"
    line = refused("--host=127.0.0.1", "--port=0", f"--port-file={path}")
    assert line.endswith(f"{path} cannot be written: No such file or directory")


@pytest.mark.parametrize("service", ["s3", "sqs", "sts"])
def test_the_first_answer_is_there_with_the_port_file(service: str) -> None:
    with Server() as server:
        client = server.client(service, config=crashing.ONCE)
        operation = {"s3": "list_buckets", "sqs": "list_queues", "sts": "get_caller_identity"}
        answer = getattr(client, operation[service])()
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_told_to_stop_it_answers_long_polls_and_ends_at_once(tmp_path: Path) -> None:
    path = tmp_path / "port.json"
    with process("--host=127.0.0.1", "--port=0", f"--port-file={path}") as server:
        url = json.loads(path.read_text())["endpoint_url"]
        with raw.connected(url) as polling, raw.connected(url) as other:
            call(other, "CreateQueue", QueueName="orders")
            queue_url = json.loads(other.read().body)["QueueUrl"]
            call(polling, "ReceiveMessage", QueueUrl=queue_url, WaitTimeSeconds=20)
            call(other, "ListQueues")
            assert other.read().status == 200
            server.terminate()
            answer = polling.read()
            assert (answer.status, json.loads(answer.body)) == (200, {})
            assert polling.ended()
            assert other.ended()
        assert server.wait(4.0) == 0  # less than requests in flight have, and than the poll


def test_endpoint_urls() -> None:
    for hosts, tls, expected in (
        (["127.0.0.1", "::1"], False, "http://127.0.0.1:1"),
        (["0.0.0.0"], True, "https://127.0.0.1:1"),
        (["::"], False, "http://[::1]:1"),
        (["fd00::7"], True, "https://[fd00::7]:1"),
        (["devbox"], False, "http://devbox:1"),
    ):
        assert endpoint_url(Settings(hosts=hosts, tls=tls), 1) == expected


# addresses ----------------------------------------------------------------------------------------


@IPV6
def test_it_is_at_ipv6_as_well(tmp_path: Path) -> None:
    with Server(host="::1") as server:
        assert server.endpoint_url.startswith("http://[::1]:")
        url = server.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
        server.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    path = tmp_path / "port.json"
    with process("--port=0", f"--port-file={path}"):
        port = json.loads(path.read_text())["port"]
        for host in ("127.0.0.1", "[::1]"):
            assert raw.send(f"http://{host}:{port}", "GET", "/_fogbank/health").status == 200


def test_a_taken_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("--host=127.0.0.1", f"--port={port}")
    assert f"port {port} is taken on 127.0.0.1 by another program" in line


def test_https_is_trusted_by_the_authority_and_http_is_on_the_same_port(tmp_path: Path) -> None:
    with Server(tls=True, data=tmp_path) as server:
        port = server.endpoint_url.rpartition(":")[2]
        silent = socket.create_connection(("127.0.0.1", int(port)))
        names: dict[str, Any] = {
            "aws_access_key_id": "111122223333",
            "aws_secret_access_key": "x",
            "region_name": "eu-west-1",
        }
        session = boto3.Session(**names)
        secure = session.client(
            "s3",
            endpoint_url=f"https://localhost:{port}",
            verify=str(tmp_path / "certificates/ca.pem"),
        )
        plain = session.client("s3", endpoint_url=f"http://localhost:{port}")
        place: Any = {"LocationConstraint": "eu-west-1"}
        secure.create_bucket(Bucket="orders", CreateBucketConfiguration=place)
        body = os.urandom(300_000)
        secure.put_object(Bucket="orders", Key="x", Body=body)
        assert plain.get_object(Bucket="orders", Key="x")["Body"].read() == body
        silent.close()


# connections --------------------------------------------------------------------------------------


def test_connections_that_say_nothing_or_half_block_nobody() -> None:
    with contextlib.ExitStack() as closing, Server() as server:
        idle = [closing.enter_context(raw.connected(server.endpoint_url)) for _ in range(100)]
        for wire in idle[:50]:
            wire.write(b"POST / HTTP/1.1\r\nhost: x\r\nconte")
        with raw.connected(server.endpoint_url) as wire:
            call(wire, "ListQueues")
            assert wire.read().status == 200
        os.kill(server.pid, signal.SIGTERM)
        assert all(wire.ended() for wire in idle)
        assert server._process.wait(4.0) == 0


def test_requests_in_a_pipeline_are_answered_in_their_order(server: Server) -> None:
    with raw.connected(server.endpoint_url) as wire:
        wire.write(
            b"".join(request("CreateQueue", QueueName=f"pipeline-{number}") for number in range(20))
        )
        for number in range(20):
            answer = wire.read()
            assert json.loads(answer.body)["QueueUrl"].endswith(f"/pipeline-{number}")
            assert answer.headers.get("connection") != "close"


def test_who_expects_100_continue_gets_it(server: Server) -> None:
    headers = {**raw.claimed("s3"), "expect": "100-continue"}
    with raw.connected(server.endpoint_url) as wire:
        wire.write(raw.request("PUT", "/expecting", raw.claimed("s3")))
        assert wire.read("PUT").status == 200
        wire.write(raw.request("PUT", "/expecting/x", {**headers, "content-length": "5"}))
        interim = wire.socket.recv(1000)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.write(b"hello")
        assert wire.read("PUT").status == 200
        wire.write(raw.request("GET", "/expecting/x", raw.claimed("s3")))
        assert wire.read("GET").body == b"hello"


def test_a_body_of_64_mib_goes_in_and_out(server: Server) -> None:
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=40)
    s3 = server.client("s3", config=config)
    s3.create_bucket(Bucket="large")
    body = os.urandom(1024 * 1024) * 64
    put = s3.put_object(Bucket="large", Key="x", Body=body)
    assert put["ETag"].strip('"') == hashlib.md5(body).hexdigest()
    digest, size = hashlib.sha256(), 0
    for piece in s3.get_object(Bucket="large", Key="x")["Body"].iter_chunks(1024 * 1024):
        digest.update(piece)
        size += len(piece)
    assert (size, digest.digest()) == (len(body), hashlib.sha256(body).digest())


# the state ----------------------------------------------------------------------------------------


def test_the_state_stays_over_restarts(tmp_path: Path) -> None:
    for number in range(3):
        with Server(data=tmp_path) as server:
            s3, sqs = server.client("s3"), server.client("sqs")
            if number == 0:
                s3.create_bucket(Bucket="orders")
                sqs.create_queue(QueueName="orders")
            for earlier in range(number):
                read = s3.get_object(Bucket="orders", Key=str(earlier))["Body"].read()
                assert read == b"%d" % earlier * 100_000
            s3.put_object(Bucket="orders", Key=str(number), Body=b"%d" % number * 100_000)
            url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=str(number))
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            count = attributes["Attributes"]["ApproximateNumberOfMessages"]
            assert count == str(number + 1)


def test_what_was_acknowledged_outlives_every_crash(tmp_path: Path) -> None:
    server = Server(data=tmp_path)
    try:
        server.client("s3").create_bucket(Bucket=crashing.BUCKET)
        for number in range(20):
            prefix = f"crash{number}"
            sqs = server.client("sqs", config=crashing.ONCE)
            url = sqs.create_queue(QueueName=prefix)["QueueUrl"]
            load = crashing.Load(server, url, prefix)
            load.until(10 + number * 3, server.kill)
            server.stop()
            server = Server(data=tmp_path)
            url = server.client("sqs").get_queue_url(QueueName=prefix)["QueueUrl"]
            assert crashing.messages(server, url) >= load.sent
            found = crashing.objects(server, prefix)
            current = found.pop(f"{prefix}-current", f"{prefix}-current--1")
            assert int(current.removeprefix(f"{prefix}-current-")) >= load.current
            assert found.keys() >= load.put
            assert all(key == name for key, name in found.items())
    finally:
        server.stop()


def _database(tmp_path: Path) -> Path:
    """The database's file of a data folder that a server has used."""
    with Server(data=tmp_path) as server:
        server.client("sqs").create_queue(QueueName="orders")
    return tmp_path / "state.db"


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = _database(tmp_path)
    content = path.read_bytes()
    for damaged in (
        b"not a database at all".ljust(len(content), b"."),
        content[: len(content) // 2],
        content[:5000] + b"\xff" * 20_000 + content[25_000:],
    ):
        path.write_bytes(damaged)
        line = refused("--host=127.0.0.1", "--port=0", f"--data={tmp_path}")
        assert str(path) in line
        assert "damaged" in line
        assert path.read_bytes() == damaged  # it is left as it is, for whoever can mend it
    path.write_bytes(content)
    with Server(data=tmp_path) as server:
        assert len(server.client("sqs").list_queues()["QueueUrls"]) == 1


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = _database(tmp_path)
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE address (name TEXT)")
    line = refused("--host=127.0.0.1", "--port=0", f"--data={tmp_path}")
    assert f"{path} is another program's database, not fogbank's" in line


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with Server(data=tmp_path) as server:
        line = refused("--host=127.0.0.1", "--port=0", f"--data={tmp_path}")
        assert f"another fogbank (pid {server.pid}) uses {tmp_path}" in line
        with pytest.raises(StartError, match=rf"status 1:[\s\S]*pid {server.pid}"):
            Server(data=tmp_path)
        assert server.health()["status"] == "ok"
    taken = tmp_path / "file"
    taken.write_text("")
    line = refused("--host=127.0.0.1", "--port=0", f"--data={taken}")
    assert f"the data folder {taken} cannot be used: File exists" in line
