"""Random sequences of operations, against a reference model of some lines."""

from contextlib import ExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from protocols.errors import Error
from tests.services.sqs.in_process import ACCOUNT, REGION, sqs_in_process

TIMEOUT = 30
MOST_RECEIVES = 3
RETENTION = 400


class Sent:
    """A message in the model."""

    def __init__(self, body: str, group: str, sent: float, due: float) -> None:
        self.body = body
        self.group = group
        self.sent = sent
        self.due = due
        self.receives = 0


class Model:
    """A queue in the model: messages in order of arrival."""

    def __init__(self, fifo: bool) -> None:
        self.fifo = fifo
        self.messages: list[Sent] = []

    def expire(self, now: float) -> None:
        """Forget what is too old."""
        self.messages = [m for m in self.messages if now - m.sent < RETENTION]

    def counts(self, now: float) -> tuple[int, int, int]:
        """How many are available, delayed and in flight."""
        self.expire(now)
        hidden = [m for m in self.messages if m.due > now]
        in_flight = sum(1 for m in hidden if m.receives)
        return len(self.messages) - len(hidden), len(hidden) - in_flight, in_flight

    def candidates(self, now: float, most: int) -> list[Sent]:
        """Those that can be received, in the order in which they are."""
        self.expire(now)
        if not self.fifo:
            return [m for m in self.messages if m.due <= now]
        groups: dict[str, list[Sent]] = {}
        for message in self.messages:
            groups.setdefault(message.group, []).append(message)
        found: list[Sent] = []
        for group in [g for g in groups.values() if g[0].due <= now][:most]:
            for message in group:
                if message.due > now:
                    break
                found.append(message)
        return found

    def receive(self, now: float, most: int, timeout: int, dead: "Model") -> list[Sent]:
        """Receive messages; those received too often go to the dead-letter queue."""
        while True:
            taken = self.candidates(now, most)[:most]
            spent = [message for message in taken if message.receives >= MOST_RECEIVES]
            if not spent:
                break
            message = spent[0]
            self.messages.remove(message)
            if self.fifo:
                message.sent = now
            dead.messages.append(message)
        for message in taken:
            message.due = now + timeout
            message.receives += 1
        return taken


class Queues(RuleBasedStateMachine):
    """A queue and its dead-letter queue, twice: here and in the model."""

    fifo = False

    @initialize()
    def begin(self) -> None:
        """Make both queues."""
        self.stack = ExitStack()
        self.sqs = self.stack.enter_context(sqs_in_process())
        suffix, kind = (".fifo", {"FifoQueue": "true"}) if self.fifo else ("", {})
        self.dead_url = self.sqs.create(f"dead{suffix}", MessageRetentionPeriod=RETENTION, **kind)
        policy = (
            f'{{"deadLetterTargetArn": "arn:aws:sqs:{REGION}:{ACCOUNT}:dead{suffix}",'
            f' "maxReceiveCount": {MOST_RECEIVES}}}'
        )
        self.url = self.sqs.create(
            f"orders{suffix}",
            MessageRetentionPeriod=RETENTION,
            VisibilityTimeout=TIMEOUT,
            RedrivePolicy=policy,
            **kind,
        )
        self.model, self.dead = Model(self.fifo), Model(self.fifo)
        self.handles: list[tuple[str, Sent, int]] = []
        self.tokens: dict[str, float] = {}
        self.number = 0

    def teardown(self) -> None:
        """Close the database."""
        if hasattr(self, "stack"):
            self.stack.close()

    @property
    def now(self) -> float:
        """The time that both see."""
        return self.sqs.runtime.clock.now()

    @rule(delay=st.sampled_from([0, 0, 0, 10]), group=st.sampled_from("abc"))
    def send(self, delay: int, group: str) -> None:
        """Send a message that was not sent before."""
        self.number += 1
        body = f"m{self.number}"
        more: dict[str, Any] = {"MessageGroupId": group}
        if self.fifo:
            more["MessageDeduplicationId"] = body
            delay = 0
        else:
            more["DelaySeconds"] = delay
        self.sqs("SendMessage", QueueUrl=self.url, MessageBody=body, **more)
        due = self.now + delay if delay else 0.0
        self.model.messages.append(Sent(body, group, self.now, due))
        self.tokens[body] = self.now

    @rule(choice=st.integers(0, 100), group=st.sampled_from("abc"))
    def send_again(self, choice: int, group: str) -> None:
        """Send with a deduplication id that was used before."""
        if not self.fifo or not self.tokens:
            return
        body = sorted(self.tokens)[choice % len(self.tokens)]
        self.sqs(
            "SendMessage",
            QueueUrl=self.url,
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=body,
        )
        if self.now - self.tokens[body] >= 300:
            self.tokens[body] = self.now
            self.model.messages.append(Sent(body, group, self.now, 0.0))

    @rule(most=st.integers(1, 10), timeout=st.sampled_from([TIMEOUT, TIMEOUT, 0, 7]))
    def receive(self, most: int, timeout: int) -> None:
        """Receive from the queue."""
        answer = self.sqs(
            "ReceiveMessage",
            QueueUrl=self.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=timeout,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        got = answer.get("Messages", [])
        expected = self.model.receive(self.now, most, timeout, self.dead)
        assert [m["Body"] for m in got] == [m.body for m in expected]
        for message, sent in zip(got, expected, strict=True):
            assert message["Attributes"]["ApproximateReceiveCount"] == str(sent.receives)
            self.handles.append((message["ReceiptHandle"], sent, sent.receives))

    @rule(choice=st.integers(0, 1000))
    def delete(self, choice: int) -> None:
        """Delete by some handle, maybe an old one."""
        if not self.handles:
            return
        handle, sent, receives = self.handles[choice % len(self.handles)]
        self.model.expire(self.now)
        there = sent in self.model.messages
        words = self.refusal("DeleteMessage", ReceiptHandle=handle)
        if there and self.fifo and (sent.due <= self.now or sent.receives != receives):
            assert "The receipt handle has expired" in words
        else:
            assert words == ""
            if there:
                self.model.messages.remove(sent)

    @rule(choice=st.integers(0, 1000), seconds=st.sampled_from([0, 5, 60]))
    def change_visibility(self, choice: int, seconds: int) -> None:
        """Change the visibility by some handle, maybe an old one."""
        if not self.handles:
            return
        handle, sent, receives = self.handles[choice % len(self.handles)]
        self.model.expire(self.now)
        words = self.refusal(
            "ChangeMessageVisibility", ReceiptHandle=handle, VisibilityTimeout=seconds
        )
        if sent not in self.model.messages:
            assert "Message does not exist or is not available" in words
        elif self.fifo and (sent.due <= self.now or sent.receives != receives):
            assert "The receipt handle has expired" in words
        else:
            assert words == ""
            if sent.due > self.now:
                sent.due = self.now + seconds

    def refusal(self, operation: str, **request: Any) -> str:
        """The words of the error that a call ends with; empty for none."""
        try:
            self.sqs(operation, QueueUrl=self.url, **request)
        except Error as error:
            return error.message
        return ""

    @rule(seconds=st.sampled_from([1, 5, 10, 30, 100, 300]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.sqs.advance(seconds)

    @rule()
    def count(self) -> None:
        """Both queues have what the model has."""
        assert self.sqs.counts(self.url) == self.model.counts(self.now)
        assert self.sqs.counts(self.dead_url) == self.dead.counts(self.now)


class FifoQueues(Queues):
    """The same for FIFO queues."""

    fifo = True


TestStandardQueues = Queues.TestCase
TestFifoQueues = FifoQueues.TestCase
_SETTINGS = settings(max_examples=100, stateful_step_count=50, derandomize=True, deadline=None)
TestStandardQueues.settings = _SETTINGS
TestFifoQueues.settings = _SETTINGS
