"""ReceiveRequestAttemptId: receives on FIFO queues that are repeated."""

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import bodies, create, delete, fails, receive, send_fifo


@pytest.mark.fogbank(freeze=True)
def test_a_repeated_attempt_gets_the_same_messages_and_hides_them_anew(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    send_fifo(aws, url, "g", "1", "2")
    first = receive(aws, url, ReceiveRequestAttemptId="try", AttributeNames=["All"])
    assert receive(aws, url, ReceiveRequestAttemptId="other") == []
    aws.clock.advance(20)
    again = receive(aws, url, ReceiveRequestAttemptId="try", AttributeNames=["All"])
    assert again == first
    aws.clock.advance(29)
    assert receive(aws, url) == []
    delete(aws, url, *again)


@pytest.mark.fogbank(freeze=True)
def test_an_attempt_is_new_once_its_messages_changed_or_are_visible(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws, "a.fifo")
    send_fifo(aws, url, "g", "1", "2")
    first, _ = receive(aws, url, ReceiveRequestAttemptId="try")
    delete(aws, url, first)
    assert receive(aws, url, ReceiveRequestAttemptId="try") == []
    aws.clock.advance(30)
    (second,) = receive(aws, url, ReceiveRequestAttemptId="try")
    assert second["Body"] == "2"
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=60
    )
    assert receive(aws, url, ReceiveRequestAttemptId="try") == []


@pytest.mark.fogbank(freeze=True)
def test_attempts_are_remembered_for_five_minutes(aws: Aws) -> None:
    url = create(aws, "a.fifo", VisibilityTimeout=1000)
    send_fifo(aws, url, "g", "1")
    assert bodies(receive(aws, url, ReceiveRequestAttemptId="try")) == ["1"]
    aws.clock.advance(299)
    assert bodies(receive(aws, url, ReceiveRequestAttemptId="try")) == ["1"]
    aws.clock.advance(1)
    assert receive(aws, url, ReceiveRequestAttemptId="try") == []


@pytest.mark.parametrize("attempt", ["", "x" * 129, "ö"])
def test_attempt_ids_have_rules(aws: Aws, attempt: str) -> None:
    with fails("InvalidParameterValue", "for parameter ReceiveRequestAttemptId is invalid."):
        receive(aws, create(aws, "a.fifo"), ReceiveRequestAttemptId=attempt)
