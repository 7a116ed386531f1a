"""SQS: standard and FIFO queues, in the JSON protocol of today and the query protocol of before.

queues              creating, listing, purging and deleting queues
lookup              one queue: its record, and how a request names it
listing             lists of queues in pages
attributes          reading and setting the attributes of queues
attribute_rules     which attributes there are, their defaults, and what values they take
urls                the forms of queue URLs
messages            sending and deleting messages, changing their visibility
message_attributes  the attributes that senders give to messages: rules, digests, filters
receiving           ReceiveMessage, and long polling
received            messages as receivers see them
attempts            ReceiveRequestAttemptId
batches             the batch operations, entry by entry
boxes               where messages lie, and how many: every change of a message's state
groups              message groups and deduplication of FIFO queues
receipts            receipt handles
dead_letters        redrive policies, and moving messages that nobody could process
move_tasks          moving messages back from a dead-letter queue
permissions         statements in a queue's policy
tags                cost allocation tags
throughput          how many calls a second a FIFO queue takes
peek                looking at messages without receiving them
jobs                what happens by itself
errors              the words of errors, and their codes on both wires
wire                what botocore's model forgot of the query protocol
"""

ERRORS = {
    "InvalidParameterValueException": 400,
    "MissingRequiredParameterException": 400,
}
