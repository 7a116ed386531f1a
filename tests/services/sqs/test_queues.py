"""Queues: creating, listing, purging and deleting them."""

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import (
    arn,
    attributes,
    bodies,
    counts,
    create,
    fails,
    receive,
    send,
    send_fifo,
)


def test_a_new_queue_has_a_url_and_is_found_by_its_name(aws: Aws) -> None:
    url = create(aws)
    assert url == f"{aws.endpoint_url}/{aws.account}/orders"
    assert aws.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"] == url


@pytest.mark.parametrize("name", ["", "a b", "a.b", "x.fifo", "x" * 81, "ö"])
def test_names_of_standard_queues_are_checked(aws: Aws, name: str) -> None:
    words = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    with fails("InvalidParameterValue", words):
        aws.client("sqs").create_queue(QueueName=name)


@pytest.mark.parametrize("name", ["orders", ".fifo", "a.b.fifo", "x" * 76 + ".fifo"])
def test_names_of_fifo_queues_are_checked(aws: Aws, name: str) -> None:
    words = "must end with .fifo suffix and be 1 to 80 in length."
    with fails("InvalidParameterValue", "The name of a FIFO queue can only include", words):
        aws.client("sqs").create_queue(QueueName=name, Attributes={"FifoQueue": "true"})


def test_names_of_eighty_characters_are_allowed(aws: Aws) -> None:
    create(aws, "x" * 80)
    create(aws, "x" * 75 + ".fifo")


def test_creating_again_with_the_same_attributes_answers_with_the_same_queue(aws: Aws) -> None:
    url = create(aws, DelaySeconds=5)
    assert create(aws, DelaySeconds=5) == url
    assert create(aws) == url
    assert create(aws, VisibilityTimeout=30) == url  # the default


def test_creating_again_with_other_attributes_is_refused(aws: Aws) -> None:
    create(aws, DelaySeconds=1)
    words = (
        "A queue already exists with the same name and a different value for attribute DelaySeconds"
    )
    with fails("QueueAlreadyExists", words):
        create(aws, DelaySeconds=2)
    create(aws, "a.fifo", ContentBasedDeduplication="true")
    with fails("QueueAlreadyExists", "attribute ContentBasedDeduplication"):
        create(aws, "a.fifo", ContentBasedDeduplication="false")


def test_an_old_code_comes_with_the_new_name_of_an_error(aws: Aws) -> None:
    sqs = aws.client("sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as raised:
        sqs.get_queue_url(QueueName="nowhere")
    error = raised.value.response["Error"]
    assert error == {
        "Code": "AWS.SimpleQueueService.NonExistentQueue",
        "Message": "The specified queue does not exist.",
        "QueryErrorCode": "QueueDoesNotExist",
        "Type": "Sender",
    }


def test_fifo_queues_refuse_to_be_called_standard(aws: Aws) -> None:
    with fails("InvalidAttributeName", "Unknown Attribute FifoQueue."):
        create(aws, FifoQueue="false")


def test_lists_are_in_order_and_narrowed_by_prefix(aws: Aws) -> None:
    sqs = aws.client("sqs")
    assert "QueueUrls" not in sqs.list_queues()
    urls = {name: create(aws, name) for name in ("b-2", "a", "b-1", "c")}
    assert sqs.list_queues()["QueueUrls"] == [urls[name] for name in ("a", "b-1", "b-2", "c")]
    narrowed = sqs.list_queues(QueueNamePrefix="b-")
    assert narrowed["QueueUrls"] == [urls["b-1"], urls["b-2"]]
    assert "NextToken" not in narrowed


def test_another_account_gets_the_url_by_naming_the_owner(aws: Aws) -> None:
    url = create(aws)
    other = aws.server.client("sqs", account="555555555555")
    found = other.get_queue_url(QueueName="orders", QueueOwnerAWSAccountId=aws.account)
    assert found["QueueUrl"] == url
    with fails("AWS.SimpleQueueService.NonExistentQueue"):
        other.get_queue_url(QueueName="orders")


def test_a_deleted_queue_is_gone_with_its_messages_and_its_name_is_free(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "one")
    sqs.delete_queue(QueueUrl=url)
    with fails("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert create(aws) == url
    assert counts(aws, url) == (0, 0, 0)
    with fails("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.delete_queue(QueueUrl=url + "2")


@pytest.mark.fogbank(freeze=True, latency="real")
def test_with_real_latency_a_deleted_name_is_taken_for_a_minute(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    sqs.delete_queue(QueueUrl=url)
    words = (
        "You must wait 60 seconds after deleting a queue before you can create another with the"
        " same name."
    )
    aws.clock.advance(59)
    with fails("AWS.SimpleQueueService.QueueDeletedRecently", words):
        create(aws)
    aws.clock.advance(1)
    create(aws)


@pytest.mark.fogbank(freeze=True)
def test_a_queue_can_be_purged_once_a_minute(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "one", "two")
    send(aws, url, "later", DelaySeconds=60)
    receive(aws, url, 1)
    assert counts(aws, url) == (1, 1, 1)
    sqs.purge_queue(QueueUrl=url)
    assert counts(aws, url) == (0, 0, 0)
    words = "Only one PurgeQueue operation on orders is allowed every 60 seconds."
    with fails("AWS.SimpleQueueService.PurgeQueueInProgress", words, status=403):
        sqs.purge_queue(QueueUrl=url)
    aws.clock.advance(60)
    assert receive(aws, url) == []
    send(aws, url, "new")
    sqs.purge_queue(QueueUrl=url)
    assert receive(aws, url) == []


def test_a_purge_forgets_message_groups_but_the_order_goes_on(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    (first,) = send_fifo(aws, url, "g", "one")
    receive(aws, url)
    aws.client("sqs").purge_queue(QueueUrl=url)
    (second,) = send_fifo(aws, url, "g", "two")
    assert second["SequenceNumber"] > first["SequenceNumber"]
    assert bodies(receive(aws, url)) == ["two"]
    aws.settle()


def test_handles_from_before_a_purge_delete_nothing(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "old")
    (old,) = receive(aws, url)
    sqs.purge_queue(QueueUrl=url)
    send(aws, url, "new")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=old["ReceiptHandle"])
    assert bodies(receive(aws, url)) == ["new"]


def test_what_was_thrown_away_is_deleted_in_the_background(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    for _ in range(30):
        entries = [{"Id": str(n), "MessageBody": "x"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert counts(aws, url) == (300, 0, 0)
    sqs.purge_queue(QueueUrl=url)
    aws.settle()
    sqs.delete_queue(QueueUrl=url)
    aws.settle()


def test_tags_can_be_given_at_creation(aws: Aws) -> None:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="orders", tags={"team": "a", "empty": ""})["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a", "empty": ""}


def test_accounts_and_regions_are_apart(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "here")
    there = aws.client("sqs", region="eu-west-1")
    assert "QueueUrls" not in there.list_queues()
    other = there.create_queue(QueueName="orders")["QueueUrl"]
    assert "Messages" not in there.receive_message(QueueUrl=other)
    found = there.get_queue_attributes(QueueUrl=other, AttributeNames=["QueueArn"])
    assert found["Attributes"]["QueueArn"] == f"arn:aws:sqs:eu-west-1:{aws.account}:orders"
    assert attributes(aws, url, "QueueArn") == {"QueueArn": arn(aws, "orders")}
