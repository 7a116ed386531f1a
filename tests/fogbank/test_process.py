"""Servers of one's own: how they start, what they are told, and how they end."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import boto3
import pytest

from fogbank import Server, StartError
from fogbank.process import arguments
from fogbank.testing import Aws


def is_there(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet doesn't."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_it_answers_from_start_to_stop() -> None:
    server = Server()
    try:
        assert server.running
        assert server.client("sts").get_caller_identity()["Account"] == "000000000000"
        assert "Ready." in server.log
        assert repr(server) == f"<fogbank Server {server.endpoint_url}>"
    finally:
        server.stop()
    assert not server.running
    assert not is_there(server.pid)
    assert server.log == ""
    server.stop()


def test_a_with_block_ends_it_whatever_happens() -> None:
    with pytest.raises(KeyError), Server() as server:
        raise KeyError
    assert not server.running


def test_several_run_side_by_side() -> None:
    with Server() as one, Server(region="eu-west-1") as other:
        assert one.endpoint_url != other.endpoint_url
        one.client("sqs").create_queue(QueueName="orders")
        assert "QueueUrls" not in other.client("sqs").list_queues()
        assert other.client("sqs").meta.region_name == "eu-west-1"


def test_options_reach_the_server() -> None:
    with Server(
        default_account="111122223333", limits="enforce", services=["sts", "sqs"], seed=1
    ) as server:
        assert server.config()["limits"] == "enforce"
        assert server.health()["services"]["s3"] == "disabled"
        assert server.client("sts").get_caller_identity()["Account"] == "111122223333"


def test_the_environment_of_a_test_does_not_configure_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICES", "sqs")
    monkeypatch.setenv("GATEWAY_LISTEN", "0.0.0.0:1")
    with Server() as server:
        assert server.health()["services"]["s3"] == "available"


def test_with_a_folder_the_state_stays(tmp_path: Path) -> None:
    with Server(data=tmp_path) as server:
        server.client("sqs").create_queue(QueueName="orders")
        server.kill()
        assert not server.running
    with Server(data=tmp_path) as server:
        assert len(server.client("sqs").list_queues()["QueueUrls"]) == 1


def test_what_it_made_for_itself_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Server() as server:
        assert any(tmp_path.iterdir())
        server.snapshot("one")
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    with Server(data=tmp_path) as server:
        with pytest.raises(StartError, match=r"status 1:[\s\S]*another fogbank"):
            Server(data=tmp_path)
        port = int(server.endpoint_url.rpartition(":")[2])
        with pytest.raises(StartError, match="status 1"):
            Server(port)
    with pytest.raises(StartError, match="not one of off, enforce"):
        Server(limits="some")


@pytest.mark.parametrize("ending", ["os._exit(0)", "os.kill(os.getpid(), 9)", "sys.exit(0)"])
def test_it_ends_with_whoever_started_it(ending: str) -> None:
    script = (
        "import os, sys, fogbank\n"
        "server = fogbank.Server()\n"
        "print(server.pid, server.endpoint_url, flush=True)\n"
        f"{ending}\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid, endpoint_url = process.stdout.readline().decode().split()
        process.wait(10)
    if is_there(int(pid)):
        reader = os.pidfd_open(int(pid))
        assert select.select([reader], [], [], 10)[0], f"{endpoint_url} still runs"
        os.close(reader)


def test_a_fork_does_not_stop_it() -> None:
    with Server() as server:
        script = f"import os; os.kill({server.pid}, 0)"
        subprocess.run([sys.executable, "-c", script], check=True)
        child = os.fork()
        if not child:  # pragma: no cover
            server.stop()
            os._exit(0)
        os.waitpid(child, 0)
        assert server.running
        assert server.health()["status"] == "ok"


def test_ctrl_c_is_for_the_users_program() -> None:
    with Server() as server:
        assert os.getpgid(server.pid) != os.getpgid(0)
        os.kill(server.pid, signal.SIGTERM)


def test_addresses() -> None:
    with Server(host="0.0.0.0") as server:
        assert server.endpoint_url.startswith("http://127.0.0.1:")
        with urlopen(f"{server.endpoint_url}/_fogbank/health") as response:
            assert json.load(response)["status"] == "ok"


def test_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(tls=True) as server:
        assert server.endpoint_url.startswith("https://")
        assert server.health()["status"] == "ok"
        assert server.client("sts").get_caller_identity()["Account"] == "000000000000"
        assert server.resource("sqs").create_queue(QueueName="orders").url.startswith("https://")
        variables = Aws(server, "111122223333").environment()
        bundle = Path(variables["AWS_CA_BUNDLE"])
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert boto3.Session().client("sts").get_caller_identity()["Account"] == "111122223333"
    del server
    assert not bundle.exists()


def test_options_as_words() -> None:
    options = {
        "port": 0,
        "data": None,
        "tls": True,
        "eager": False,
        "allowed_hosts": ["a", "b"],
        "hooks": (Path("x"),),
    }
    assert arguments(options) == [
        "--port=0",
        "--tls",
        "--no-eager",
        "--allowed-hosts=a,b",
        "--hooks=x",
    ]
