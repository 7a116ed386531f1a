"""Who calls."""

from runtime import principals


def test_the_root_of_an_account_is_its_account() -> None:
    root = principals.root("111122223333", "AKIA")
    assert root.arn == "arn:aws:iam::111122223333:root"
    assert (root.user_id, root.account, root.type) == ("111122223333", "111122223333", "root")
    assert root.access_key_id == "AKIA"
    assert principals.root("1", partition="aws-cn").arn == "arn:aws-cn:iam::1:root"


def test_a_service_bears_its_name() -> None:
    service = principals.service("s3.amazonaws.com", "111122223333")
    assert (service.arn, service.type) == ("s3.amazonaws.com", "service")


def test_nobody_is_anonymous() -> None:
    assert principals.anonymous("111122223333").type == "anonymous"


def test_an_account_has_one_canonical_id() -> None:
    first = principals.canonical_id("111122223333")
    assert len(first) == 64
    assert int(first, 16)
    assert first == principals.canonical_id("111122223333")
    assert first != principals.canonical_id("111122223334")
