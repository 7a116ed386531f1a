"""Lists in pages of one, by botocore's paginators: everything once, and an end."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name

from fogbank.sessions import loader
from fogbank.testing import Aws
from server.handlers import Registry
from tests.conformance import fixtures

MOST_PAGES = 50
_REGISTRY = Registry()


def _paginated() -> Iterator[tuple[str, str]]:
    for name in _REGISTRY.names():
        found = _REGISTRY.find(name)
        assert found is not None
        try:
            model = loader().load_service_model(name, "paginators-1")
        except Exception:  # a service without lists
            continue
        for operation, described in model["pagination"].items():
            if operation in found.operations and "limit_key" in described:
                yield name, operation


@pytest.mark.parametrize(("service", "operation"), list(_paginated()))
def test_pages_of_one_add_up_to_the_whole(aws: Aws, service: str, operation: str) -> None:
    requests = fixtures.filled(service, aws)
    assert operation in requests, f"tests/conformance/{service}.py: fill() lacks {operation}"
    paginator = aws.client(service).get_paginator(xform_name(operation))
    keys = [str(key.expression) for key in paginator.result_keys]
    all_of_it = paginator.paginate(**requests[operation], PaginationConfig={"PageSize": 100})
    whole = _items(next(iter(all_of_it)), keys)
    assert len(whole) > 2
    pages = []
    for page in paginator.paginate(**requests[operation], PaginationConfig={"PageSize": 1}):
        pages.append(_items(page, keys))
        assert len(pages) <= MOST_PAGES, "this list has no end"
    assert all(len(page) <= 1 for page in pages)
    assert [item for page in pages for item in page] == whole
    assert len(pages) <= len(whole) + 1


def _items(page: dict[str, Any], keys: list[str]) -> list[Any]:
    return [item for key in keys for item in page.get(key, [])]
