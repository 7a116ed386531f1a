"""Handlers keep to AWS's model; and the guard that says so catches what does not."""

import pytest

from protocols import model
from server.handlers import Registry, folder_name
from tests.guards.model import Guarded
from tests.guards.sources import Problem, Source, found, report

_REGISTRY = Registry()
_SOURCES = [source for source in found() if source.area == "services"]


@pytest.mark.parametrize("name", _REGISTRY.names())
def test_a_service_keeps_to_its_model(name: str) -> None:
    service = _REGISTRY.find(name)
    assert service is not None
    own = [source for source in _SOURCES if source.parts[1] == folder_name(name)]
    assert own
    problems = list(Guarded(service.model, service.model.statuses, own).problems())
    assert not problems, report(problems)


@pytest.mark.parametrize("name", _REGISTRY.names())
def test_a_service_has_operations(name: str) -> None:
    service = _REGISTRY.find(name)
    assert service is not None
    assert service.operations, f"services/{folder_name(name)} holds no operation of {name}"


# planted faults -----------------------------------------------------------------------------------

_HEAD = "def send_message(context: Context, request: Members) -> Members:\n"
_BATCH = "def send_message_batch(context: Context, request: Members) -> Members:\n"


def _problems(service: str, **modules: str) -> list[Problem]:
    sources = [Source(f"services/{service}/{name}.py", text) for name, text in modules.items()]
    return list(Guarded(model.load(service), {"Listed": 400}, sources).problems())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {'X': request['QueueURL']}", "no member QueueURL"),
        ("x = request.get('QueueURL')", "no member QueueURL"),
        ("x = request.get('QueueURL', 1)", "no member QueueURL"),
        ("if 'QueueURL' in request: pass", "no member QueueURL"),
        ("if 'QueueURL' not in request: pass", "no member QueueURL"),
        ("x = request.pop('QueueURL', None)", "no member QueueURL"),
        ("def f(): return request['QueueURL']", "no member QueueURL"),
        ("f(lambda: request['QueueURL'])", "no member QueueURL"),
        ("x = request['MessageAttributes']['a']['Value']", "no member Value"),
        ("x = request.get('MessageAttributes', {})\nfor y in x.values(): y['Value']", "Value"),
        ("for k, v in request['MessageAttributes'].items(): v.get('Value')", "Value"),
        ("x = [v['Value'] for v in request['MessageAttributes'].values()]", "Value"),
        ("x = {k: v['Value'] for k, v in request['MessageAttributes'].items()}", "Value"),
        ("if (x := request.get('MessageAttributes')): x['a']['Value']", "Value"),
        ("x = (request.get('MessageAttributes') or {})['a'].get('Value')", "Value"),
        ("return {'MessageID': 1}", "SendMessageResult has no member MessageID"),
        ("return {'MessageId': 1, 'Messages': []}", "no member Messages"),
        ("return {} if x else {'MessageID': 1}", "no member MessageID"),
        ("answer = {}\nanswer['MessageID'] = 1\nreturn answer", "no member MessageID"),
        ("answer: Members = {'MessageID': 1}\nreturn answer", "no member MessageID"),
        ("answer = {}\nanswer.update({'MessageID': 1})\nreturn answer", "no member MessageID"),
        ("answer = {}\nanswer.setdefault('MessageID', 1)\nreturn answer", "no member MessageID"),
        ("answer = {}\nanswer |= {'MessageID': 1}\nreturn answer", "no member MessageID"),
        ("return {**{'MessageID': 1}}", "no member MessageID"),
        ("raise Wait('t', 1, {'MessageID': 1})", "no member MessageID"),
    ],
)
def test_a_key_that_the_model_lacks_is_caught(body: str, said: str) -> None:
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    text = _HEAD + indented
    problems = _problems("sqs", messages=text)
    caught = [problem for problem in problems if said in problem.what]
    assert caught, report(problems)
    assert caught[0].path == "services/sqs/messages.py"
    assert caught[0].line >= 2


@pytest.mark.parametrize(
    "text",
    [
        _BATCH + "    for number, entry in enumerate(request['Entries']):\n        entry['Key']\n",
        _BATCH + "    for entry in sorted(request['Entries'], key=f):\n        entry['Key']\n",
        _BATCH + "    first, *rest = request['Entries']\n    return {'Done': []}\n",
        _BATCH + "    return {'Successful': [{'Key': 1}]}\n",
        _BATCH + "    return {'Successful': [{'Key': 1} for e in request['Entries']]}\n",
        _BATCH + "    done = []\n    done.append({'Key': 1})\n    return {'Successful': done}\n",
        _BATCH + "    return {'Successful': [_one(e) for e in request['Entries']]}\n"
        "def _one(entry):\n    made = {'Key': 1}\n    return made\n",
        "def _check(request):\n    return request['Nothing']\n",
    ],
)
def test_keys_are_followed_through_lists_and_helpers(text: str) -> None:
    assert len(_problems("sqs", batches=text)) == 1


def test_keys_are_followed_into_another_module() -> None:
    text = _BATCH + "    return {'Successful': [entries.one(e) for e in request['Entries']]}\n"
    (problem,) = _problems(
        "sqs", batches=text, entries="def one(entry):\n    return {\n        'Key': 1}\n"
    )
    assert (problem.path, problem.line) == ("services/sqs/entries.py", 3)
    assert "SendMessageBatchResultEntry has no member Key" in problem.what


def test_an_operation_without_an_answer_answers_nothing() -> None:
    text = "def purge_queue(context, request) -> Members:\n    return {'Done': True}\n"
    (problem,) = _problems("sqs", queues=text)
    assert "PurgeQueue answers nothing" in problem.what


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("queues", "raise Error('QueueIsGone', 'x')\n", "no error of sqs has the code QueueIsGone"),
        ("errors", "def f():\n    return Error('QueueDoesntExist')\n", "perhaps QueueDoesNotExist"),
        ("queues", "raise Error('OverLimit' if x else 'UnderLimit')\n", "UnderLimit"),
        ("queues", "x = Resource('sqs.x', missing='Gone', taken='OverLimit')\n", "code Gone"),
    ],
)
def test_a_code_that_no_error_has_is_caught(name: str, text: str, said: str) -> None:
    (problem,) = _problems("sqs", **{name: text})
    assert said in problem.what
    assert "ERRORS" in problem.what


def test_a_member_that_an_error_lacks_is_caught() -> None:
    text = "raise Error('InvalidTextEncodingException', 'x', Path=1)\n"
    assert _problems("kinesis", a=text) != []
    known = "raise Error('ResourceNotFoundException', 'x', resourceType='y', resourceId='z')\n"
    assert _problems("guardduty", a=known.replace("resourceType='y', resourceId='z'", "")) == []
    wrong = known.replace("resourceId", "ResourceId")
    (problem,) = _problems("accessanalyzer", a=wrong)
    assert "has no member ResourceId" in problem.what
    assert _problems("accessanalyzer", a=known) == []


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ({"a": _HEAD.replace("message", "massage") + "    ...\n"}, "perhaps send_message"),
        ({"a": "def send_pigeon(context, request) -> Members: ...\n"}, "no operation send_pigeon"),
        ({"a": "def send_message(context, queue): ...\n"}, "an operation's name"),
        ({"a": _HEAD + "    ...\n", "b": _HEAD + "    ...\n"}, "services/sqs/a.py too"),
    ],
)
def test_a_wrong_name_is_caught(modules: dict[str, str], said: str) -> None:
    (problem,) = _problems("sqs", **modules)
    assert said in problem.what


@pytest.mark.parametrize(
    "text",
    [
        _HEAD + "    request = other(request)\n    return {'MessageId': request['Whatever']}\n",
        _HEAD + "    f(context.store.one('x')['Whatever'])\n    return {'MessageId': '1'}\n",
        _HEAD + "    row = {'Whatever': 1}\n    return {'MessageId': row['Whatever']}\n",
        _HEAD + "    raise Error('QueueDoesNotExist', 'x', Detail=1)\n",
        _HEAD + "    raise Error('Listed', 'x') from None\n",
        _HEAD + "    raise Error('InternalFailure', 'x')\n",
        _HEAD + "    return {name: 1 for name in request}\n",
        _HEAD + "    def inner(request): return request['Whatever']\n    return {}\n",
        "def find(context, request) -> Queue:\n    return cache[request['QueueUrl']]\n",
        "def _send(context, request) -> Members: ...\n",
        "def tags(context, request) -> Members: ...\n",
    ],
)
def test_what_cannot_be_told_is_let_be(text: str) -> None:
    assert _problems("sqs", a=text) == []
