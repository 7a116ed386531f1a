"""Other emulators' paths: what people have in compose files, health checks and test suites.

LocalStack's under `/_localstack/` and `/_aws/`, moto's under `/moto-api/`; their answers have the
form that the documentation of those gives them. What stands on a service that isn't there answers
501 and names it.
"""

import importlib
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.responses import Response

from protocols.errors import Error
from protocols.http import Reply
from runtime import principals, resets
from runtime.clock import iso8601
from runtime.context import Context, Members
from runtime.runtime import Runtime
from runtime.store import Store
from server import __version__
from server.control import health
from server.control.calls import Call, Endpoint, Refused, answer
from server.handlers import Service
from server.options import boolean

STAGES = ("boot", "start", "ready", "shutdown")
MOST_ROWS = 1_000
"""Of a table, in `data.json`."""

# LocalStack's state ------------------------------------------------------------------------------


async def show_health(call: Call) -> Any:
    """`GET /_localstack/health`."""
    return {
        "services": health.services(call.runtime),
        "edition": health.EDITION,
        "version": __version__,
    }


async def restart(call: Call) -> Any:
    """`POST /_localstack/health {"action": "restart"}`: as if the server had just started.

    State that is temporary is dropped, what a data folder keeps stays; then the init hooks run
    again. Answers when they have.
    """
    action = (await call.everything()).get("action")
    if action != "restart":
        raise Refused(400, "action must be restart; to end fogbank, end its process", "action")
    runtime = call.runtime
    if runtime.settings.data is None:
        await resets.reset(runtime)
    else:
        runtime.faults.rules.clear()
    if runtime.hooks is not None:
        for stage in STAGES[:-1]:
            await runtime.hooks.run(stage)
    return {"status": "ok"}


async def show_info(call: Call) -> Any:
    """`GET /_localstack/info`."""
    runtime = call.runtime
    return {
        "version": __version__,
        "edition": health.EDITION,
        "is_license_activated": False,
        "session_id": f"{int(runtime.started_real * 1e6):032x}",
        "machine_id": "fogbank",
        "system": sys.platform,
        "is_docker": _in_docker(),
        "server_time_utc": iso8601(runtime.clock.now(), 6).removesuffix("Z"),
        "uptime": int(health.uptime_seconds(runtime)),
    }


def _in_docker() -> bool:
    return Path("/.dockerenv").exists()


async def show_init(call: Call) -> Any:
    """`GET /_localstack/init[/{stage}]`: which stages are over, and how each script stands."""
    stage = call.name.lower() if "name" in call.path_params else None
    if stage is not None and stage not in STAGES:
        raise Refused(404, f"there is no stage '{stage}': {', '.join(STAGES)}")
    if call.runtime.hooks is not None:
        return call.runtime.hooks.state(stage)
    completed = {name.upper(): name != "shutdown" for name in STAGES}
    return {"completed": completed[stage.upper()] if stage else completed, "scripts": []}


async def reset(call: Call) -> Any:
    """`POST /_localstack/state/reset`, `POST /moto-api/reset`: drop everything."""
    await resets.reset(call.runtime)
    return {"status": "ok"}


async def reset_service(call: Call) -> Any:
    """`POST /_localstack/state/{service}/reset`."""
    if call.name not in health.registry(call.runtime).names():
        raise Refused(404, f"there is no service '{call.name}' here")
    await resets.reset(call.runtime, [call.name])
    return {"status": "ok"}


# services' own -----------------------------------------------------------------------------------


async def messages(call: Call) -> Response:
    """`GET|POST /_aws/sqs/messages?QueueUrl=`: a queue's messages, none of them received by it.

    `ShowInvisible` and `ShowDelayed` add those. The form is that of the old query protocol's
    ReceiveMessage, in XML or (`Accept: application/json`) JSON; a client of today's JSON protocol
    that has this address for its endpoint gets its own.
    """
    given = dict(call.query_params)
    speaks_json = call.headers.get("x-amz-target") is not None
    if speaks_json:
        given |= await call.everything()
    elif call.method == "POST":
        form = parse_qs((await call.body()).decode("utf-8", "replace"))
        given |= {name: values[-1] for name, values in form.items()}
    if "queue" in call.path_params:
        place = call.path_params
        given["QueueUrl"] = "https://sqs.{region}.amazonaws.com/{account}/{queue}".format(**place)
    url = given.get("QueueUrl")
    if not isinstance(url, str) or not url:
        raise Refused(400, "QueueUrl must be the URL of a queue", "QueueUrl")
    service = _running(call.runtime, "sqs")
    context = _context(call, service, "ReceiveMessage")
    codec = service.model.codec("json" if speaks_json else "query")
    operation = service.model.operations["ReceiveMessage"]
    shown = {
        "show_invisible": _true(given.get("ShowInvisible")),
        "show_delayed": _true(given.get("ShowDelayed")),
    }
    plain = not speaks_json and "application/json" in call.headers.get("accept", "")
    try:
        found = importlib.import_module("services.sqs.peek").peek(context, url, **shown)
    except Error as error:
        if plain:
            raise Refused(error.status or 400, str(error), "QueueUrl") from None
        return _sent(codec.error(operation, error, context.request_id))
    if plain:
        return answer(_as_query_json(found, context.request_id))
    return _sent(codec.write(operation)({"Messages": found}, context.request_id))


def _as_query_json(found: list[Members], request_id: str) -> Members:
    """The query protocol's XML as JSON: each element an entry, repeated ones a list."""
    listed = []
    for message in found:
        shown = {
            name: value
            for name, value in message.items()
            if name not in ("Attributes", "MessageAttributes")
        }
        attributes = message.get("Attributes", {})
        shown["Attribute"] = [{"Name": name, "Value": attributes[name]} for name in attributes]
        if own := message.get("MessageAttributes"):
            shown["MessageAttribute"] = [{"Name": name, "Value": own[name]} for name in own]
        listed.append(shown)
    return {
        "ReceiveMessageResponse": {
            "ReceiveMessageResult": {"Message": listed} if listed else None,
            "ResponseMetadata": {"RequestId": request_id},
        }
    }


async def no_ses(call: Call) -> Any:
    """`GET|DELETE /_aws/ses`: the messages that SES would have sent."""
    raise Refused(501, "fogbank does not implement SES: no message can have been sent")


async def no_dynamodb(call: Call) -> Any:
    """`DELETE /_aws/dynamodb/expired`: items whose time to live is over."""
    raise Refused(501, "fogbank does not implement DynamoDB: there are no items to expire")


def _running(runtime: Runtime, name: str) -> Service:
    known = health.registry(runtime)
    service = known.find(name)
    if service is None or not known.has(name) or not known.serves(name):
        raise Refused(501, f"the service {name} is not served here")
    service.prepare(runtime.store)
    return service


def _context(call: Call, service: Service, operation: str) -> Context:
    """An operation's surroundings for a caller without credentials: the default account's root."""
    runtime = call.runtime
    account = runtime.config.default_account
    return Context(
        runtime,
        service=service.name,
        operation=operation,
        account=account,
        region=runtime.settings.region,
        principal=principals.root(account),
        request_id=runtime.ids.uuid(),
        endpoint_url=f"{call.url.scheme}://{call.url.netloc}",
        protocol="query",
    )


def _sent(reply: Reply) -> Response:
    assert isinstance(reply.body, bytes)
    headers = {name.decode(): value.decode("latin-1") for name, value in reply.headers}
    return Response(reply.body, reply.status, headers)


def _true(value: Any) -> bool:
    try:
        return value is True or boolean(str(value))
    except ValueError:
        return False


# moto's ------------------------------------------------------------------------------------------


async def seed(call: Call) -> Any:
    """`GET|POST /moto-api/seed?a=42`: from now on ids are those that follow from this number."""
    text = call.query_params.get("a", "")
    try:
        call.runtime.ids.seed(int(text))
    except ValueError:
        raise Refused(400, "a must be a whole number", "a") from None
    return {"status": "ok"}


async def data(call: Call) -> Any:
    """`GET /moto-api/data.json`: what there is, by service and table, rows as they are stored."""
    store = call.runtime.store
    found: dict[str, dict[str, list[Members]]] = {}
    for name in health.registry(call.runtime).names():
        prefix = f"{name.replace('-', '_')}_"
        for table, columns in store.tables():
            if table.startswith(prefix):
                noun = table.removeprefix(prefix)
                found.setdefault(name, {})[noun] = _rows(store, table, columns)
    for service, kind, document in store.all(
        "SELECT service, kind, document FROM resource ORDER BY kind, name LIMIT ?", MOST_ROWS
    ):
        noun = kind.partition(".")[2]
        found.setdefault(service, {}).setdefault(noun, []).append(orjson.loads(document))
    return found


def _rows(store: Store, table: str, columns: tuple[str, ...]) -> list[Members]:
    rows = store.all(f"SELECT * FROM {table} LIMIT ?", MOST_ROWS)
    return [dict(zip(columns, map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    return b64encode(value).decode() if isinstance(value, bytes) else value


ROUTES: dict[str, dict[str, Endpoint]] = {
    "/_localstack/health": {"GET": show_health, "POST": restart},
    "/_localstack/info": {"GET": show_info},
    "/_localstack/init": {"GET": show_init},
    "/_localstack/init/{name}": {"GET": show_init},
    "/_localstack/state/reset": {"POST": reset},
    "/_localstack/state/{name}/reset": {"POST": reset_service},
    "/_aws/sqs/messages": {"GET": messages, "POST": messages},
    "/_aws/sqs/messages/{region}/{account}/{queue}": {"GET": messages, "POST": messages},
    "/_aws/ses": {"GET": no_ses, "DELETE": no_ses},
    "/_aws/dynamodb/expired": {"DELETE": no_dynamodb},
    "/moto-api/reset": {"POST": reset},
    "/moto-api/seed": {"GET": seed, "POST": seed},
    "/moto-api/data.json": {"GET": data},
}
