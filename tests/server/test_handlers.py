"""Services and their handlers: found without being imported, called by AWS's names."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fogbank import Server
from protocols import index, model
from protocols.errors import Violation
from protocols.http import Request
from server import handlers
from server.handlers import Registry, Service, folder_name, service_name
from tests.server.raw import claimed, send

_SOURCE = '''
"""Queues of a made-up kind."""

import re


def list_queues(context, request):
    """Answer them all."""
    return {"QueueUrls": []}


async def send_message(context, request):
    """Take a message, in time."""
    return {}


def helper(text):
    """What is no operation."""
    def get_queue_url(context, request):
        """Nor is this."""
    return get_queue_url


class Holder:
    def create_queue(self, context):
        """Nor is this."""
'''


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """SQS as another folder would do it."""
    folder = tmp_path / "madeup" / "sqs"
    folder.mkdir(parents=True)
    for package in (folder.parent, folder):
        (package / "__init__.py").write_text('ERRORS = {"Odd": 418}\n')
    (folder / "queues.py").write_text(_SOURCE)
    (folder / "jobs.py").write_text("def purge_queue(context, payload):\n    return payload\n")
    (folder / "errors.py").write_text("def delete_queue(): ...\n")
    (folder / "notes.txt").write_text("def tag_queue(): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    service = Service(index.entry("sqs"), folder)
    service.package = "madeup.sqs"
    return service


# names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "folder"),
    [
        ("sqs", "sqs"),
        ("lambda", "lambda_"),
        ("cognito-idp", "cognito_idp"),
        ("apigatewayv2", "apigatewayv2"),
    ],
)
def test_a_services_folder_is_a_package_of_python(service: str, folder: str) -> None:
    assert folder_name(service) == folder
    assert service_name(folder) == service


def test_every_service_of_awss_has_a_folders_name_of_its_own() -> None:
    names = [name for name in index.services() if index.exists(name)]
    folders = {folder_name(name) for name in names}
    assert len(folders) == len(names)
    assert all(folder.isidentifier() for folder in folders)
    assert [service_name(folder_name(name)) for name in names] == names


# the registry -------------------------------------------------------------------------------------


def test_what_there_is_and_what_there_is_not() -> None:
    registry = Registry()
    assert {"s3", "sqs", "sts"} <= set(registry.names())
    assert registry.names() == sorted(registry.names())
    assert registry.has("sqs")
    assert not registry.has("braket")
    braket = registry.find("braket")
    assert braket is not None
    assert (braket.folder, braket.functions, braket.operations) == (None, {}, [])
    assert braket.handler("GetDevice") is None
    assert braket.wire is None
    assert registry.find("coffee") is None
    assert registry.find("sqs") is registry.find("sqs")


def test_the_operator_says_what_is_served() -> None:
    assert Registry().serves("sqs")
    assert Registry([]).serves("sqs")
    some = Registry(["sqs", "s3"])
    assert some.serves("s3")
    assert not some.serves("sts")
    assert some.has("sts")  # which is there all the same


def test_nothing_is_imported_before_it_is_called() -> None:
    code = (
        "import sys\n"
        "from server.handlers import Registry\n"
        "registry = Registry()\n"
        "service = registry.find('sqs')\n"
        "assert 'send_message' in service.functions\n"
        "assert not [name for name in sys.modules if name.startswith('services.')]\n"
        "assert service.handler('ListQueues') is not None\n"
        "assert 'services.sqs' in sys.modules\n"
        "assert 'services.s3' not in sys.modules\n"
    )
    folder = Path(handlers.__file__).parent.parent
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, timeout=60)


# a service ----------------------------------------------------------------------------------------


def test_operations_are_the_functions_that_bear_their_names(made: Service) -> None:
    assert made.functions == {
        "list_queues": "queues",
        "send_message": "queues",
        "helper": "queues",
    }
    assert made.operations == ["ListQueues", "SendMessage"]
    handler = made.handler("ListQueues")
    assert handler is not None
    assert handler(None, {}) == {"QueueUrls": []}
    assert made.handler("GetQueueUrl") is None
    assert made.handler("CreateQueue") is None
    assert made.handler("DeleteQueue") is None


def test_jobs_are_found_by_their_names(made: Service) -> None:
    job = made.job("purge_queue")
    assert job is not None
    assert job(None, {"a": 1}) == {"a": 1}
    assert made.job("nothing") is None
    registry = Registry()
    braket = registry.find("braket")
    assert braket is not None
    assert braket.job("anything") is None


def test_a_services_own_codes_have_their_statuses(made: Service) -> None:
    assert made.model.statuses == {"Odd": 418}


def test_calls_are_made_once_in_each_protocol(made: Service) -> None:
    call = made.call("ListQueues", "json", True)
    assert call is not None
    assert made.call("ListQueues", "json", True) is call
    query = made.call("ListQueues", "query", True)
    assert query is not None
    assert query is not call
    assert (call.name, call.streams, call.measured) == ("ListQueues", False, False)
    assert call.function is not None
    lacking = made.call("CreateQueue", "json", True)
    assert lacking is not None
    assert lacking.function is None
    assert made.call("MakeCoffee", "json", True) is None
    assert made.call("helper", "json", True) is None


def test_streams_and_lengths_are_known_from_the_model() -> None:
    s3 = Registry().find("s3")
    assert s3 is not None
    facts = {}
    for name in ("PutObject", "GetObject", "HeadObject", "UploadPart", "ListBuckets"):
        call = s3.call(name, "rest-xml", False)
        assert call is not None
        facts[name] = (call.streams, call.measured)
    assert facts == {
        "PutObject": (True, False),
        "GetObject": (False, True),
        "HeadObject": (False, True),
        "UploadPart": (True, False),
        "ListBuckets": (False, False),
    }


def test_a_service_without_words_of_its_own_says_awss(made: Service) -> None:
    call = made.call("SendMessage", "json", True)
    assert call is not None
    assert made.wire is None
    assert made.address is None
    violation = Violation("required", "queueUrl", None, None, "Value null at 'queueUrl' failed")
    error = made.invalid(call, Request("POST", "/"), [violation])
    assert error.code == "ValidationException"
    assert "Value null at 'queueUrl' failed" in error.message
    assert str(made) == "<Service sqs>"


def test_every_function_that_bears_an_operations_name_can_be_had() -> None:
    registry = Registry()
    for name in registry.names():
        service = registry.find(name)
        assert service is not None
        assert service.operations, name
        for operation in service.operations:
            handler = service.handler(operation)
            assert callable(handler)
            assert handler.__doc__, f"{name}.{operation}"
            assert handler.__name__ == model.function_name(operation)


# --services ---------------------------------------------------------------------------------------


def test_only_what_the_operator_wants_is_served() -> None:
    with Server(services=["sqs"]) as server:
        assert "QueueUrls" not in server.client("sqs").list_queues()
        form = {"content-type": "application/x-www-form-urlencoded"}
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        asked: list[tuple[str, str, dict[str, str], bytes, Any]] = [
            ("sts", "POST", form, body, "sts"),
            ("s3", "GET", {}, b"", "s3"),
            ("braket", "GET", {}, b"", "braket"),
        ]
        for service, method, headers, content, named in asked:
            answer = send(
                server.endpoint_url, method, "/", {**headers, **claimed(service)}, content
            )
            assert (answer.status, answer.code) == (501, "NotImplemented")
            assert answer.message == (
                f"the service {named} is not among those this fogbank was told to serve"
                " (--services)"
            )
        assert [call.service for call in server.requests(status=501)] == ["sts", "s3", "braket"]
