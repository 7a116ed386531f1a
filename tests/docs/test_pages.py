"""What the pages say: links lead somewhere, calls and variables exist, no machine is named."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.blocks import ROOT, pages
from server import aliases
from server.control import ROUTES
from server.environment import HONOURED
from server.options import BY_NAME, BY_VARIABLE

PAGES = list(pages())
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    """The code blocks of a language, with the pages that they stand on."""
    for page in PAGES:
        for found, code in _FENCE.findall(page.read_text()):
            if found == language:
                yield page, code


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}"


def test_the_control_api_is_told_in_full() -> None:
    text = (ROOT / "docs" / "control-api.md").read_text()
    told = set(re.findall(r"`((?:GET|PUT|POST|DELETE) /[^` ]+)`", text))
    there = {
        f"{method} {path}"
        for routes in (ROUTES, aliases.ROUTES)
        for path, methods in routes.items()
        for method in methods
    }
    of_the_console = {call for call in there if call.startswith("GET /_fogbank/ui")}
    of_the_console.add("GET /_fogbank/")
    assert told - there == set()
    assert there - told - of_the_console == set()


def test_options_and_variables_exist() -> None:
    elsewhere = {"FOGBANK_COMPATIBILITY", "FOGBANK_CACHE", "FOGBANK_ENDPOINT"}
    for page in PAGES:
        text = page.read_text()
        for variable in re.findall(r"\bFOGBANK_[A-Z_]+\b", text):
            assert variable in BY_VARIABLE or variable in elsewhere, f"{page.name}: {variable}"
        for option in re.findall(r"fogbank serve[^`\n]* --([a-z-]+)", text):
            assert option.removeprefix("no-") in BY_NAME, f"{page.name}: --{option}"
    for variable in ("SERVICES", "PERSISTENCE", "GATEWAY_LISTEN", "DEBUG", "MINISTACK_HOST"):
        assert variable in HONOURED


def test_the_words_of_make_exist() -> None:
    words = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for page in PAGES:
        typed = "\n".join([*re.findall(r"`(make [^`]+)`", prose(page)), *_lines_typed(page)])
        for called in re.findall(r"^make ([a-z ]+)", typed, re.MULTILINE):
            assert set(called.split()) <= set(words), f"{page.name}: make {called}"


def _lines_typed(page: Path) -> Iterator[str]:
    for found, code in blocks("sh"):
        if found == page:
            yield from (line.partition("#")[0] for line in code.splitlines())


def test_compose_examples_have_a_server_that_is_waited_for() -> None:
    for page, code in blocks("yaml"):
        composed: dict[str, Any] = yaml.safe_load(code)
        services = composed["services"]
        variables = services["tests"]["environment"]
        assert variables["AWS_ENDPOINT_URL"] == "http://fogbank:4566", page.name
        assert services["tests"]["depends_on"]["fogbank"]["condition"] == "service_healthy"


def test_json_in_calls_is_json() -> None:
    for page, code in blocks("sh"):
        for text in re.findall(r"-d '([^']+)'", code):
            assert json.loads(text), page.name


def test_nothing_names_a_machine() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(?:[w]ork|[h]ome|[r]oot)/\w", page.read_text()), page.name


def test_the_readme_says_what_it_is_in_three_lines() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert lines[0] == "# fogbank"
    assert all(lines[2:5])
    assert lines[5] == ""
