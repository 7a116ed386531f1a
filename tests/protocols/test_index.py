"""The table of services against the installed botocore, the cache of models, and sniffing."""

import sys
from pathlib import Path

import botocore
import pytest

from protocols import cache, index, model, sources
from protocols.http import Request
from protocols.sniff import protocol_of


def test_the_table_is_the_installed_botocores() -> None:
    assert index.TABLE.read_bytes() == index.generate(), "run: python -m protocols.index"


def test_shared_names() -> None:
    assert set(index.by_signing_name("rds")) == {"rds", "neptune", "docdb"}
    assert set(index.by_signing_name("dynamodb")) == {"dynamodb", "dynamodbstreams"}
    assert index.by_target_prefix("AmazonSQS") == ("sqs",)
    assert index.by_endpoint_prefix("monitoring") == ("cloudwatch",)
    assert index.by_service_id("secrets manager") == ("secretsmanager",)
    assert index.by_signing_name("nothing-like-it") == ()
    assert not index.exists("nothing")
    assert not index.exists("../data")
    with pytest.raises(LookupError):
        index.entry("nothing")


def test_versions_and_names() -> None:
    assert sources.version() == botocore.__version__
    for service in ("s3", "sqs", "cloudwatch", "ec2", "dynamodb", "workmail", "signin"):
        for operation in model.load(service).operations:
            assert model.function_name(operation) == botocore.xform_name(operation)


def test_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOGBANK_CACHE", str(tmp_path))
    first = cache.load("sqs")
    (path,) = tmp_path.rglob("sqs.model")
    written = path.read_bytes()
    assert cache.load("sqs") == first
    for damaged in (b"", b"x" * 100, written[:-1], written.replace(b"SendMessage", b"SendMassage")):
        path.write_bytes(damaged)
        assert cache.load("sqs") == first
        assert path.read_bytes() == written
    assert [item.name for item in path.parent.iterdir()] == ["sqs.model"]


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FOGBANK_CACHE", str(tmp_path / "file" / "below"))
    assert "SendMessage" in model.load("sqs").operations


def test_amending() -> None:
    def amend(raw: dict[str, object]) -> None:
        metadata = raw["metadata"]
        assert isinstance(metadata, dict)
        metadata["protocols"] = ["json", "query"]

    assert model.load("sqs", amend).protocols == ("json", "query")
    assert model.load("sqs").protocols == ("json",)


def test_the_reader_of_models_needs_no_botocore() -> None:
    source = Path(sys.modules["protocols.model"].__file__ or "").parent
    for path in source.glob("*.py"):
        for line in path.read_text().splitlines():
            assert not line.strip().startswith(("import botocore", "from botocore"))


@pytest.mark.parametrize(
    ("service", "headers", "path", "protocol"),
    [
        ("sqs", {b"x-amz-target": b"AmazonSQS.SendMessage"}, "/", "json"),
        ("sqs", {b"content-type": b"application/x-www-form-urlencoded"}, "/", "query"),
        ("sqs", {}, "/?Action=ListQueues", "query"),
        ("cloudwatch", {b"smithy-protocol": b"rpc-v2-cbor"}, "/", "smithy-rpc-v2-cbor"),
        (
            "cloudwatch",
            {},
            "/service/GraniteServiceVersion20100801/operation/X",
            "smithy-rpc-v2-cbor",
        ),
        ("cloudwatch", {b"x-amz-target": b"GraniteServiceVersion20100801.X"}, "/", "json"),
        ("cloudwatch", {b"content-type": b"application/x-www-form-urlencoded"}, "/", "query"),
        (
            "kinesis",
            {
                b"x-amz-target": b"Kinesis_20131202.X",
                b"content-type": b"application/x-amz-cbor-1.1",
            },
            "/",
            "cbor",
        ),
        ("s3", {b"content-type": b"application/x-www-form-urlencoded"}, "/b/k", "rest-xml"),
        ("lambda", {}, "/2015-03-31/functions", "rest-json"),
        ("ec2", {}, "/", "ec2"),
        ("sts", {}, "/", "query"),
    ],
)
def test_sniffing(service: str, headers: dict[bytes, bytes], path: str, protocol: str) -> None:
    path, _, query = path.partition("?")
    request = Request("POST", path, query, headers)
    assert protocol_of(request, index.entry(service)) == protocol
