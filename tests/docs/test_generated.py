"""The generated parts of the documentation are as the sources are."""

import importlib.metadata
import re

import pytest

from docs.blocks import ROOT, BlockError, filled, names, pages
from docs.contents import generators, missing_pages, page_of
from server.handlers import Registry

REMEDY = "run `make docs`, and read what changed"


def as_far_as_it_is_ours(text: str) -> str:
    """A page without what another botocore says differently: more operations, more members."""
    recorded = re.search(r"\(botocore (\S+)\)", (ROOT / "README.md").read_text())
    if recorded and recorded[1] == importlib.metadata.version("botocore"):
        return text
    text = re.sub(r" ?Accepted without effect: [^|]*?\. \|", " |", text)
    return re.sub(r"\d+ \|$|\(botocore \S+\)", "", text, flags=re.MULTILINE)


def test_every_block_is_up_to_date() -> None:
    found = generators()
    for page in pages():
        now, then = (
            as_far_as_it_is_ours(text)
            for text in (page.read_text(), filled(page.read_text(), found))
        )
        assert now == then, f"{page.name} is out of date: {REMEDY}"


def test_every_generator_is_used_once() -> None:
    used = [name for page in pages() for name in names(page.read_text())]
    assert sorted(used) == sorted(generators())


def test_every_service_has_its_page() -> None:
    assert missing_pages() == {}, REMEDY
    index = (ROOT / "docs" / "README.md").read_text()
    for service in Registry().names():
        assert f"(services/{service}.md)" in index


def test_a_new_service_gets_a_page() -> None:
    assert names(page_of("sqs")) == ["operations of sqs"]
    page = filled(page_of("sqs"), generators())
    assert "\n| `SendMessage` | real |  |\n" in page
    assert filled(page, generators()) == page


def test_a_block_that_nothing_generates_is_refused() -> None:
    with pytest.raises(BlockError, match="nonsense"):
        filled("<!-- generated: nonsense -->\n<!-- end -->", generators())


def test_what_is_partial_says_what_is_missing() -> None:
    for name, generate in generators().items():
        if name.startswith("operations"):
            for line in generate().splitlines():
                if "| partial |" in line:
                    assert re.search(r"\| partial \| [A-Z].*\. \|$", line), line
