"""fogbank's user side: start or reach a server, move its clock, snapshot it, ask what it was called
with.

    import fogbank

    with fogbank.Server() as server:
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="one", DelaySeconds=900)
        server.clock.advance(900)
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "one"

Nothing here imports the server: it always is a process of its own. boto3 is imported when a client
is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.connection import Connection, connect
    from fogbank.control import ControlError
    from fogbank.journal import Request, Requests
    from fogbank.process import Server, StartError

    __version__: str

__all__ = [
    "Connection",
    "ControlError",
    "Request",
    "Requests",
    "Server",
    "StartError",
    "__version__",
    "connect",
]

_MODULES = {
    "Connection": "connection",
    "ControlError": "control",
    "Request": "journal",
    "Requests": "journal",
    "Server": "process",
    "StartError": "process",
    "connect": "connection",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command and every pytest run import this
    module.
    """
    if name == "__version__":
        from importlib.metadata import version

        return version("fogbank")
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"fogbank.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'fogbank' has no attribute '{name}'")
