-- Buckets. Names are unique per account here; in the namespace `global` CreateBucket keeps them
-- unique over all accounts.

CREATE TABLE s3_bucket (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account     TEXT    NOT NULL,
    region      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    created     INTEGER NOT NULL,   -- epoch seconds
    location    TEXT    NOT NULL,   -- its LocationConstraint ('EU' is eu-west-1); '' is us-east-1
    ownership   TEXT    NOT NULL,   -- BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter
    versioning  TEXT    NOT NULL,   -- '' (never enabled), Enabled, Suspended
    UNIQUE (account, name)
) STRICT;

CREATE INDEX s3_bucket_name ON s3_bucket (name);

-- Bodies: one row for each object's and part's bytes. Small ones are here; the bytes of the others
-- (data IS NULL) are the pieces of files in s3_segment. The ids never come again: a higher one is
-- always younger, versions are ordered by them, and an upload sees by them that its key was written
-- meanwhile. Listings never touch this table.

CREATE TABLE s3_body (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT NOT NULL,   -- the bucket's
    region   TEXT NOT NULL,
    data     BLOB
) STRICT;

-- Pieces of files, in order of their place in the body. A completed upload has its parts' pieces, a
-- copy the same pieces as its source; `file` is a row of the table `body`, which counts its users.

CREATE TABLE s3_segment (
    body_id       INTEGER NOT NULL REFERENCES s3_body (id) ON DELETE CASCADE,
    start         INTEGER NOT NULL,   -- place in the body
    size_bytes    INTEGER NOT NULL,
    file          TEXT    NOT NULL REFERENCES body (id),
    offset_bytes  INTEGER NOT NULL,   -- place in the file
    PRIMARY KEY (body_id, start)
) STRICT, WITHOUT ROWID;

-- Objects: the current version of each key that has one. Versions that are not current, and delete
-- markers, are to stand in a table of their own, so that listing a bucket never steps over them.
-- Keys compare as UTF-8 bytes.

CREATE TABLE s3_object (
    bucket_id      INTEGER NOT NULL REFERENCES s3_bucket (id) ON DELETE CASCADE,
    key            TEXT    NOT NULL,
    version_id     TEXT    NOT NULL,   -- 'null' in a bucket without versioning
    body_id        INTEGER NOT NULL,   -- s3_body
    segments       INTEGER NOT NULL,   -- how many rows of s3_segment it has; 0: it is in s3_body
    generation     INTEGER NOT NULL,   -- goes up with each overwrite that keeps the body's id
    size_bytes     INTEGER NOT NULL,
    etag           TEXT    NOT NULL,   -- without quotes
    modified       INTEGER NOT NULL,   -- epoch seconds; of a multipart object: its upload's start
    storage_class  TEXT    NOT NULL,
    algorithm      TEXT    NOT NULL,   -- CRC32, CRC64NVME, ...
    checksum       TEXT    NOT NULL,   -- base64, with -N behind a composite one
    checksum_type  TEXT    NOT NULL,   -- FULL_OBJECT, COMPOSITE
    headers        TEXT    NOT NULL,   -- JSON: ContentType, Metadata, ... as GetObject answers them
    tags           TEXT,               -- JSON object, NULL without tags
    parts          INTEGER,            -- of how many it was made; NULL when it was put or copied
    PRIMARY KEY (bucket_id, key)
) STRICT, WITHOUT ROWID;

-- Multipart uploads. The id is that of the body which the finished object will have.

CREATE TABLE s3_upload (
    id              INTEGER PRIMARY KEY,
    upload_id       TEXT    NOT NULL UNIQUE,
    bucket_id       INTEGER NOT NULL REFERENCES s3_bucket (id) ON DELETE CASCADE,
    key             TEXT    NOT NULL,
    initiated       INTEGER NOT NULL,
    initiator_id    TEXT    NOT NULL,
    initiator_name  TEXT    NOT NULL,
    storage_class   TEXT    NOT NULL,
    algorithm       TEXT,               -- NULL: none was asked for; CRC64NVME is computed then
    checksum_type   TEXT,
    headers         TEXT    NOT NULL,
    tags            TEXT,
    replaces        TEXT    NOT NULL,   -- the object that was there, '' for none: for If-Match
    finished        INTEGER NOT NULL    -- 1: it has become an object; completing may be repeated
) STRICT;

CREATE UNIQUE INDEX s3_upload_order ON s3_upload (bucket_id, key, id) WHERE NOT finished;

-- Parts: of an upload, and afterwards of the object it became (for reads by part number).

CREATE TABLE s3_part (
    upload      INTEGER NOT NULL REFERENCES s3_body (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    body_id     INTEGER,            -- its own bytes; NULL once they have become the object's
    size_bytes  INTEGER NOT NULL,
    etag        TEXT    NOT NULL,
    modified    INTEGER NOT NULL,
    checksum    TEXT    NOT NULL,   -- base64, by the upload's algorithm
    given       INTEGER NOT NULL,   -- whether the client sent a checksum to compare it with
    start       INTEGER,            -- place in the finished object
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
