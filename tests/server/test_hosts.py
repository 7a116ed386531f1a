"""Host names taken apart: the served base, and what stands before it."""

import pytest

from runtime.settings import Settings
from server.hosts import Host, Hosts

HOSTS = Hosts(Settings(served_hostnames=["aws.test", ".Dots.Test."], allowed_hosts=["ci", "*"]))


def parse(header: str) -> Host:
    return HOSTS.parse(header.encode("latin-1"))


@pytest.mark.parametrize(
    ("header", "base", "labels"),
    [
        ("localhost", "localhost", ()),
        ("localhost:4566", "localhost", ()),
        ("LOCALHOST", "localhost", ()),
        (" localhost ", "localhost", ()),
        ("photos.localhost:4566", "localhost", ("photos",)),
        ("photos.s3.localhost", "localhost", ("photos", "s3")),
        ("my.photos.s3.localhost", "localhost", ("my", "photos", "s3")),
        ("sqs.eu-west-1.amazonaws.com", "amazonaws.com", ("sqs", "eu-west-1")),
        ("sqs.eu-west-1.amazonaws.com.", "amazonaws.com", ("sqs", "eu-west-1")),
        ("s3.cn-north-1.amazonaws.com.cn", "amazonaws.com.cn", ("s3", "cn-north-1")),
        (
            "photos.s3.localhost.localstack.cloud:4566",
            "localhost.localstack.cloud",
            ("photos", "s3"),
        ),
        ("photos.aws.test", "aws.test", ("photos",)),
        ("photos.dots.test", "dots.test", ("photos",)),
        ("photos.ci:80", "ci", ("photos",)),
    ],
)
def test_what_is_ours(header: str, base: str, labels: tuple[str, ...]) -> None:
    host = parse(header)
    assert (host.base, host.labels) == (base, labels)
    assert host.name == ".".join((*labels, base))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("", ""),
        ("172.17.0.2:4566", "172.17.0.2"),
        ("[::1]:4566", "::1"),
        ("[::1]", "::1"),
        ("[::1", "::1"),
        ("fogbank", "fogbank"),
        ("photos.example.com", "photos.example.com"),
        ("notlocalhost", "notlocalhost"),
        ("amazonaws.com.example.com", "amazonaws.com.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("*", "*"),
        ("b\xfccher", "b\xfccher"),
    ],
)
def test_another_name_is_its_own_base(header: str, name: str) -> None:
    assert parse(header) == Host(name, name, ())


def test_the_longest_name_is_the_base() -> None:
    hosts = Hosts(Settings(hostname="eu.aws.test", served_hostnames=["aws.test"]))
    assert hosts.parse(b"photos.eu.aws.test").labels == ("photos",)
    assert hosts.parse(b"photos.us.aws.test").labels == ("photos", "us")


def test_a_name_of_any_length_is_read() -> None:
    assert len(parse("a." * 100_000 + "localhost").name) <= 255


def test_empty_labels_stay() -> None:
    assert parse("..localhost").labels == ("", "")
    assert parse(".localhost").labels == ("",)
