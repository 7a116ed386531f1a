"""Documents of long-tail resources."""

import pytest

from protocols.errors import Error
from runtime.context import Context
from runtime.resources import Resource
from tests.runtime.surroundings import Surroundings, context

REPOSITORIES = Resource("ecr.repository", missing="NotThere", taken="ThereAlready")
GLOBAL = Resource("iam.group", missing="NoSuchEntity", taken="EntityAlreadyExists", everywhere=True)
INVALID = Error("InvalidToken")


def names(context: Context, prefix: str = "", limit: int = 100) -> list[list[str]]:
    """All pages."""
    pages: list[list[str]] = []
    token: str | None = None
    while True:
        page, token = REPOSITORIES.page(
            context, limit=limit, token=token, invalid_token=INVALID, prefix=prefix
        )
        pages.append([document["name"] for document in page])
        if token is None:
            return pages


def test_a_document_is_made_changed_and_deleted(context: Context) -> None:
    REPOSITORIES.create(context, "a", {"name": "a", "tags": []})
    assert REPOSITORIES.get(context, "a") == {"name": "a", "tags": []}
    changed = REPOSITORIES.update(context, "a", {"tags": [1], "scan": True})
    assert changed == {"name": "a", "tags": [1], "scan": True} == REPOSITORIES.find(context, "a")
    assert REPOSITORIES.delete(context, "a") == changed
    assert REPOSITORIES.find(context, "a") is None


def test_what_is_not_there_is_said_in_the_services_code(context: Context) -> None:
    for act in (REPOSITORIES.get, REPOSITORIES.delete):
        with pytest.raises(Error, match="NotThere: The repository 'a' does not exist"):
            act(context, "a")
    with pytest.raises(Error, match="NotThere"):
        REPOSITORIES.update(context, "a", {})
    with pytest.raises(Error, match="NotThere: Own words"):
        REPOSITORIES.get(context, "a", "Own words")


def test_a_name_is_taken_once(context: Context) -> None:
    REPOSITORIES.create(context, "a", {"name": "a"})
    with pytest.raises(Error, match="ThereAlready: The repository 'a' already exists"):
        REPOSITORIES.create(context, "a", {})
    with pytest.raises(Error, match="ThereAlready: Own words"):
        REPOSITORIES.create(context, "a", {}, "Own words")


def test_names_belong_to_an_account_and_a_region_unless_global(runtime: Surroundings) -> None:
    here, there = context(runtime), context(runtime, region="us-east-1")
    other = context(runtime, account="444455556666")
    for resource in (REPOSITORIES, GLOBAL):
        resource.create(here, "a", {"name": "a"})
        assert resource.find(other, "a") is None
    assert REPOSITORIES.find(there, "a") is None
    assert GLOBAL.find(there, "a") == {"name": "a"}


def test_pages_follow_the_names(context: Context) -> None:
    for name in ("b", "a", "ab", "c", "é", "a/b", "A"):
        REPOSITORIES.create(context, name, {"name": name})
    assert names(context) == [["A", "a", "a/b", "ab", "b", "c", "é"]]
    assert names(context, limit=3) == [["A", "a", "a/b"], ["ab", "b", "c"], ["é"]]
    assert names(context, limit=7) == [["A", "a", "a/b", "ab", "b", "c", "é"]]
    assert names(context, "a", limit=2) == [["a", "a/b"], ["ab"]]
    assert names(context, "z") == [[]]


def test_a_page_goes_on_after_a_name_that_is_gone(context: Context) -> None:
    for name in "abcd":
        REPOSITORIES.create(context, name, {"name": name})
    _, token = REPOSITORIES.page(context, limit=2, token=None, invalid_token=INVALID)
    REPOSITORIES.delete(context, "b")
    page, _ = REPOSITORIES.page(context, limit=2, token=token, invalid_token=INVALID)
    assert [document["name"] for document in page] == ["c", "d"]


def test_a_foreign_token_is_refused(context: Context) -> None:
    with pytest.raises(Error, match="InvalidToken"):
        REPOSITORIES.page(context, limit=2, token="any", invalid_token=INVALID)
