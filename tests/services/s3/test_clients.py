"""Other clients than boto3's own calls: its transfers, the AWS CLI, AWS's SDK for JavaScript."""

from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from boto3.s3.transfer import TransferConfig

from fogbank.testing import Aws
from tests.clients import aws_cli, javascript
from tests.services.s3.helpers import BUCKET, MIB, create

SCRIPT = """
import { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, CopyObjectCommand, DeleteObjectsCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";

const Bucket = "from-javascript";
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket }));
await s3.send(new PutObjectCommand({ Bucket, Key: "grüße/a b+c", Body: "hello",
  Metadata: { Colour: "red" } }));
const got = await s3.send(new GetObjectCommand({ Bucket, Key: "grüße/a b+c" }));
const text = await got.Body.transformToString();
const sent = Buffer.alloc(12 * 1024 * 1024, "fogbank");
const upload = new Upload({ client: s3, partSize: 5 * 1024 * 1024, queueSize: 3,
  params: { Bucket, Key: "large",
    Body: Readable.from([sent.subarray(0, 777), sent.subarray(777)]) } });
const made = await upload.done();
const large = await s3.send(new GetObjectCommand({ Bucket, Key: "large" }));
const hash = createHash("sha256");
for await (const piece of large.Body) hash.update(piece);
await s3.send(new CopyObjectCommand({ Bucket, Key: "copy",
  CopySource: `${Bucket}/${encodeURIComponent("grüße/a b+c")}` }));
const listed = await s3.send(new ListObjectsV2Command({ Bucket }));
const rolled = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
const gone = await s3.send(new DeleteObjectsCommand({ Bucket,
  Delete: { Objects: [{ Key: "copy" }, { Key: "grüße/a b+c" }] } }));
let error;
try {
  await s3.send(new GetObjectCommand({ Bucket, Key: "copy" }));
} catch (caught) {
  error = { name: caught.name, status: caught.$metadata.httpStatusCode };
}
let head;
try {
  await s3.send(new HeadObjectCommand({ Bucket, Key: "copy" }));
} catch (caught) {
  head = { name: caught.name, status: caught.$metadata.httpStatusCode };
}
console.log(JSON.stringify({
  text,
  metadata: got.Metadata,
  etag: made.ETag,
  location: made.Location,
  same: hash.digest("hex") === createHash("sha256").update(sent).digest("hex"),
  keys: listed.Contents.map((entry) => entry.Key),
  prefixes: rolled.CommonPrefixes.map((entry) => entry.Prefix),
  gone: gone.Deleted.map((entry) => entry.Key),
  error,
  head,
}));
"""


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of 64 MiB."""
    path = tmp_path / "large"
    piece = Random(1).randbytes(MIB)
    with path.open("wb") as file:
        for number in range(64):
            file.write(bytes([number]) + piece[1:])
    return path


def test_a_file_goes_up_and_down_in_sixteen_threads(aws: Aws, large: Path) -> None:
    s3 = create(aws)
    config = TransferConfig(
        max_concurrency=16, multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB
    )
    s3.upload_file(str(large), BUCKET, "large", Config=config)
    head = s3.head_object(Bucket=BUCKET, Key="large")
    assert head["ContentLength"] == 64 * MIB
    assert head["ETag"].endswith('-13"')
    down = large.with_name("down")
    s3.download_file(BUCKET, "large", str(down), Config=config)
    assert digest(down) == digest(large)
    assert aws.requests("s3", "UploadPart").operations == ["UploadPart"] * 13
    source = {"Bucket": BUCKET, "Key": "large"}
    s3.copy(source, BUCKET, "copy", Config=config)
    s3.delete_object(Bucket=BUCKET, Key="large")
    s3.download_file(BUCKET, "copy", str(down), Config=config)
    assert digest(down) == digest(large)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_the_aws_cli(aws: Aws, large: Path) -> None:
    aws_cli(aws, "s3", "mb", f"s3://{BUCKET}")
    aws_cli(aws, "s3", "cp", str(large), f"s3://{BUCKET}/a b/large", "--only-show-errors")
    down = large.with_name("down")
    aws_cli(aws, "s3", "cp", f"s3://{BUCKET}/a b/large", str(down), "--only-show-errors")
    assert digest(down) == digest(large)
    assert str(64 * MIB) in aws_cli(aws, "s3", "ls", f"s3://{BUCKET}", "--recursive")
    aws_cli(aws, "s3", "rb", f"s3://{BUCKET}", "--force")
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_the_sdk_for_javascript(aws: Aws) -> None:
    told = javascript(aws, SCRIPT, "client-s3", "lib-storage")
    assert told.pop("etag").endswith('-3"')
    assert told == {
        "text": "hello",
        "metadata": {"colour": "red"},
        "location": f"{aws.endpoint_url}/from-javascript/large",
        "same": True,
        "keys": ["copy", "grüße/a b+c", "large"],
        "prefixes": ["grüße/"],
        "gone": ["copy", "grüße/a b+c"],
        "error": {"name": "NoSuchKey", "status": 404},
        "head": {"name": "NotFound", "status": 404},
    }
