"""The console: whole, by itself, and safe to show what strangers sent."""

import re

import pytest

from fogbank import Server
from server.control import console
from tests.server.control.calling import call

FILES = sorted(path.name for path in console.FOLDER.iterdir())
SCRIPTS = [name for name in FILES if name.endswith(".js")]


def test_the_page_is_served_with_all_its_files(server: Server) -> None:
    page = call(server, "GET", "/_fogbank/ui/")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.content == (console.FOLDER / "index.html").read_bytes()
    named = re.findall(r'(?:href|src)="([\w.]+)"', page.content.decode())
    for name in {*named, *FILES}:
        answer = call(server, "GET", f"/_fogbank/ui/{name}")
        assert answer.status == 200, name
        assert answer.headers["content-type"] == console.TYPES["." + name.rpartition(".")[2]]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_else_is_served(server: Server) -> None:
    for name in ("..%2Fguard.py", "%2e%2e%2fguard.py", "%2Fetc%2Fpasswd", "nope.js", "index", ".."):
        assert call(server, "GET", f"/_fogbank/ui/{name}").status == 404, name


def test_scripts_and_styles_come_from_here_alone(server: Server) -> None:
    policy = call(server, "GET", "/_fogbank/ui/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_another_site(name: str) -> None:
    text = (console.FOLDER / name).read_text()
    assert set(re.findall(r"https?://[\w./-]+", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_import_what_is_there_and_write_no_html(name: str) -> None:
    text = (console.FOLDER / name).read_text()
    for names, module in re.findall(r'import (?:\{([^}]+)\}|\* as \w+) from "\./([\w.]+)"', text):
        exported = (console.FOLDER / module).read_text()
        for imported in filter(None, map(str.strip, names.split(","))):
            assert re.search(rf"export (?:async )?(?:function|class|const) {imported}\b", exported)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)


def test_the_page_has_what_the_scripts_look_for() -> None:
    page = (console.FOLDER / "index.html").read_text()
    for name in SCRIPTS:
        for found in re.findall(r'getElementById\("(\w+)"\)', (console.FOLDER / name).read_text()):
            assert f'id="{found}"' in page
