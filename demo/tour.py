"""`make demo`: a tour of one minute. Every line shown is run, every answer is what boto3 returned.

The steps below are Python as one would type it; `Tour` types it statement by statement, as an
interactive interpreter would, against a server that is started for the tour and ends with it.
"""

import ast
import os
import pprint
import sys
from collections.abc import Iterator
from textwrap import dedent, fill, indent
from typing import Any, NamedTuple, TextIO

from fogbank import Server

WIDTH = 78


class Step(NamedTuple):
    """A piece of the tour: its title, a sentence or two, and the code."""

    title: str
    text: str
    code: str


STEPS = (
    Step(
        "One process is AWS",
        "boto3 needs nothing but the endpoint. A key of twelve digits is that account; any other\n"
        "test key is the default account. Signatures are checked as on AWS.",
        """
        import boto3, json
        session = boto3.Session("111122223333", "test", region_name="eu-central-1")
        sts = session.client("sts", endpoint_url=server.endpoint_url)
        sts.get_caller_identity()
        """,
    ),
    Step(
        "Queues, and the clock",
        "This message is due in 15 minutes. Nobody waits: the clock is moved, and all that falls\n"
        "due on the way happens, in its order.",
        """
        sqs = session.client("sqs", endpoint_url=server.endpoint_url)
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="two lamps", DelaySeconds=900)
        sqs.receive_message(QueueUrl=url)
        server.clock
        _ = server.clock.advance(15 * 60)
        server.clock
        [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]]
        """,
    ),
    Step(
        "A visibility timeout, in no time",
        "What was received and not deleted comes back after 30 seconds, AWS's default.",
        """
        sqs.receive_message(QueueUrl=url)
        _ = server.clock.advance(30)
        [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]]
        """,
    ),
    Step(
        "Objects",
        "Entity tags, checksums, ranges and conditions are S3's own.",
        """
        s3 = session.client("s3", endpoint_url=server.endpoint_url)
        place = {"LocationConstraint": "eu-central-1"}
        s3.create_bucket(Bucket="invoices", CreateBucketConfiguration=place)["Location"]
        kept = s3.put_object(Bucket="invoices", Key="2026/1.json", Body=json.dumps({"sum": 42}))
        kept["ETag"], kept["ChecksumCRC32"]
        s3.get_object(Bucket="invoices", Key="2026/1.json", Range="bytes=1-5")["Body"].read()
        s3.put_object(Bucket="invoices", Key="2026/1.json", Body=b"other", IfNoneMatch="*")
        """,
    ),
    Step(
        "What goes wrong on purpose",
        "A rule makes the next two sends fail. boto3 retries by itself, and succeeds.",
        """
        _ = server.faults.put("busy", operation="SendMessage", throttle=True, count=2)
        sent = sqs.send_message(QueueUrl=url, MessageBody="three rugs")
        sent["ResponseMetadata"]["RetryAttempts"]
        server.faults.list()[0]["fired"]
        """,
    ),
    Step(
        "Back to where we were",
        "A snapshot holds everything: queues, messages, objects, the clock.",
        """
        server.snapshot("before")
        sqs.delete_queue(QueueUrl=url)
        sqs.get_queue_url(QueueName="orders")
        server.restore("before")
        sqs.get_queue_url(QueueName="orders")
        """,
    ),
    Step(
        "What happened",
        "Every call is in the journal, for tests to assert on, and for you to look at.",
        """
        for call in server.requests("sqs")[-6:]: print(call)
        server.requests(status=412).one()
        """,
    ),
)


class Tour:
    """Types code, runs it, and shows what it answers."""

    def __init__(self, names: dict[str, Any], out: TextIO) -> None:
        self._names = {**names, "print": lambda value: self.say(f"    {value}", "32")}
        self._out = out
        self._colours = out.isatty() and not os.environ.get("NO_COLOR")

    def say(self, text: str, colour: str = "") -> None:
        """Write a text."""
        if self._colours and colour:
            text = f"\x1b[{colour}m{text}\x1b[0m"
        self._out.write(f"{text}\n")

    def take(self, number: int, step: Step) -> None:
        """One step: its title, its text, its code and the answers."""
        title = f"{number}. {step.title} "
        self.say(f"\n{title.ljust(WIDTH, '─')}", "1")
        self.say(f"{step.text}\n", "2")
        for source, statement in _statements(dedent(step.code).strip()):
            self.say(f">>> {source}", "36")
            self._run(statement)

    def _run(self, statement: ast.stmt) -> None:
        """Run one statement; an expression's value is shown, and so is an error of AWS's."""
        from botocore.exceptions import ClientError

        code = compile(ast.Interactive([statement]), "<tour>", "single")
        before, sys.displayhook = sys.displayhook, self._show
        try:
            exec(code, self._names)
        except ClientError as error:
            self.say(fill(f"{type(error).__name__}: {error}", WIDTH + 10), "31")
        finally:
            sys.displayhook = before

    def _show(self, value: object) -> None:
        if isinstance(value, dict):
            value = {name: value[name] for name in value if name != "ResponseMetadata"}
        if value is not None:
            self.say(indent(pprint.pformat(value, width=WIDTH, sort_dicts=False), "    "), "32")


def _statements(code: str) -> Iterator[tuple[str, ast.stmt]]:
    for statement in ast.parse(code).body:
        yield ast.get_source_segment(code, statement) or "", statement


def main(out: TextIO = sys.stdout) -> int:
    """Give the tour; answers the exit status."""
    with Server() as server:
        tour = Tour({"server": server}, out)
        tour.say(f"fogbank is at {server.endpoint_url}; the rest is boto3.", "1")
        for number, step in enumerate(STEPS, 1):
            tour.take(number, step)
    tour.say("\nThat was all in one process, with a state of its own, and no second of waiting.")
    tour.say("`make serve` starts one on port 4566; README.md says how to use it in your tests.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
