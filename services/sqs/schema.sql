-- Queues. `attributes` holds only what was set; the defaults are in attribute_rules.py.

CREATE TABLE sqs_queue (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    account          TEXT    NOT NULL,
    region           TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    box              INTEGER NOT NULL,   -- sqs_box: where its messages lie
    created          REAL    NOT NULL,   -- epoch seconds, as all times here
    modified         REAL    NOT NULL,
    purged           REAL    NOT NULL DEFAULT 0,
    attributes       TEXT    NOT NULL,   -- JSON object of strings
    dead_letter_arn  TEXT,               -- of its RedrivePolicy
    UNIQUE (account, region, name)
) STRICT;

CREATE INDEX sqs_queue_dead_letter ON sqs_queue (dead_letter_arn, name)
    WHERE dead_letter_arn IS NOT NULL;

-- Names that AWS does not give away again for a minute.

CREATE TABLE sqs_deleted_queue (
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    name     TEXT NOT NULL,
    deleted  REAL NOT NULL,
    PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- Boxes: the messages of a queue and how many they are. A purged queue gets a new box; a job throws the old one away
-- in pieces, so that the call takes no longer for a million messages than for one. Ids never come again.

CREATE TABLE sqs_box (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    TEXT    NOT NULL,
    region     TEXT    NOT NULL,
    last       INTEGER NOT NULL DEFAULT 0,   -- the number of the newest message
    stored     INTEGER NOT NULL DEFAULT 0,   -- all messages
    delayed    INTEGER NOT NULL DEFAULT 0,   -- those with due > 0 that nobody received yet
    in_flight  INTEGER NOT NULL DEFAULT 0    -- those with due > 0 that somebody received
) STRICT;

-- Messages. A message can be received when `due` is 0. A delayed one or one in flight has the moment when that ends;
-- once it is over, whoever looks at the queue next sets it to 0 (boxes.wake).

CREATE TABLE sqs_message (
    id                INTEGER PRIMARY KEY,   -- the box's id * 2^40 + its number in the box: in order of arrival
    box               INTEGER NOT NULL REFERENCES sqs_box (id) ON DELETE CASCADE,
    due               REAL    NOT NULL,
    sent              REAL    NOT NULL,
    receives          INTEGER NOT NULL DEFAULT 0,
    first_received    REAL,
    last_received     REAL,
    lane              INTEGER,               -- sqs_group, on FIFO queues
    message_id        TEXT    NOT NULL,
    body              TEXT    NOT NULL,
    body_md5          TEXT    NOT NULL,
    sender            TEXT    NOT NULL,
    attributes        TEXT,                  -- JSON, binary values in base64
    attributes_md5    TEXT,
    trace_header      TEXT,
    message_group     TEXT,
    deduplication_id  TEXT,
    source_arn        TEXT                   -- the queue that gave it up to this dead-letter queue
) STRICT;

CREATE INDEX sqs_message_due ON sqs_message (box, due);
CREATE INDEX sqs_message_sent ON sqs_message (box, sent);
CREATE INDEX sqs_message_lane ON sqs_message (lane) WHERE lane IS NOT NULL;

-- Message groups of FIFO queues that have messages. A group is ready when its oldest message, the head, can be received.

CREATE TABLE sqs_group (
    id     INTEGER PRIMARY KEY,
    box    INTEGER NOT NULL REFERENCES sqs_box (id) ON DELETE CASCADE,
    name   TEXT    NOT NULL,
    head   INTEGER NOT NULL,   -- sqs_message
    ready  INTEGER NOT NULL,
    UNIQUE (box, name)
) STRICT;

CREATE INDEX sqs_group_ready ON sqs_group (box, head) WHERE ready = 1;

-- Deduplication ids seen in the last five minutes.

CREATE TABLE sqs_deduplication (
    queue       INTEGER NOT NULL REFERENCES sqs_queue (id) ON DELETE CASCADE,
    token       TEXT    NOT NULL,
    scope       TEXT    NOT NULL,   -- a message group, or '' for the whole queue
    sent        REAL    NOT NULL,
    message     INTEGER NOT NULL,   -- sqs_message, which may be gone
    message_id  TEXT    NOT NULL,
    PRIMARY KEY (queue, token, scope)
) STRICT, WITHOUT ROWID;

CREATE INDEX sqs_deduplication_sent ON sqs_deduplication (queue, sent);

-- What was answered to each ReceiveRequestAttemptId of the last five minutes.

CREATE TABLE sqs_attempt (
    queue     INTEGER NOT NULL REFERENCES sqs_queue (id) ON DELETE CASCADE,
    attempt   TEXT    NOT NULL,
    received  REAL    NOT NULL,
    due       REAL    NOT NULL,   -- when its messages' visibility timeout ends
    messages  TEXT    NOT NULL,   -- JSON: [[id, receives], ...]
    PRIMARY KEY (queue, attempt)
) STRICT, WITHOUT ROWID;

CREATE INDEX sqs_attempt_received ON sqs_attempt (queue, received);

-- Message move tasks, newest last.

CREATE TABLE sqs_move_task (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account      TEXT    NOT NULL,
    region       TEXT    NOT NULL,
    task_id      TEXT    NOT NULL UNIQUE,
    source       TEXT    NOT NULL,   -- a queue's name
    destination  TEXT,               -- an ARN; NULL: where each message came from
    rate         INTEGER,            -- messages a second
    started      REAL    NOT NULL,
    status       TEXT    NOT NULL,   -- RUNNING, COMPLETED, CANCELLED, FAILED
    moved        INTEGER NOT NULL DEFAULT 0,
    to_move      INTEGER NOT NULL,
    failure      TEXT
) STRICT;

CREATE INDEX sqs_move_task_source ON sqs_move_task (account, region, source, id);
